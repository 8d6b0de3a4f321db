//! What a process takes of its machine.

/// What this process takes of its machine; `None` for whatever the system doesn't report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct ProcessUsage {
    /// The memory that it holds, in bytes.
    pub(crate) resident_bytes: Option<u64>,
    /// The address space that it has reserved, in bytes.
    pub(crate) address_bytes: Option<u64>,
    pub(crate) threads: Option<u64>,
    /// The number of its open files.
    pub(crate) open_files: Option<u64>,
}
