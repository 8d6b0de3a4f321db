//! Lines in a connector's log.

/// A line that the connector wrote to its log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogLine {
    /// The level, such as `INFO`.
    pub(crate) level: String,
    pub(crate) text: String,
}
