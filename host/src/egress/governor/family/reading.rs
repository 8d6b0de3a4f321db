//! The combined meaning of the headers of one quota.

use std::time::Duration;

use super::{HeaderFamily, HeaderText, known_window};
use crate::egress::governor::amount::QuotaAmount;
use crate::egress::governor::moment::{ApiClock, TimeFault};
use crate::egress::governor::quota_report::{QuotaFault, QuotaFaultKind, QuotaForm, QuotaReport};

impl HeaderFamily<'_> {
    /// The quota that the headers describe together, as far as they can be understood; `faults` receives the rest.
    pub(in crate::egress::governor) fn report(
        &self,
        clock: &ApiClock,
        policy_window: impl Fn(u64) -> Option<Duration>,
        faults: &mut Vec<QuotaFault>,
    ) -> Option<QuotaReport> {
        let mut amount = |stated: Option<HeaderText<'_>>| {
            let stated = stated?;
            let read = QuotaAmount::of(stated.text);
            if read.is_none() {
                faults.push(stated.fault(QuotaFaultKind::Amount));
            }
            read
        };
        // A limit alone may be in words that the host doesn't know.
        let is_alone = self.remaining.is_none() && self.used.is_none();
        let limit = match self.limit {
            Some(stated) if is_alone && !stated.holds_numbers() => QuotaAmount::of(stated.text),
            stated => amount(stated),
        };
        let (remaining, used) = (amount(self.remaining), amount(self.used));
        let stated_limit = limit.map(|limit| limit.first).or(self.calls);
        let (left, limit_stated) = match (remaining, used, limit) {
            (Some(left), ..) => match left.second {
                // `remaining/limit` or `limit/remaining`.
                Some(other) => (left.first.min(other), Some(left.first.max(other))),
                None => (left.first, stated_limit),
            },
            (None, Some(used), _) => match used.second.or(stated_limit) {
                Some(limit) => (limit.saturating_sub(used.first), Some(limit)),
                None => {
                    faults.extend(
                        self.used
                            .map(|stated| stated.fault(QuotaFaultKind::NoLimit)),
                    );
                    return None;
                }
            },
            (None, None, Some(limit)) => match limit.second {
                // `limit/remaining`, whose first number is never the smaller one, or `used/limit`.
                Some(other) if limit.first > other => (other, Some(limit.first)),
                Some(other) => (other.saturating_sub(limit.first), Some(other)),
                None => {
                    let rate = self.rate(limit);
                    let stated = self
                        .limit
                        .filter(|stated| rate.is_none() && stated.has_more_numbers());
                    faults.extend(stated.map(|stated| stated.fault(QuotaFaultKind::Form)));
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
        let stated_window = self.window.and_then(|(stated, unit)| {
            clock
                .read(stated.text, unit)
                .ok()
                .filter(|window| !window.is_zero())
        });
        let window = self
            .length
            .or(stated_window)
            .or(period)
            .or_else(|| limit_stated.and_then(&policy_window));
        let reset = self.reset(clock, window, faults).or_else(|| {
            let window = window.filter(|_| self.is_of_the_clock)?;
            Some(clock.until_the_next(window))
        });
        let refill = self.refill.and_then(|stated| QuotaAmount::of(stated.text));
        let form = match (reset, window) {
            (None, window) if refill.is_some_and(|refill| refill.first > 0) => {
                let calls = refill.map_or(1, |refill| refill.first.max(1));
                let period = window.unwrap_or(Duration::from_secs(1));
                let calls_of_a_bucket = u32::try_from(calls).unwrap_or(u32::MAX);
                if window.is_some() && limit_stated.is_some_and(|limit| calls >= limit) {
                    // All of it is refilled at once.
                    QuotaForm::Window
                } else {
                    QuotaForm::Bucket(period.checked_div(calls_of_a_bucket))
                }
            }
            (None, window) if is_ratio && !self.has_known_window() => {
                let calls = u32::try_from(limit_stated.unwrap_or(1).max(1)).unwrap_or(u32::MAX);
                QuotaForm::Bucket(window.and_then(|window| window.checked_div(calls)))
            }
            (None, None) => {
                let stated = self.remaining.or(self.used).or(self.limit);
                // A reset that can't be read has already been noted.
                if self.reset.is_none() {
                    faults.extend(stated.map(|stated| stated.fault(QuotaFaultKind::NoReset)));
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
            limit: limit_stated,
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
        let stated = self.limit?;
        let interval = if self.quota.starts_with("x-amzn-ratelimit") {
            let each: f64 = stated.text.trim().parse().ok()?;
            Duration::try_from_secs_f64(1.0 / each).ok()?
        } else if stated.text.contains(['/', 'p']) {
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
        let stated = self.used.or(self.remaining);
        stated.is_some_and(|stated| known_window(stated.name).is_some())
    }

    fn reset(
        &self,
        clock: &ApiClock,
        window: Option<Duration>,
        faults: &mut Vec<QuotaFault>,
    ) -> Option<Duration> {
        let (stated, unit) = self.reset?;
        let fault = match clock.read(stated.text, unit) {
            // A quota resets no later than it lasts; twice that is more than any clock error.
            Ok(left) if window.is_some_and(|window| left > window.saturating_mul(2)) => {
                TimeFault::Implausible
            }
            Ok(left) => return Some(left),
            Err(fault) => fault,
        };
        // With a known window, the reset isn't needed.
        if window.is_none() {
            faults.push(stated.fault(QuotaFaultKind::Reset(fault)));
        }
        None
    }
}

impl HeaderText<'_> {
    /// Whether there are numbers after the first one that nothing explains: `100;99;54`.
    fn has_more_numbers(&self) -> bool {
        let mut parts = self.text.split(';').skip(1).map(str::trim);
        parts.any(|part| part.starts_with(|letter: char| letter.is_ascii_digit()))
    }

    /// Whether it looks like numbers with text between them that explains them.
    fn holds_numbers(&self) -> bool {
        let is_digit = |letter: char| letter.is_ascii_digit();
        self.text.contains(is_digit) && self.text.contains(['=', '/', ':', ';', '{'])
    }
}
