//! What a quota must know of all calls, and of the response that tells it.

use std::time::Duration;

use tokio::time::Instant;

/// What a window must know of all calls.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct CallCount {
    /// Made, and not answered yet.
    pub(super) in_flight: u64,
    /// When the last one was made.
    pub(super) last: Option<Instant>,
    /// How long after a reset the API was seen not to have passed it.
    pub(super) slack: Duration,
}

/// When, and after which call, a response came.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arrival {
    pub(super) now: Instant,
    /// The number of its call, and when that was made.
    pub(super) number: u64,
    pub(super) made: Instant,
    /// The number of the last call made.
    pub(super) last: u64,
    /// Calls that may have been answered before it though the API counted them after it.
    pub(super) overtaken_by: u64,
    /// What is told holds no call for longer.
    pub(super) longest: Duration,
}

impl Arrival {
    /// Whether the response was made before its call: it comes from a cache, and tells nothing new.
    pub(super) fn is_cached(&self) -> bool {
        self.number == 0
    }
}
