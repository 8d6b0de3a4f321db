//! How many events are permitted at once, and how often further ones.
//!
//! Instead of a count and the time of its last change, one number is kept: until when the permitted events are used up,
//! if nothing further happens (the “generic cell rate algorithm”). It needs no upkeep: once that time has passed, it
//! means the same as no events at all.

use std::time::Duration;

/// This many events at once, and one more in every interval.
#[derive(Debug, Clone, Copy)]
pub(super) struct AttemptPace {
    interval_millis: u64,
    most_millis: u64,
}

impl AttemptPace {
    /// At most `at_once` events, and one more in each `interval`, which has whole seconds.
    pub(super) const fn new(at_once: u64, interval: Duration) -> Self {
        let interval_millis = interval.as_secs() * 1_000;
        Self {
            interval_millis,
            most_millis: interval_millis * at_once,
        }
    }

    /// An event at `now`, if the earlier ones are used up at `until`. Returns when they are used up with this event; both
    /// in milliseconds.
    ///
    /// # Errors
    ///
    /// How long it takes until the event would be permitted.
    pub(super) fn attempt(self, until: u64, now: Duration) -> Result<u64, Duration> {
        let next = self.after(until, now);
        let latest = millis(now).saturating_add(self.most_millis);
        match next.saturating_sub(latest) {
            0 => Ok(next),
            wait => Err(Duration::from_millis(wait)),
        }
    }

    /// The same for an event that happens in any case: begins to count at `now`.
    pub(super) fn after(self, until: u64, now: Duration) -> u64 {
        until.max(millis(now)).saturating_add(self.interval_millis)
    }

    /// When an event at `now` would be used up if it were the only one, in milliseconds.
    pub(super) fn alone(self, now: Duration) -> u64 {
        self.after(0, now)
    }
}

/// The time in milliseconds.
pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
