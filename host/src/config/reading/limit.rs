//! Limits on the size of a file and on the time to read it.

use std::time::Duration;

/// The longest that reading one file may take. The largest known component, 25 MiB, takes less from a disk of 3 MB/s.
pub const FILE_TIME: Duration = Duration::from_secs(10);

/// The most threads that may wait for files at once. A thread that waits forever takes address space and little memory.
pub(super) const MAX_THREADS: usize = 256;

/// The largest size of a file, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadLimit {
    pub(super) bytes: u64,
    /// The flag that sets the limit, or a description of a fixed limit.
    pub(super) set_by: &'static str,
}

impl ReadLimit {
    /// A configuration, `NAME.toml`: 1 MiB.
    pub const CONFIGURATION: Self = Self::new(1 << 20, "the limit for a configuration");
    /// A value of a configuration, such as `{ file = … }`: 1 MiB.
    pub const VALUE: Self = Self::new(1 << 20, "the limit for the file of a value");
    /// Certificates or a key in PEM: 4 MiB.
    pub const PEM: Self = Self::new(4 << 20, "the limit for a PEM file");
    /// A key of the host, such as `--api-key-file`: 64 KiB.
    pub const KEY: Self = Self::new(64 << 10, "the limit for a key file");

    /// A component, of at most this many bytes: `--max-component`.
    #[must_use]
    pub const fn component(bytes: u64) -> Self {
        Self::new(bytes, "--max-component")
    }

    const fn new(bytes: u64, set_by: &'static str) -> Self {
        Self { bytes, set_by }
    }
}
