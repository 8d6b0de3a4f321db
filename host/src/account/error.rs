//! What a refusal says.

/// Which limit refused memory. Its text names the setting that sets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MemoryError {
    /// That of the call, in bytes.
    #[error("the connector needs more memory than the {0} bytes of `limits.memory`")]
    Connector(u64),
    /// That of all calls together, in bytes.
    #[error(
        "the host has no more memory for its connectors: all calls together would have more than the {0} bytes of \
         --total-memory"
    )]
    Total(u64),
}
