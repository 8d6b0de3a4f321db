//! When calls were made, as far back as a quota's window: for quotas whose reset the API doesn't tell.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// In so many parts a window is kept, each with the time of its last call at the latest.
const PARTS: u32 = 128;

/// The beginnings of the parts of a window in which calls were made.
#[derive(Debug, Default)]
pub(super) struct CallTimes(VecDeque<Instant>);

impl CallTimes {
    /// Notes a call that was answered now, and answers when the first of the last window's calls no longer counts: in
    /// whichever way the API counts, one more may be made then.
    pub(super) fn reset(&mut self, now: Instant, window: Duration) -> Instant {
        let part = window / PARTS;
        let end = |begun: Instant| {
            let length = window.saturating_add(part);
            begun.checked_add(length).unwrap_or(begun)
        };
        while self.0.front().is_some_and(|begun| end(*begun) <= now) {
            self.0.pop_front();
        }
        let is_in_last = |begun: &Instant| now.saturating_duration_since(*begun) < part;
        if !self.0.back().is_some_and(is_in_last) {
            self.0.push_back(now);
        }
        self.0.front().map_or(now, |begun| end(*begun))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reset_is_a_window_after_the_first_call_that_counts() {
        let (mut log, now) = (CallTimes::default(), Instant::now());
        let (second, window) = (Duration::from_secs(1), Duration::from_secs(128));
        assert_eq!(log.reset(now, window), now + second * 129);
        for later in [second / 2, second * 60, second * 128] {
            assert_eq!(log.reset(now + later, window), now + second * 129);
        }
        let next = log.reset(now + second * 129, window);
        assert_eq!(next, now + second * (60 + 129));
        for number in 0..100_000 {
            log.reset(now + second / 100 * number, window);
        }
        assert!(log.0.len() <= 131, "{}", log.0.len());
    }
}
