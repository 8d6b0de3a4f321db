//! How many calls an API accepts at once, learned from its refusals if it states no limit.
//!
//! A refusal halves the number. Then it grows carefully, by one for each round of calls that succeeded, up to the
//! number that was refused; beyond that only after some time. If one more than a successful number is refused, the
//! successful number is kept.
//!
//! A refusal that says how long to wait may be for a quota that the API doesn't state. Then the calls come back as
//! one, two, four and so on, and only another refusal among them shows that there are too many at once.

use std::time::Duration;

use tokio::time::Instant;

/// How long the refused number is not tried again; doubled each time.
const FIRST_HOLD: Duration = Duration::from_secs(60);
const MOST_HOLD: Duration = Duration::from_secs(30 * 60);

/// From this number on, a limit has no effect.
const NO_LIMIT: u64 = 1024;

/// How many calls may be under way.
#[derive(Debug, Default)]
pub(super) struct CallsAtOnce {
    /// `None`: any number.
    most: Option<u64>,
    /// The number that was refused.
    refused: u64,
    /// A number with which a whole round succeeded since the last refusal.
    proven: Option<u64>,
    /// The number of the last call that had been made when the last refusal arrived.
    refused_at: u64,
    /// Successful calls in a row with as many at once as allowed.
    good: u64,
    hold: Duration,
    held_until: Option<Instant>,
    /// Whether the calls are coming back after the wait of a refusal.
    is_returning: bool,
}

impl CallsAtOnce {
    /// Whether one more call may be made in addition to this many.
    pub(super) fn allows(&self, in_flight: u64) -> bool {
        self.most.is_none_or(|most| in_flight < most)
    }

    /// Notes that a call was refused, as one of this many at once; `number` is its own, `last` that of the last call
    /// made. Returns how many may be made at once from now on if that has changed.
    pub(super) fn refuse(
        &mut self,
        at_once: u64,
        number: u64,
        last: u64,
        now: Instant,
    ) -> Option<u64> {
        // A single call was refused for another reason, and calls that were under way together count as one refusal.
        if at_once < 2 || number <= self.refused_at {
            return None;
        }
        self.refused_at = last;
        self.refused = at_once;
        self.good = 0;
        self.is_returning = false;
        self.hold = self.hold.saturating_mul(2).clamp(FIRST_HOLD, MOST_HOLD);
        self.held_until = now.checked_add(self.hold);
        let most = self.most.unwrap_or(at_once).min(at_once);
        let proven = self.proven.take();
        let one_less = proven.filter(|proven| proven.saturating_add(1) == at_once);
        self.most = Some(one_less.unwrap_or(most / 2).max(1));
        self.most
    }

    /// As [`Self::refuse`] for a refusal that says how long to wait. The first one may be for a quota that isn't
    /// stated; one among the calls that come back after it is for too many calls at once.
    pub(super) fn refuse_for_a_while(
        &mut self,
        at_once: u64,
        number: u64,
        last: u64,
        now: Instant,
    ) -> Option<u64> {
        if self.most.is_some() {
            if self.is_returning && number <= self.refused_at {
                self.refused = self.refused.max(at_once);
            }
            return self.refuse(at_once, number, last, now);
        }
        if at_once >= 2 && number > self.refused_at {
            self.refused_at = last;
            self.refused = at_once;
            self.good = 0;
            self.most = Some(1);
            self.is_returning = true;
        }
        None
    }

    /// Notes that a call succeeded, as one of this many at once. Returns how many may be made from now on if that has
    /// changed. A call made before the last refusal shows nothing.
    pub(super) fn succeed(&mut self, at_once: u64, number: u64, now: Instant) -> Option<u64> {
        let is_later = number > self.refused_at;
        let most = self.most.filter(|most| is_later && at_once >= *most)?;
        self.good = self.good.saturating_add(1);
        if self.good < most {
            return None;
        }
        self.good = 0;
        self.proven = Some(most);
        if self.is_returning {
            let next = most.saturating_mul(2);
            self.is_returning = next < self.refused;
            self.most = self.is_returning.then_some(next);
            return None;
        }
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
        assert_eq!(calls.refuse(1, 1, 1, now), None, "the call was alone");
        assert!(calls.allows(1000));
        assert_eq!(calls.refuse(9, 10, 20, now), Some(4));
        assert_eq!(
            calls.refuse(20, 20, 25, now),
            None,
            "the calls were made together"
        );
        assert!(calls.allows(3) && !calls.allows(4));
        let raise = |calls: &mut CallsAtOnce, at_once, now| {
            (0..at_once).find_map(|_| calls.succeed(at_once, u64::MAX, now))
        };
        for more in [5, 6, 7, 8] {
            assert_eq!(raise(&mut calls, more - 1, now), Some(more));
        }
        assert_eq!(raise(&mut calls, 8, now), None, "nine were refused");
        assert!(!calls.allows(8));
        assert_eq!(raise(&mut calls, 3, now), None, "there were fewer calls");
        let later = now + FIRST_HOLD;
        assert_eq!(raise(&mut calls, 8, later), Some(9));
        assert!(!calls.allows(9), "one more at a time");
        assert_eq!(
            calls.refuse(9, 30, 40, later),
            Some(8),
            "that many succeeded before"
        );
        assert_eq!(
            calls.refuse(8, 41, 50, later),
            Some(4),
            "they no longer succeed"
        );
        let later = later + FIRST_HOLD * 2;
        for more in [5, 6, 7] {
            assert_eq!(raise(&mut calls, more - 1, later), Some(more));
        }
        assert_eq!(raise(&mut calls, 7, later), None, "held longer each time");
    }

    #[test]
    fn calls_come_back_step_by_step_after_the_wait_of_a_refusal() {
        let now = Instant::now();
        let mut calls = CallsAtOnce::default();
        assert_eq!(calls.refuse_for_a_while(1, 1, 1, now), None);
        assert!(calls.allows(1000), "the call was alone");
        assert_eq!(calls.refuse_for_a_while(20, 30, 40, now), None);
        for most in [1, 2, 4, 8, 16] {
            assert!(calls.allows(most - 1) && !calls.allows(most), "{most}");
            for _ in 0..most {
                assert_eq!(calls.succeed(most, u64::MAX, now), None);
            }
        }
        assert!(calls.allows(1000), "it was for a quota");
        calls.refuse_for_a_while(20, 50, 60, now);
        for most in [1, 2, 2] {
            calls.succeed(most, u64::MAX, now);
        }
        assert_eq!(calls.refuse_for_a_while(4, 64, 67, now), Some(2));
        assert_eq!(calls.succeed(2, u64::MAX, now), None);
        assert_eq!(
            calls.succeed(2, u64::MAX, now),
            Some(3),
            "one more at a time"
        );
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
