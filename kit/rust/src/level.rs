//! The level of a log line.

/// The level of a log line.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Level {
    /// Details for finding a bug.
    Debug,
    /// The normal course of events.
    Info,
    /// A problem that an operator can fix.
    Warn,
    /// A failure.
    Error,
}
