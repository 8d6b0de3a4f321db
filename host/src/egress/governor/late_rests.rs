//! Stated remainders of a quota, for responses that arrive later although they are older.

use std::collections::VecDeque;

use tokio::time::Instant;

use super::reset::Reset;

/// Beyond this number, the newest two become one.
const MOST: usize = 32;

/// The remainders that were stated lately, from lowest to highest: a later and lower one replaces those before it.
#[derive(Debug, Default)]
pub(super) struct LateRests(VecDeque<StatedRest>);

#[derive(Debug, Clone, Copy)]
struct StatedRest {
    heard: Instant,
    remaining: u64,
    reset: Reset,
}

impl LateRests {
    pub(super) fn note(&mut self, heard: Instant, remaining: u64, reset: Reset) {
        while self
            .0
            .back()
            .is_some_and(|stated| stated.remaining >= remaining)
        {
            self.0.pop_back();
        }
        let is_full = self.0.len() >= MOST;
        match self.0.back_mut() {
            Some(last) if is_full => last.heard = heard,
            _ => self.0.push_back(StatedRest {
                heard,
                remaining,
                reset,
            }),
        }
    }

    /// The lowest remainder stated since then, without those whose reset `is_passed_over`; `None` if there is none.
    pub(super) fn least_since(
        &self,
        since: Instant,
        is_passed_over: impl Fn(&Reset) -> bool,
    ) -> Option<u64> {
        let mut rests = self.0.iter();
        rests
            .find(|stated| stated.heard >= since && !is_passed_over(&stated.reset))
            .map(|stated| stated.remaining)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn reset(now: Instant) -> Reset {
        Reset::at(now)
    }

    #[test]
    fn lowest_remainder_since_a_time_is_found() {
        let (mut rests, now) = (LateRests::default(), Instant::now());
        let second = Duration::from_secs(1);
        for (number, remaining) in [7, 3, 5, 4, 9].into_iter().enumerate() {
            let heard = now + second * u32::try_from(number).unwrap();
            rests.note(heard, remaining, reset(now));
        }
        let least = |seconds| rests.least_since(now + second * seconds, |_| false);
        assert_eq!(least(0), Some(3));
        assert_eq!(least(2), Some(4));
        assert_eq!(least(4), Some(9));
        assert_eq!(least(5), None);
        assert_eq!(rests.least_since(now, |_| true), None);
    }

    #[test]
    fn remainders_are_bounded_and_never_overestimated() {
        let (mut rests, now) = (LateRests::default(), Instant::now());
        for number in 0..1000 {
            rests.note(now + Duration::from_millis(number), number, reset(now));
        }
        assert_eq!(rests.0.len(), MOST);
        let last = now + Duration::from_millis(999);
        assert!(
            rests
                .least_since(last, |_| false)
                .is_some_and(|rest| rest < 999)
        );
    }
}
