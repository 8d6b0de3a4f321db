//! What the headers of one quota tell together.

use std::time::Duration;

use super::{HeaderFamily, HeaderText};
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
            // An object is read as parts of a hundred.
            if read.is_none() && !told.text.starts_with('{') {
                faults.push(told.fault(QuotaFaultKind::Amount));
            }
            read
        };
        // A limit by itself may be in words that are none of ours.
        let is_alone = self.remaining.is_none() && self.used.is_none();
        let limit = match self.limit {
            Some(told) if is_alone => QuotaAmount::of(told.text),
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
                None => return self.rate(limit),
            },
            (None, None, None) => return None,
        };
        let is_ratio = [remaining, used, limit]
            .iter()
            .flatten()
            .any(|amount| amount.second.is_some() && !amount.is_per_cent);
        let period = limit.and_then(|limit| limit.period);
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
        let reset = self.reset(clock, window, faults);
        let refill = self.refill.and_then(|told| QuotaAmount::of(told.text));
        let form = match (reset, window) {
            (None, _) if refill.is_some_and(|refill| refill.first > 0) => {
                let each = refill.map_or(1, |refill| refill.first.max(1));
                let each = u32::try_from(each).unwrap_or(u32::MAX);
                QuotaForm::Bucket(Duration::from_secs(1).checked_div(each))
            }
            (None, window) if is_ratio => {
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
        })
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
