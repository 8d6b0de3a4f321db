//! The error of a refused charge.

use crate::report::size_text;

/// The limit that refused memory. The message names its setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MemoryError {
    /// The limit of the call, in bytes.
    #[error("the connector needs more memory than the {} that `limits.memory` allows: return fewer rows per page, or raise it", size_text(*.0))]
    Connector(u64),
    /// The limit of all calls together, in bytes.
    #[error(
        "the host is out of memory for its connectors: all calls together would need more than the {} of --total-memory",
        size_text(*.0)
    )]
    Total(u64),
}
