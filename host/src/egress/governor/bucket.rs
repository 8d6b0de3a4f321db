//! A quota that is refilled call by call, according to its API's responses: `39/40`.
//!
//! Responses say how full the bucket is. The speed of refilling is configured, stated by the API, or learned: two
//! responses and the calls between them show how much must have been refilled at least.

use std::borrow::Cow;
use std::time::Duration;

use tokio::time::Instant;

use super::arrival::{Arrival, CallCount};
use super::quota_report::QuotaReport;
use super::rate::Pace;

/// The assumed time in which a whole bucket refills, until more is known.
const REFILL: Duration = Duration::from_secs(60);

/// Nothing is learned from two responses that are closer together than this: numbers are rounded, and calls overtake
/// each other.
const LEAST_SPAN: Duration = Duration::from_millis(100);
const MOST_SPAN: Duration = Duration::from_secs(60);

/// The limits of the time in which one call is refilled.
const LEAST_EACH: Duration = Duration::from_millis(1);
const MOST_EACH: Duration = Duration::from_secs(60 * 60);

/// What is known of one such quota.
#[derive(Debug)]
pub(super) struct Bucket {
    pub(super) name: Cow<'static, str>,
    limit: u64,
    /// At `heard`; calls made since then are not subtracted.
    remaining: u64,
    heard: Instant,
    /// The number of the last call that had been made when this value was received.
    known_at: u64,
    /// The time in which one call is refilled.
    each: Duration,
    /// Whether that time is configured or stated by the API, so that it need not be learned.
    is_given: bool,
    /// Whether that time is more than a guess.
    is_known: bool,
    /// The mark from which the refilling is measured.
    base: BucketMark,
}

/// How full the bucket was, and how many calls were counted since.
#[derive(Debug, Clone, Copy)]
struct BucketMark {
    used: u64,
    /// When the call of that response was made, and when the response arrived.
    made: Instant,
    heard: Instant,
    calls: u64,
}

impl Bucket {
    pub(super) fn new(quota: QuotaReport, each: Option<Duration>, arrival: &Arrival) -> Self {
        let limit = quota.limit.unwrap_or(quota.remaining).max(1);
        let parts = u32::try_from(limit).unwrap_or(u32::MAX);
        let guess = REFILL.checked_div(parts).unwrap_or(REFILL);
        Self {
            limit,
            remaining: quota.remaining,
            heard: arrival.now,
            known_at: arrival.last,
            each: each.unwrap_or(guess).clamp(LEAST_EACH, MOST_EACH),
            is_given: each.is_some(),
            is_known: each.is_some(),
            base: BucketMark::of(&quota, arrival),
            name: quota.name,
        }
    }

    /// Learns from a response.
    pub(super) fn learn(&mut self, quota: &QuotaReport, each: Option<Duration>, arrival: &Arrival) {
        self.limit = quota.limit.unwrap_or(self.limit).max(1);
        if let Some(each) = each {
            self.each = each.clamp(LEAST_EACH, MOST_EACH);
            self.is_given = true;
            self.is_known = true;
        } else {
            self.learn_speed(quota, arrival);
        }
        let is_newer = arrival.number > self.known_at;
        // Calls overtake each other: of two responses, the one with the lower remainder is the later one.
        if is_newer || quota.remaining < self.remaining_at(arrival.now) {
            self.remaining = quota.remaining;
            self.heard = arrival.now;
            self.known_at = if is_newer {
                arrival.last
            } else {
                self.known_at
            };
        }
    }

    fn learn_speed(&mut self, quota: &QuotaReport, arrival: &Arrival) {
        if arrival.made <= self.base.heard {
            return;
        }
        self.base.calls = self.base.calls.saturating_add(1);
        let span = arrival.now.saturating_duration_since(self.base.made);
        if span < LEAST_SPAN {
            return;
        }
        let mark = BucketMark::of(quota, arrival);
        let most = self.base.used.saturating_add(self.base.calls);
        // Both numbers are rounded, and some of these calls may have been counted after this one.
        let back = most
            .saturating_sub(mark.used)
            .saturating_sub(arrival.overtaken_by)
            .saturating_sub(1);
        if let Ok(back @ 1..) = u32::try_from(back)
            && let Some(each) = span.checked_div(back)
        {
            self.each = self.each.min(each).max(LEAST_EACH);
            self.is_known = true;
        }
        if span >= MOST_SPAN {
            self.base = mark;
        }
    }

    /// Subtracts a call whose response said nothing.
    pub(super) fn spend(&mut self) {
        self.remaining = self.remaining.saturating_sub(1);
    }

    /// Notes that a call was refused: less is refilled than was learned.
    pub(super) fn slow_down(&mut self, now: Instant) {
        if !self.is_given {
            self.each = self.each.saturating_mul(2).min(MOST_EACH);
            self.base.made = now;
            self.base.heard = now;
            self.base.calls = 0;
            self.base.used = self.limit;
        }
    }

    fn remaining_at(&self, now: Instant) -> u64 {
        let since = now.saturating_duration_since(self.heard).as_nanos();
        let back = since.checked_div(self.each.as_nanos()).unwrap_or_default();
        let back = u64::try_from(back).unwrap_or(u64::MAX);
        self.remaining.saturating_add(back).min(self.limit)
    }

    /// When the next call is due, or the call after `others` more; `None` for now.
    pub(super) fn due(&self, calls: &CallCount, pace: &Pace, others: u32) -> Option<Instant> {
        let held = pace.reserve.min(self.limit.saturating_sub(1));
        let needed = calls
            .in_flight
            .saturating_add(held)
            // The next response may show that more was refilled than assumed.
            .saturating_add(if self.is_known { others.into() } else { 0 })
            .saturating_add(1);
        let missing = needed.saturating_sub(self.remaining);
        if missing == 0 {
            return None;
        }
        let missing = u32::try_from(missing).unwrap_or(u32::MAX);
        self.heard.checked_add(self.each.saturating_mul(missing))
    }

    /// When it is full again, at the latest.
    pub(super) fn end(&self) -> Instant {
        let missing = u32::try_from(self.limit.saturating_sub(self.remaining)).unwrap_or(u32::MAX);
        let end = self.heard.checked_add(self.each.saturating_mul(missing));
        end.unwrap_or(self.heard)
    }
}

impl BucketMark {
    fn of(quota: &QuotaReport, arrival: &Arrival) -> Self {
        let limit = quota.limit.unwrap_or(quota.remaining);
        Self {
            used: limit.saturating_sub(quota.remaining),
            made: arrival.made,
            heard: arrival.now,
            calls: 0,
        }
    }
}
