//! One quota of an API as its responses tell it, and when the next call of it is due.
//!
//! Nothing is assumed of how the API counts: in windows that begin with a call or with the clock's hour, in ones that
//! slide, in buckets that fill again. What holds for all of them is that responses say what remained when they were
//! made, that a reset which lies later was told later, and that after a reset one call tells how it goes on.

use std::borrow::Cow;
use std::time::Duration;

use tokio::time::Instant;

use super::observed::QuotaReport;
use super::rate::Pace;

/// Resets are told in whole seconds, rounded up, or sometimes down.
const ROUNDING: Duration = Duration::from_secs(1);

/// A reset that isn't in the future is as good as none. So long it counts as one.
const NO_RESET: Duration = Duration::from_secs(1);

/// The part of a window for which the reset is waited out: clocks differ, and a call that comes too early is refused.
const MARGIN: u32 = 200;
const MOST_MARGIN: Duration = Duration::from_secs(1);

/// What is known of one quota.
#[derive(Debug)]
pub(super) struct Window {
    pub(super) name: Cow<'static, str>,
    limit: u64,
    /// As the newest response told it; calls that were made since are not taken off.
    remaining: u64,
    reset: Reset,
    /// At the least.
    length: Duration,
    /// The number of the last call that had been made when this was told.
    told_at: u64,
    /// The number of the last call that had been made when the reset passed; none before.
    over_at: Option<u64>,
}

impl Window {
    pub(super) fn new(quota: QuotaReport, arrival: &Arrival) -> Self {
        let reset = Reset::of(&quota, arrival);
        let delta = reset.latest.saturating_duration_since(arrival.now);
        Self {
            limit: limit(&quota),
            name: quota.name,
            remaining: quota.remaining,
            reset,
            length: quota
                .window
                .unwrap_or(delta)
                .max(delta)
                .min(arrival.longest),
            told_at: arrival.last,
            over_at: None,
        }
    }

    /// Learns what a response says.
    pub(super) fn learn(&mut self, quota: QuotaReport, arrival: &Arrival) {
        let told = Reset::of(&quota, arrival);
        let is_later = told.is_later_than(&self.reset);
        let is_earlier = self.reset.is_later_than(&told);
        let is_newer = match self.over_at {
            // What was under way at the reset may speak of the window before.
            Some(over_at) => arrival.number > over_at || is_later,
            None => arrival.number > self.told_at || is_later,
        };
        if !is_newer {
            if self.over_at.is_none() && !is_earlier {
                // Calls overtake each other: of two responses, the one that leaves less was made later. What was under
                // way by now may have been counted before it.
                if quota.remaining < self.remaining {
                    self.remaining = quota.remaining;
                    self.told_at = arrival.last;
                }
                self.reset.narrow(&told);
            }
            return;
        }
        let is_over = self.over_at.is_some();
        if !is_over && !is_later && !is_earlier && quota.remaining < self.remaining {
            self.reset.narrow(&told);
            self.remaining = quota.remaining;
            self.told_at = arrival.last;
            return;
        }
        let (length, limit) = (self.length.min(arrival.longest), self.limit);
        let tells_limit = quota.limit.is_some();
        *self = Self::new(quota, arrival);
        self.length = self.length.max(length);
        if !tells_limit {
            self.limit = self.limit.max(limit);
        }
    }

    /// Takes off a call whose response told nothing.
    pub(super) fn spend(&mut self) {
        self.remaining = self.remaining.saturating_sub(1);
    }

    /// Whether the reset has passed by now and nothing is left of what was known before; `last` is the number of the
    /// last call made. Then answers, once, what remained.
    pub(super) fn pass(
        &mut self,
        calls: &CallCount,
        pace: &Pace,
        now: Instant,
        last: u64,
    ) -> Option<u64> {
        if self.is_over() || now < self.end(calls.slack) || self.usable(calls, pace) > 0 {
            return None;
        }
        self.over_at = Some(last);
        Some(self.remaining)
    }

    /// Whether this is of the past, and the response to the call `number` told nothing new.
    pub(super) fn is_gone(&self, number: u64) -> bool {
        self.over_at.is_some_and(|over_at| number > over_at)
    }

    pub(super) fn is_over(&self) -> bool {
        self.over_at.is_some()
    }

    /// When a call may be made after the reset.
    pub(super) fn end(&self, slack: Duration) -> Instant {
        let margin = self
            .length
            .checked_div(MARGIN)
            .unwrap_or_default()
            .min(MOST_MARGIN)
            .max(slack);
        let reset = self.reset.latest;
        reset.checked_add(margin).unwrap_or(reset)
    }

    /// When the next call is due, or the one after so many others, which can't be known of any that comes after the
    /// reset; then it is later. None for now.
    pub(super) fn due(&self, calls: &CallCount, pace: &Pace, others: u32) -> Option<Instant> {
        if self.is_over() {
            return None;
        }
        let end = self.end(calls.slack);
        let usable = self.usable(calls, pace);
        if usable <= u64::from(others) {
            let later = u64::from(others).saturating_sub(usable);
            return Some(self.after_the_reset(end, later, pace));
        }
        let threshold = u128::from(self.limit).saturating_mul(pace.pace_below.into());
        let unspent = self.remaining.saturating_sub(calls.in_flight);
        let after = u128::from(unspent.saturating_sub(u64::from(others)));
        if after.saturating_mul(100) >= threshold {
            return None;
        }
        // Those that are left and the first one after the reset lie evenly between the last call and the reset.
        let last = calls.last?;
        let parts = u32::try_from(usable.saturating_add(1)).unwrap_or(u32::MAX);
        let gap = end.saturating_duration_since(last).checked_div(parts)?;
        last.checked_add(gap.saturating_mul(others.saturating_add(1)))
    }

    /// How many calls may be made as far as is known.
    fn usable(&self, calls: &CallCount, pace: &Pace) -> u64 {
        self.remaining
            .saturating_sub(calls.in_flight)
            .saturating_sub(pace.reserve)
    }

    /// When a call is due that so many others precede after the reset, at the earliest.
    fn after_the_reset(&self, end: Instant, others: u64, pace: &Pace) -> Instant {
        let each = self.limit.saturating_sub(pace.reserve).max(1);
        let windows =
            u32::try_from(others.checked_div(each).unwrap_or_default()).unwrap_or(u32::MAX);
        end.checked_add(self.length.saturating_mul(windows))
            .unwrap_or(end)
    }
}

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
    /// No reset counts for longer.
    pub(super) longest: Duration,
}

/// Between which times a quota's reset lies: the response was made some time after the call, and its words are rounded.
#[derive(Debug, Clone, Copy)]
struct Reset {
    earliest: Instant,
    latest: Instant,
}

impl Reset {
    fn of(quota: &QuotaReport, arrival: &Arrival) -> Self {
        let told = if quota.reset.is_zero() {
            NO_RESET
        } else {
            quota.reset
        };
        let told = told.min(arrival.longest);
        let early = told.saturating_sub(ROUNDING);
        Self {
            earliest: arrival.made.checked_add(early).unwrap_or(arrival.made),
            latest: arrival.now.checked_add(told).unwrap_or(arrival.now),
        }
    }

    /// Whether this can't be the same time as the other.
    fn is_later_than(&self, other: &Self) -> bool {
        self.earliest > other.latest
    }

    /// The reset is the one that another response told too.
    fn narrow(&mut self, other: &Self) {
        self.earliest = self.earliest.max(other.earliest);
        self.latest = self.latest.min(other.latest);
    }
}

/// Where the API doesn't tell the limit, it is what remained at first. A limit below what remains is none.
fn limit(quota: &QuotaReport) -> u64 {
    quota.limit.unwrap_or(0).max(quota.remaining)
}
