//! What a platform that calls the host with each request takes as an answer at most.

/// An answer that the platform doesn't take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AnswerTooLarge {
    /// The answer's size in the platform's form, in bytes.
    pub(crate) bytes: u64,
    pub(crate) limit_bytes: u64,
    /// The platform's name.
    pub(crate) platform: &'static str,
}
