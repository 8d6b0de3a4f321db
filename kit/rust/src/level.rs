//! How much a line of the log matters.

/// How much a line of the log matters.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Level {
    /// For who looks for a mistake.
    Debug,
    /// For who wants to follow.
    Info,
    /// Something that an operator can mend.
    Warn,
    /// Something is broken.
    Error,
}
