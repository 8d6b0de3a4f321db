//! What a connector writes to its log.

/// A line that the connector wrote to its log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogLine {
    /// Such as `INFO`.
    pub(crate) level: String,
    pub(crate) text: String,
}
