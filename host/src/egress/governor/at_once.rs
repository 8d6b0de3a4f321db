//! How many calls an API takes at once, learned from its refusals where it tells nothing else.
//!
//! Fewer at once after a refusal, then carefully more: half, then one more for each round of calls that went well, up to
//! what was refused; past that only after a time.

use std::time::Duration;

use tokio::time::Instant;

/// For how long it isn't tried again to have as many calls at once as were refused; doubled each time.
const FIRST_HOLD: Duration = Duration::from_secs(60);
const MOST_HOLD: Duration = Duration::from_secs(30 * 60);

/// With so many at once there is no limit that matters.
const NO_LIMIT: u64 = 1024;

/// How many calls may be under way.
#[derive(Debug, Default)]
pub(super) struct CallsAtOnce {
    /// None: as many as there are.
    most: Option<u64>,
    /// So many were refused.
    refused: u64,
    /// Calls up to this number had been made when the last refusal came.
    refused_at: u64,
    /// Calls in a row that went well with as many at once as may be.
    good: u64,
    hold: Duration,
    held_until: Option<Instant>,
}

impl CallsAtOnce {
    /// Whether one more may be made beside so many.
    pub(super) fn allows(&self, in_flight: u64) -> bool {
        self.most.is_none_or(|most| in_flight < most)
    }

    /// A call was refused that was one of so many at once; `number` is its own, `last` that of the last call made. Says
    /// how many may be made at once from now on if that is news.
    pub(super) fn refuse(
        &mut self,
        at_once: u64,
        number: u64,
        last: u64,
        now: Instant,
    ) -> Option<u64> {
        // One by itself was refused for something else; and those that were under way together are one refusal.
        if at_once < 2 || number <= self.refused_at {
            return None;
        }
        self.refused_at = last;
        self.refused = at_once;
        self.good = 0;
        self.hold = self.hold.saturating_mul(2).clamp(FIRST_HOLD, MOST_HOLD);
        self.held_until = now.checked_add(self.hold);
        let most = self.most.unwrap_or(at_once).min(at_once);
        self.most = Some((most / 2).max(1));
        self.most
    }

    /// A call went well that was one of so many at once. Says how many may be from now on if that is news.
    pub(super) fn succeed(&mut self, at_once: u64, now: Instant) -> Option<u64> {
        let most = self.most.filter(|most| at_once >= *most)?;
        self.good = self.good.saturating_add(1);
        if self.good < most {
            return None;
        }
        self.good = 0;
        let next = most.saturating_add(1);
        if next >= self.refused {
            if self.held_until.is_some_and(|until| now < until) {
                return None;
            }
            self.held_until = now.checked_add(self.hold);
            self.refused = next.saturating_add(1);
        }
        self.most = (next < NO_LIMIT).then_some(next);
        Some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_after_a_refusal_then_carefully_more() {
        let now = Instant::now();
        let mut calls = CallsAtOnce::default();
        assert!(calls.allows(1000));
        assert_eq!(calls.refuse(1, 1, 1, now), None, "it was alone");
        assert!(calls.allows(1000));
        assert_eq!(calls.refuse(9, 10, 20, now), Some(4));
        assert_eq!(calls.refuse(20, 20, 25, now), None, "they were together");
        assert!(calls.allows(3) && !calls.allows(4));
        let raise = |calls: &mut CallsAtOnce, at_once, now| {
            (0..at_once).find_map(|_| calls.succeed(at_once, now))
        };
        for more in [5, 6, 7, 8] {
            assert_eq!(raise(&mut calls, more - 1, now), Some(more));
        }
        assert_eq!(raise(&mut calls, 8, now), None, "nine were refused");
        assert!(!calls.allows(8));
        assert_eq!(raise(&mut calls, 3, now), None, "there weren't as many");
        let later = now + FIRST_HOLD;
        assert_eq!(raise(&mut calls, 8, later), Some(9));
        assert_eq!(raise(&mut calls, 9, later), None, "one more at a time");
        assert_eq!(calls.refuse(9, 30, 40, later), Some(4));
        let later = later + FIRST_HOLD;
        for more in [5, 6, 7, 8] {
            assert_eq!(raise(&mut calls, more - 1, later), Some(more));
        }
        assert_eq!(raise(&mut calls, 8, later), None, "held twice as long");
    }

    #[test]
    fn one_call_may_always_be_made() {
        let now = Instant::now();
        let mut calls = CallsAtOnce::default();
        for number in 1..100 {
            calls.refuse(2, number, number, now);
            assert!(calls.allows(0));
        }
        assert!(!calls.allows(1));
    }
}
