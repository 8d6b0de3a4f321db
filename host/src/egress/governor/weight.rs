//! The cost of calls in a quota that counts something other than calls, such as points or percent.

/// The cost of one call, on average and at most.
#[derive(Debug)]
pub(super) struct CallWeight {
    is_weighted: bool,
    /// The cost of `calls` calls together.
    taken: u64,
    calls: u64,
    /// The highest cost that was stated lately.
    heaviest: u64,
    /// Whether the cost of any call is known.
    is_known: bool,
}

/// Beyond this many calls, older ones count half.
const MEMORY: u64 = 256;

impl CallWeight {
    /// Each call costs one until more is known, and always if the quota counts calls.
    pub(super) fn new(is_weighted: bool) -> Self {
        Self {
            is_weighted,
            taken: 1,
            calls: 1,
            heaviest: 0,
            is_known: !is_weighted,
        }
    }

    /// Whether the cost of a call is known, so that several may be made at once.
    pub(super) fn is_known(&self) -> bool {
        self.is_known
    }

    /// Learns the cost of calls from one response: the quota's remainder fell from `before` to `now`, or the response
    /// stated its own cost. Calls overtake each other, so the fall may include several calls, whose own responses
    /// then show none.
    pub(super) fn learn(&mut self, before: u64, now: u64, limit: u64, cost: Option<u64>) {
        if !self.is_weighted {
            return;
        }
        let is_renewed = now.saturating_sub(before) > limit / 4;
        if cost.is_some() {
            self.note(cost);
        } else if !is_renewed {
            self.add(before.saturating_sub(now), 1);
        }
    }

    /// Notes the cost that a response stated for its call.
    pub(super) fn note(&mut self, cost: Option<u64>) {
        if let Some(cost) = cost.filter(|_| self.is_weighted) {
            self.add(cost, 1);
            self.heaviest = self.heaviest.max(cost);
        }
    }

    fn add(&mut self, taken: u64, calls: u64) {
        if !self.is_known {
            self.is_known = true;
            (self.taken, self.calls) = (0, 0);
        }
        self.taken = self.taken.saturating_add(taken);
        self.calls = self.calls.saturating_add(calls);
        if self.calls > MEMORY {
            self.taken = (self.taken / 2).max(1);
            self.calls /= 2;
            // A high cost of the past need not apply any more.
            self.heaviest =
                (self.heaviest.saturating_mul(3) / 4).max(self.taken.div_ceil(self.calls.max(1)));
        }
    }

    /// The cost of this many calls.
    pub(super) fn of(&self, calls: u64) -> u64 {
        if !self.is_weighted {
            return calls;
        }
        let taken = u128::from(calls).saturating_mul(self.taken.max(1).into());
        let taken = taken.div_ceil(u128::from(self.calls.max(1)));
        u64::try_from(taken).unwrap_or(u64::MAX)
    }

    /// How many calls this much is enough for. It is enough for one only if the most expensive call so far would fit.
    pub(super) fn calls(&self, units: u64) -> u64 {
        if !self.is_weighted {
            return units;
        }
        let Some(more) = units.checked_sub(self.heaviest.max(self.of(1))) else {
            return 0;
        };
        let calls = u128::from(more).saturating_mul(self.calls.into());
        let calls = calls
            .checked_div(self.taken.max(1).into())
            .unwrap_or(u128::MAX);
        u64::try_from(calls).unwrap_or(u64::MAX).saturating_add(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_weigh_their_stated_cost() {
        let mut weight = CallWeight::new(true);
        assert_eq!((weight.of(3), weight.calls(3)), (3, 3));
        for number in 2..200 {
            weight.learn(
                10_000 - (number - 1) * 10,
                10_000 - number * 10,
                number,
                None,
            );
        }
        assert_eq!(weight.of(10), 100);
        assert_eq!(weight.calls(100), 10);
        assert_eq!(weight.calls(9), 0, "the next one may cost ten");
        let mut weight = CallWeight::new(true);
        weight.learn(100, 50, 100, Some(50));
        assert_eq!(weight.calls(49), 0);
        let mut parts = CallWeight::new(true);
        for number in 2..200 {
            parts.learn(100 - (number - 1) / 10, 100 - number / 10, 100, None);
        }
        assert!((400..=530).contains(&parts.calls(50)), "{parts:?}");
    }

    #[test]
    fn calls_of_a_quota_of_calls_are_one_each() {
        let mut weight = CallWeight::new(false);
        weight.learn(100, 10, 100, Some(5));
        assert_eq!((weight.of(7), weight.calls(7)), (7, 7));
    }
}
