//! What the headers of one quota tell together.

use std::time::Duration;

use super::{HeaderFamily, HeaderText, known_window};
use crate::egress::governor::amount::QuotaAmount;
use crate::egress::governor::moment::{ApiClock, TimeFault};
use crate::egress::governor::quota_report::{QuotaFault, QuotaFaultKind, QuotaForm, QuotaReport};

impl HeaderFamily<'_> {
    /// The quota that the headers tell together, as far as they can be understood; `faults` gets what can't.
    pub(in crate::egress::governor) fn report(
        &self,
        clock: &ApiClock,
        policy_window: impl Fn(u64) -> Option<Duration>,
        faults: &mut Vec<QuotaFault>,
    ) -> Option<QuotaReport> {
        let mut amount = |told: Option<HeaderText<'_>>| {
            let told = told?;
            let read = QuotaAmount::of(told.text);
            if read.is_none() {
                faults.push(told.fault(QuotaFaultKind::Amount));
            }
            read
        };
        // A limit by itself may be in words that are none of ours.
        let is_alone = self.remaining.is_none() && self.used.is_none();
        let limit = match self.limit {
            Some(told) if is_alone && !told.holds_numbers() => QuotaAmount::of(told.text),
            told => amount(told),
        };
        let (remaining, used) = (amount(self.remaining), amount(self.used));
        let told_limit = limit.map(|limit| limit.first).or(self.calls);
        let (left, limit_told) = match (remaining, used, limit) {
            (Some(left), ..) => match left.second {
                // `remaining/limit` or `limit/remaining`.
                Some(other) => (left.first.min(other), Some(left.first.max(other))),
                None => (left.first, told_limit),
            },
            (None, Some(used), _) => match used.second.or(told_limit) {
                Some(limit) => (limit.saturating_sub(used.first), Some(limit)),
                None => {
                    faults.extend(self.used.map(|told| told.fault(QuotaFaultKind::NoLimit)));
                    return None;
                }
            },
            (None, None, Some(limit)) => match limit.second {
                // `limit/remaining`, whose first is never the smaller one, or `used/limit`.
                Some(other) if limit.first > other => (other, Some(limit.first)),
                Some(other) => (other.saturating_sub(limit.first), Some(other)),
                None => {
                    let rate = self.rate(limit);
                    let told = self
                        .limit
                        .filter(|told| rate.is_none() && told.has_more_numbers());
                    faults.extend(told.map(|told| told.fault(QuotaFaultKind::Form)));
                    return rate;
                }
            },
            (None, None, None) => return None,
        };
        let is_ratio = [remaining, used, limit]
            .iter()
            .flatten()
            .any(|amount| amount.second.is_some() && !amount.is_per_cent);
        let amounts = [limit, remaining, used];
        let period = amounts.iter().flatten().find_map(|amount| amount.period);
        let told_window = self.window.and_then(|(told, unit)| {
            clock
                .read(told.text, unit)
                .ok()
                .filter(|window| !window.is_zero())
        });
        let window = self
            .length
            .or(told_window)
            .or(period)
            .or_else(|| limit_told.and_then(&policy_window));
        let reset = self.reset(clock, window, faults).or_else(|| {
            let window = window.filter(|_| self.is_of_the_clock)?;
            Some(clock.until_the_next(window))
        });
        let refill = self.refill.and_then(|told| QuotaAmount::of(told.text));
        let form = match (reset, window) {
            (None, window) if refill.is_some_and(|refill| refill.first > 0) => {
                let calls = refill.map_or(1, |refill| refill.first.max(1));
                let period = window.unwrap_or(Duration::from_secs(1));
                let calls_of_a_bucket = u32::try_from(calls).unwrap_or(u32::MAX);
                if window.is_some() && limit_told.is_some_and(|limit| calls >= limit) {
                    // All of it comes back at once.
                    QuotaForm::Window
                } else {
                    QuotaForm::Bucket(period.checked_div(calls_of_a_bucket))
                }
            }
            (None, window) if is_ratio && !self.has_known_window() => {
                let calls = u32::try_from(limit_told.unwrap_or(1).max(1)).unwrap_or(u32::MAX);
                QuotaForm::Bucket(window.and_then(|window| window.checked_div(calls)))
            }
            (None, None) => {
                let told = self.remaining.or(self.used).or(self.limit);
                // A reset that can't be read has been noted itself.
                if self.reset.is_none() {
                    faults.extend(told.map(|told| told.fault(QuotaFaultKind::NoReset)));
                }
                return None;
            }
            _ => QuotaForm::Window,
        };
        let is_per_cent = [remaining, used]
            .iter()
            .flatten()
            .any(|amount| amount.is_per_cent);
        Some(QuotaReport {
            name: self.quota.clone().into(),
            limit: limit_told,
            remaining: left,
            reset,
            window,
            form,
            is_weighted: self.is_weighted || is_per_cent,
            is_of_some_calls: self.is_of_some_calls,
        })
    }

    /// A rate and nothing else: `x-amzn-ratelimit-limit: 0.5`, `x-ratelimit-limit: 10/s`.
    fn rate(&self, limit: QuotaAmount) -> Option<QuotaReport> {
        let told = self.limit?;
        let interval = if self.quota.starts_with("x-amzn-ratelimit") {
            let each: f64 = told.text.trim().parse().ok()?;
            Duration::try_from_secs_f64(1.0 / each).ok()?
        } else if told.text.contains(['/', 'p']) {
            let calls = u32::try_from(limit.first).ok().filter(|calls| *calls > 0)?;
            limit.period?.checked_div(calls)?
        } else {
            return None;
        };
        Some(QuotaReport {
            name: self.quota.clone().into(),
            limit: Some(1),
            remaining: 0,
            reset: None,
            window: None,
            form: QuotaForm::Rate(interval),
            is_weighted: false,
            is_of_some_calls: false,
        })
    }

    fn has_known_window(&self) -> bool {
        let told = self.used.or(self.remaining);
        told.is_some_and(|told| known_window(told.name).is_some())
    }

    fn reset(
        &self,
        clock: &ApiClock,
        window: Option<Duration>,
        faults: &mut Vec<QuotaFault>,
    ) -> Option<Duration> {
        let (told, unit) = self.reset?;
        let fault = match clock.read(told.text, unit) {
            // No quota is whole again later than it lasts; twice that is more than any clock is wrong.
            Ok(left) if window.is_some_and(|window| left > window.saturating_mul(2)) => {
                TimeFault::Implausible
            }
            Ok(left) => return Some(left),
            Err(fault) => fault,
        };
        // With a window that is known the reset isn't needed.
        if window.is_none() {
            faults.push(told.fault(QuotaFaultKind::Reset(fault)));
        }
        None
    }
}

impl HeaderText<'_> {
    /// Whether there is a number behind the first one that nothing says the meaning of: `100;99;54`.
    fn has_more_numbers(&self) -> bool {
        let mut parts = self.text.split(';').skip(1).map(str::trim);
        parts.any(|part| part.starts_with(|letter: char| letter.is_ascii_digit()))
    }

    /// Whether it looks like numbers with something between them that tells what they are.
    fn holds_numbers(&self) -> bool {
        let is_digit = |letter: char| letter.is_ascii_digit();
        self.text.contains(is_digit) && self.text.contains(['=', '/', ':', ';', '{'])
    }
}
