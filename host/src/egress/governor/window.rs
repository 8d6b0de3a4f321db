//! One quota as an API's responses describe it, and when its next call is due.
//!
//! Nothing is assumed about how the API counts: in windows that begin with a call or with the clock's hour, in
//! sliding windows, or in buckets that refill. In all of these, responses say what remained when they were made, a
//! later reset was stated later, and after a reset one call shows how things continue.

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

/// The fraction of a window by which the wait for the reset is extended: clocks differ, and a call that is too early
/// is refused.
const MARGIN: u32 = 200;
const MOST_MARGIN: Duration = Duration::from_secs(1);

/// What is known of one quota.
#[derive(Debug)]
pub(super) struct Window {
    pub(super) name: Cow<'static, str>,
    limit: u64,
    /// As the newest response stated it; calls made since then are not subtracted.
    remaining: u64,
    reset: Reset,
    /// The least length.
    length: Duration,
    /// The number of the last call that had been made when this was stated.
    stated_at: u64,
    /// The number of the last call that had been made when the reset passed; `None` before that.
    over_at: Option<u64>,
    /// When a response last described it.
    heard: Instant,
    /// The longest time that it holds a call after that.
    longest: Duration,
    /// The cost of one call, if the quota counts something other than calls.
    weight: CallWeight,
    /// The calls of the last window, if the API doesn't state the reset.
    log: CallTimes,
    is_reset_stated: bool,
    /// Recent statements of responses that may be newer than one that is still to come.
    rests: LateRests,
}

impl Window {
    pub(super) fn new(quota: QuotaReport, cost: Option<u64>, arrival: &Arrival) -> Self {
        let mut log = CallTimes::default();
        let reset = Reset::of(&quota, &mut log, arrival);
        let mut weight = CallWeight::new(quota.is_weighted);
        weight.note(cost);
        let delta = reset.latest.saturating_duration_since(arrival.now);
        Self {
            limit: limit(&quota),
            name: quota.name,
            remaining: quota.remaining,
            reset,
            length: quota.window.unwrap_or(delta).max(delta).min(MOST_RESET),
            stated_at: arrival.last,
            over_at: None,
            heard: arrival.now,
            longest: arrival.longest,
            weight,
            log,
            is_reset_stated: quota.reset.is_some(),
            rests: LateRests::default(),
        }
    }

    /// Learns from a response. `cost` is the cost of its call, if it is stated.
    pub(super) fn learn(&mut self, quota: &QuotaReport, cost: Option<u64>, arrival: &Arrival) {
        self.heard = self.heard.max(arrival.now);
        self.longest = arrival.longest;
        self.is_reset_stated = quota.reset.is_some();
        if quota.reset.is_none() && arrival.number > self.stated_at && self.is_renewed(quota) {
            self.log = CallTimes::default();
            self.rests = LateRests::default();
        }
        self.weight
            .learn(self.remaining, quota.remaining, self.limit, cost);
        let stated = Reset::of(quota, &mut self.log, arrival);
        let rest = self.rest(quota, &stated, arrival);
        let is_later = stated.is_later_than(&self.reset);
        let is_earlier = self.reset.is_later_than(&stated);
        let is_newer = match self.over_at {
            // A call that was under way at the reset may describe the window before.
            Some(over_at) => arrival.number > over_at || is_later,
            None => arrival.number > self.stated_at || is_later,
        };
        // An estimated reset can't show that a response is newer.
        let is_newer = is_newer && (quota.reset.is_some() || arrival.number > self.stated_at);
        if !is_newer {
            if self.over_at.is_none() && !is_earlier {
                // Calls overtake each other: of two responses, the one with the lower remainder is the later one.
                // Calls that are under way by now may have been counted before it.
                if quota.remaining < self.remaining {
                    self.remaining = quota.remaining;
                    self.stated_at = arrival.last;
                }
                self.reset.narrow(&stated);
            }
            return;
        }
        let is_over = self.over_at.take().is_some();
        if !is_over && !is_later && !is_earlier && quota.remaining < self.remaining {
            self.reset.narrow(&stated);
            self.remaining = quota.remaining;
            self.stated_at = arrival.last;
            return;
        }
        let delta = stated.latest.saturating_duration_since(arrival.now);
        let length = quota.window.unwrap_or(delta).max(delta);
        self.length = self.length.max(length).min(MOST_RESET);
        self.limit = match quota.limit {
            Some(_) => limit(quota),
            None => self.limit.max(quota.remaining),
        };
        self.remaining = if is_over { quota.remaining } else { rest };
        self.reset = stated;
        self.stated_at = arrival.last;
    }

    /// The remainder after this response: responses that arrived while its call was under way may be newer.
    fn rest(&mut self, quota: &QuotaReport, stated: &Reset, arrival: &Arrival) -> u64 {
        let is_reset_stated = quota.reset.is_some();
        let later = self.rests.least_since(arrival.made, |reset: &Reset| {
            // It describes a window before this one.
            is_reset_stated && stated.is_later_than(reset)
        });
        self.rests.note(arrival.now, quota.remaining, *stated);
        let most_overtaken = self.weight.of(arrival.overtaken_by);
        later
            .unwrap_or(quota.remaining)
            .max(quota.remaining.saturating_sub(most_overtaken))
            .min(quota.remaining)
    }

    /// Whether so much was refilled at once that a new window has begun.
    fn is_renewed(&self, quota: &QuotaReport) -> bool {
        quota.remaining.saturating_sub(self.remaining) > self.limit / 2
    }

    /// Subtracts a call whose response said nothing.
    pub(super) fn spend(&mut self) {
        self.remaining = self.remaining.saturating_sub(self.weight.of(1));
    }

    /// Whether the reset has passed by now, so that earlier knowledge no longer applies; `last` is the number of the
    /// last call made. If so, returns the remainder, once.
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

    /// Whether this is in the past, and the response to the call `number` brought nothing new.
    pub(super) fn is_gone(&self, number: u64) -> bool {
        self.over_at.is_some_and(|over_at| number > over_at)
    }

    pub(super) fn is_over(&self) -> bool {
        self.over_at.is_some()
    }

    /// When a call may be made after the reset, or because no response has described the quota for so long.
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
        if self.is_reset_stated {
            return renewal;
        }
        // It may be a bucket: then one more call is free this long after the last one.
        let calls = self.limit.checked_div(self.weight.of(1)).unwrap_or(1);
        let calls = u32::try_from(calls.max(1)).unwrap_or(u32::MAX);
        let each = self.length.checked_div(calls).unwrap_or_default();
        self.heard
            .checked_add(each)
            .map_or(renewal, |free| renewal.max(free))
    }

    /// At most the longest wait after this time.
    fn within_longest(&self, due: Instant, since: Instant) -> Instant {
        match since.checked_add(self.longest) {
            Some(latest) => due.min(latest),
            None => due,
        }
    }

    /// When the next call is due, or the call after `others` more. For calls after the reset that can't be known, and
    /// it is later. `None` for now.
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
        // The remaining calls and the first one after the reset are spread evenly between the last call and the
        // reset.
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
            // One is sent first, and shows the state.
            return 0;
        }
        let kept = calls.in_flight.saturating_add(pace.reserve);
        self.weight
            .calls(self.remaining.saturating_sub(self.weight.of(kept)))
    }

    /// The earliest time at which a call with this many calls ahead of it is due after the reset.
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

/// If the API doesn't state the limit, the first remainder is used. A limit below the remainder is ignored.
fn limit(quota: &QuotaReport) -> u64 {
    quota.limit.unwrap_or(0).max(quota.remaining)
}
