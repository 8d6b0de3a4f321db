//! One quota of an API as its responses tell it, and when the next call of it is due.
//!
//! Nothing is assumed of how the API counts: in windows that begin with a call or with the clock's hour, in ones that
//! slide, in buckets that fill again. What holds for all of them is that responses say what remained when they were
//! made, that a reset which lies later was told later, and that after a reset one call tells how it goes on.

use std::borrow::Cow;
use std::time::Duration;

use tokio::time::Instant;

use super::arrival::{Arrival, CallCount};
use super::call_times::CallTimes;
use super::late_rests::LateRests;
use super::quota_report::QuotaReport;
use super::rate::Pace;
use super::reset::{MOST_RESET, Reset};
use super::weight::CallWeight;

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
    /// When a response last told of it, and for how long that holds a call at the most.
    heard: Instant,
    longest: Duration,
    /// What one call takes, where the quota counts something else than calls.
    weight: CallWeight,
    /// The calls of the last window, where the API doesn't tell the reset.
    log: CallTimes,
    is_reset_told: bool,
    /// What responses told lately that may have been made after one which is still to come.
    rests: LateRests,
}

impl Window {
    pub(super) fn new(quota: QuotaReport, cost: Option<u64>, arrival: &Arrival) -> Self {
        let mut log = CallTimes::default();
        let reset = Reset::of(&quota, &mut log, arrival);
        let mut weight = CallWeight::new(quota.is_weighted);
        weight.tell(cost);
        let delta = reset.latest.saturating_duration_since(arrival.now);
        Self {
            limit: limit(&quota),
            name: quota.name,
            remaining: quota.remaining,
            reset,
            length: quota.window.unwrap_or(delta).max(delta).min(MOST_RESET),
            told_at: arrival.last,
            over_at: None,
            heard: arrival.now,
            longest: arrival.longest,
            weight,
            log,
            is_reset_told: quota.reset.is_some(),
            rests: LateRests::default(),
        }
    }

    /// Learns what a response says. `cost` is what its call took, where that is told.
    pub(super) fn learn(&mut self, quota: &QuotaReport, cost: Option<u64>, arrival: &Arrival) {
        self.heard = self.heard.max(arrival.now);
        self.longest = arrival.longest;
        self.is_reset_told = quota.reset.is_some();
        if quota.reset.is_none() && arrival.number > self.told_at && self.is_renewed(quota) {
            self.log = CallTimes::default();
            self.rests = LateRests::default();
        }
        self.weight
            .learn(self.remaining, quota.remaining, self.limit, cost);
        let told = Reset::of(quota, &mut self.log, arrival);
        let rest = self.rest(quota, &told, arrival);
        let is_later = told.is_later_than(&self.reset);
        let is_earlier = self.reset.is_later_than(&told);
        let is_newer = match self.over_at {
            // What was under way at the reset may speak of the window before.
            Some(over_at) => arrival.number > over_at || is_later,
            None => arrival.number > self.told_at || is_later,
        };
        // A reset that nobody told can't show that a response is newer.
        let is_newer = is_newer && (quota.reset.is_some() || arrival.number > self.told_at);
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
        let is_over = self.over_at.take().is_some();
        if !is_over && !is_later && !is_earlier && quota.remaining < self.remaining {
            self.reset.narrow(&told);
            self.remaining = quota.remaining;
            self.told_at = arrival.last;
            return;
        }
        let delta = told.latest.saturating_duration_since(arrival.now);
        let length = quota.window.unwrap_or(delta).max(delta);
        self.length = self.length.max(length).min(MOST_RESET);
        self.limit = match quota.limit {
            Some(_) => limit(quota),
            None => self.limit.max(quota.remaining),
        };
        self.remaining = if is_over { quota.remaining } else { rest };
        self.reset = told;
        self.told_at = arrival.last;
    }

    /// What remains once this response came: those that came while it was under way may have been made after it.
    fn rest(&mut self, quota: &QuotaReport, told: &Reset, arrival: &Arrival) -> u64 {
        let is_reset_told = quota.reset.is_some();
        let later = self.rests.least_since(arrival.made, |reset: &Reset| {
            // Of a window before this one.
            is_reset_told && told.is_later_than(reset)
        });
        self.rests.note(arrival.now, quota.remaining, *told);
        let most_overtaken = self.weight.of(arrival.overtaken_by);
        later
            .unwrap_or(quota.remaining)
            .max(quota.remaining.saturating_sub(most_overtaken))
            .min(quota.remaining)
    }

    /// Whether so much has come back at once that a new window has begun.
    fn is_renewed(&self, quota: &QuotaReport) -> bool {
        quota.remaining.saturating_sub(self.remaining) > self.limit / 2
    }

    /// Takes off a call whose response told nothing.
    pub(super) fn spend(&mut self) {
        self.remaining = self.remaining.saturating_sub(self.weight.of(1));
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

    /// When a call may be made after the reset, or because nothing has been heard of the quota for so long.
    pub(super) fn end(&self, slack: Duration) -> Instant {
        self.within_longest(self.renewal(slack), self.heard)
    }

    /// When a call may be made after the reset.
    fn renewal(&self, slack: Duration) -> Instant {
        let margin = self
            .length
            .checked_div(MARGIN)
            .unwrap_or_default()
            .min(MOST_MARGIN)
            .max(slack);
        let reset = self.reset.latest;
        let renewal = reset.checked_add(margin).unwrap_or(reset);
        if self.is_reset_told {
            return renewal;
        }
        // It may be a bucket: then one more call is free so long after the last one.
        let calls = self.limit.checked_div(self.weight.of(1)).unwrap_or(1);
        let calls = u32::try_from(calls.max(1)).unwrap_or(u32::MAX);
        let each = self.length.checked_div(calls).unwrap_or_default();
        self.heard
            .checked_add(each)
            .map_or(renewal, |free| renewal.max(free))
    }

    /// No later than the longest wait after this time.
    fn within_longest(&self, due: Instant, since: Instant) -> Instant {
        match since.checked_add(self.longest) {
            Some(latest) => due.min(latest),
            None => due,
        }
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
        let before = calls.in_flight.saturating_add(others.into());
        let after = u128::from(self.remaining.saturating_sub(self.weight.of(before)));
        if after.saturating_mul(100) >= threshold {
            return None;
        }
        // Those that are left and the first one after the reset lie evenly between the last call and the reset.
        let last = calls.last?;
        let parts = u32::try_from(usable.saturating_add(1)).unwrap_or(u32::MAX);
        let renewal = self.renewal(calls.slack);
        let gap = renewal.saturating_duration_since(last).checked_div(parts)?;
        let due = last.checked_add(gap.saturating_mul(others.saturating_add(1)))?;
        Some(self.within_longest(due, last.max(self.heard)))
    }

    /// How many calls may be made as far as is known.
    fn usable(&self, calls: &CallCount, pace: &Pace) -> u64 {
        if calls.in_flight > 0 && !self.weight.is_known() {
            // One goes first, and tells.
            return 0;
        }
        let kept = calls.in_flight.saturating_add(pace.reserve);
        self.weight
            .calls(self.remaining.saturating_sub(self.weight.of(kept)))
    }

    /// When a call is due that so many others precede after the reset, at the earliest.
    fn after_the_reset(&self, end: Instant, others: u64, pace: &Pace) -> Instant {
        let whole = self.limit.saturating_sub(self.weight.of(pace.reserve));
        let each = self.weight.calls(whole).max(1);
        let windows =
            u32::try_from(others.checked_div(each).unwrap_or_default()).unwrap_or(u32::MAX);
        let length = self.length.min(self.longest);
        end.checked_add(length.saturating_mul(windows))
            .unwrap_or(end)
    }
}

/// Where the API doesn't tell the limit, it is what remained at first. A limit below what remains is none.
fn limit(quota: &QuotaReport) -> u64 {
    quota.limit.unwrap_or(0).max(quota.remaining)
}
