//! The operator's ceilings: upper bounds of what connectors may configure.

use std::time::Duration;

/// The default of the largest request body: 8 MiB. A body is little more than a state.
pub(super) const MAX_BODY_BYTES: u64 = 8 << 20;

/// Upper bounds for every connector's [`Limits`](super::Limits), from the operator's flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ceilings {
    /// `--max-memory`, in bytes: the sandbox pool reserves this much for every slot. Default 256 MiB.
    pub memory_bytes: u64,
    /// `--max-cpu-time`. Default 10 min.
    pub cpu_time: Duration,
    /// `--max-page-timeout`: the longest that one call may hold a slot. Default 24 h.
    pub page_timeout: Duration,
    /// `--max-concurrency`, at least 1. Default: the largest `u32`, so only the number of slots limits it.
    pub concurrency: u32,
    /// `--max-component`: the largest component, in bytes. Default 256 MiB.
    pub component_bytes: u64,
    /// The largest state that fits into `--max-body`, in bytes: a larger one could not be sent back. Default 8128 KiB.
    pub state_bytes: u64,
}

/// Room in a request's body for everything but the state: the table's name, the mark of a wait, white space.
const ENVELOPE_BYTES: u64 = 64 << 10;

impl Ceilings {
    /// No ceilings, where those of the server are unknown.
    pub const UNLIMITED: Self = Self {
        memory_bytes: u64::MAX,
        cpu_time: Duration::MAX,
        page_timeout: Duration::MAX,
        concurrency: u32::MAX,
        component_bytes: u64::MAX,
        state_bytes: u64::MAX,
    };

    /// The largest state that fits into a request body of `max_body_bytes`.
    pub fn state_in(max_body_bytes: u64) -> u64 {
        max_body_bytes - ENVELOPE_BYTES.min(max_body_bytes / 2)
    }
}

impl Default for Ceilings {
    fn default() -> Self {
        Self {
            memory_bytes: 256 << 20,
            cpu_time: Duration::from_secs(10 * 60),
            page_timeout: Duration::from_secs(24 * 60 * 60),
            concurrency: u32::MAX,
            // Ten times the largest known component, a Python connector with its libraries.
            component_bytes: 256 << 20,
            state_bytes: Self::state_in(MAX_BODY_BYTES),
        }
    }
}
