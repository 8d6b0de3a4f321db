//! The operator's ceilings: the most that any connector may ask for.

use std::time::Duration;

/// The largest request body by default: 8 MiB. A body is little more than a state.
pub(super) const MAX_BODY_BYTES: u64 = 8 << 20;

/// The most that a connector's [`Limits`](super::Limits) may be: the operator's flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ceilings {
    /// `--max-memory`, in bytes: the sandbox's pool reserves it for every slot. Default 256 MiB.
    pub memory_bytes: u64,
    /// `--max-cpu-time`. Default 10 min.
    pub cpu_time: Duration,
    /// `--max-page-timeout`: the longest that one call may hold a slot. Default 24 h.
    pub page_timeout: Duration,
    /// `--max-concurrency`, more than 0. Default: as many as there are slots, so the largest number.
    pub concurrency: u32,
    /// `--max-component`: the largest component, in bytes. Default 256 MiB.
    pub component_bytes: u64,
    /// What `--max-body` leaves for a state, in bytes: a larger one could never come back. Default 8128 KiB.
    pub state_bytes: u64,
}

/// What stands around a state in a request's body: the table's name, the mark of a wait, white space.
const ENVELOPE_BYTES: u64 = 64 << 10;

impl Ceilings {
    /// The largest state that a request's body of at most `max_body_bytes` can hold.
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
            // The largest known component, a Python connector with its libraries, has a tenth of it.
            component_bytes: 256 << 20,
            state_bytes: Self::state_in(MAX_BODY_BYTES),
        }
    }
}
