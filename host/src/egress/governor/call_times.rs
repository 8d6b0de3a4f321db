//! When calls were made, within the window of a quota: for quotas whose reset the API doesn't state.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// A window is kept in this many parts, each with the times of its first and its last call.
const PARTS: u32 = 512;

/// The calls of the last window.
#[derive(Debug, Default)]
pub(super) struct CallTimes(VecDeque<CallSpan>);

/// Calls whose answers are so close to each other that they count as one time.
#[derive(Debug, Clone, Copy)]
struct CallSpan {
    first: Instant,
    last: Instant,
}

impl CallTimes {
    /// Notes a call that was answered now. Returns when the first of the last window's calls no longer counts:
    /// whichever way the API counts, one more call may be made then.
    pub(super) fn reset(&mut self, now: Instant, window: Duration) -> Instant {
        let part = window / PARTS;
        let end = |begun: Instant| begun.checked_add(window).unwrap_or(begun);
        while self.0.front().is_some_and(|span| end(span.last) <= now) {
            self.0.pop_front();
        }
        match self.0.back_mut() {
            Some(span) if now.saturating_duration_since(span.first) < part => {
                span.last = now;
            }
            _ => self.0.push_back(CallSpan {
                first: now,
                last: now,
            }),
        }
        self.next_end(now, window).unwrap_or_else(|| end(now))
    }

    /// When the next call no longer counts; `None` if no known call counts.
    fn next_end(&self, now: Instant, window: Duration) -> Option<Instant> {
        let span = self.0.front()?;
        // The calls of a span between its first and its last one count until then, at the latest.
        let first = span.first.checked_add(window)?;
        if first > now {
            Some(first)
        } else {
            span.last.checked_add(window)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reset_is_a_window_after_the_first_call_that_counts() {
        let (mut log, now) = (CallTimes::default(), Instant::now());
        let (second, window) = (Duration::from_secs(1), Duration::from_secs(512));
        assert_eq!(log.reset(now, window), now + window);
        for later in [second / 2, second * 60, second * 511] {
            assert_eq!(log.reset(now + later, window), now + window);
        }
        // The first two count as one time, and the second one still counts.
        let at = now + window + second / 4;
        assert_eq!(log.reset(at, window), now + second / 2 + window);
        let at = now + window + second / 2;
        assert_eq!(log.reset(at, window), now + second * 60 + window);
    }

    #[test]
    fn calls_are_kept_within_bounds() {
        let (mut log, now) = (CallTimes::default(), Instant::now());
        let (second, window) = (Duration::from_secs(1), Duration::from_secs(512));
        for number in 0..1_000_000 {
            log.reset(now + second / 1000 * number, window);
        }
        assert!(log.0.len() <= 514, "{}", log.0.len());
    }
}
