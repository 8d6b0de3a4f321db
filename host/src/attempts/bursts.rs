//! When the log mentions what clients without permission do: once for each burst, and so often at most.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::pace::AttemptPace;
use super::sketch::AttemptSketch;

/// A burst has ended once nothing of it has happened for this long.
const QUIET: AttemptPace = AttemptPace::new(1, Duration::from_secs(10 * 60));

/// How often the log mentions a burst, of all clients together.
const WARNINGS: AttemptPace = AttemptPace::new(30, Duration::from_secs(10));

/// The bursts of all clients. What is held for them has a fixed size.
pub(super) struct BurstLog {
    bursts: AttemptSketch,
    warnings: AtomicU64,
    /// Bursts that the log has not mentioned.
    untold: AtomicU64,
}

impl BurstLog {
    /// There was no burst yet.
    pub(super) fn new() -> Self {
        Self {
            bursts: AttemptSketch::new(),
            warnings: AtomicU64::new(0),
            untold: AtomicU64::new(0),
        }
    }

    /// An event of the burst with this hash happens at `now`, since counting began. Returns whether the log should mention
    /// it; `None` if it has done so already, or mentions others. Contains the number of bursts that have begun since the
    /// last mention, and were not mentioned.
    pub(super) fn note(&self, burst: u64, now: Duration) -> Option<u64> {
        if !self.bursts.extend(burst, QUIET, now) {
            return None;
        }
        match WARNINGS.attempt(self.warnings.load(Ordering::Relaxed), now) {
            Ok(until) => {
                self.warnings.fetch_max(until, Ordering::Relaxed);
                Some(self.untold.swap(0, Ordering::Relaxed))
            }
            Err(_) => {
                self.untold.fetch_add(1, Ordering::Relaxed);
                None
            }
        }
    }
}
