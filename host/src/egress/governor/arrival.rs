//! What a quota must know about all calls, and about a response that describes it.

use std::time::Duration;

use tokio::time::Instant;

/// What a window must know about all calls.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct CallCount {
    /// Calls that were made and not answered yet.
    pub(super) in_flight: u64,
    /// When the last call was made.
    pub(super) last: Option<Instant>,
    /// How long after a reset the API was seen not to have reset yet.
    pub(super) slack: Duration,
}

/// When, and after which call, a response arrived.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arrival {
    pub(super) now: Instant,
    /// The number of its call, and when that was made.
    pub(super) number: u64,
    pub(super) made: Instant,
    /// The number of the last call made.
    pub(super) last: u64,
    /// Calls that may have been answered before it although the API counted them after it.
    pub(super) overtaken_by: u64,
    /// The longest time for which the response may hold a call.
    pub(super) longest: Duration,
}

impl Arrival {
    /// Whether the response is older than its call: then it comes from a cache, and shows nothing new.
    pub(super) fn is_cached(&self) -> bool {
        self.number == 0
    }
}
