//! What a response's headers say of the API's quotas.
//!
//! - families of headers by their names, such as `X-RateLimit-Limit`, `-Remaining`, `-Reset`, and those that the
//!   configuration names (`header_name`, `family`);
//! - names within their values, as `RateLimit: limit=…` of the IETF's draft 07 (`dictionary`);
//! - `RateLimit: "policy";r=…;t=…` with `RateLimit-Policy`, of its draft 08 and later (`policies`);
//! - parts of a hundred (`usage`);
//! - the headers that say how long to wait, see [`wait_headers`].

use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::{self, HeaderName, HeaderValue};

use super::amount::count;
use super::family::{HeaderFamily, QuotaHints, families};
use super::guide::QuotaGuide;
use super::header_name::MAX_NAME_BYTES;
use super::moment::{ApiClock, NumberUnit, age};
use super::quota_report::{QuotaFault, QuotaFaultKind, QuotaForm};
use super::usage::usages;
use super::{policies, wait_headers};
use crate::config::QuotaHeaders;

pub(super) use super::quota_report::QuotaReport;

/// Which of an API's quotas a call spent, as GitHub tells it, Discord, and GitLab.
const RESOURCES: [HeaderName; 3] = [
    HeaderName::from_static("x-ratelimit-resource"),
    HeaderName::from_static("x-ratelimit-bucket"),
    HeaderName::from_static("ratelimit-name"),
];

/// What says that a refusal is for the calls of all quotas, with its value.
const OF_ALL_CALLS: [(HeaderName, &str); 2] = [
    (HeaderName::from_static("x-ratelimit-global"), "true"),
    (HeaderName::from_static("x-ratelimit-scope"), "global"),
];

/// What a call took of a quota that counts something else than calls.
const COSTS: [HeaderName; 3] = [
    HeaderName::from_static("x-request-cost"),
    HeaderName::from_static("x-ratelimit-cost"),
    HeaderName::from_static("x-ratelimit-request-cost"),
];

/// What one response says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::egress) struct QuotaReadings {
    pub(super) quotas: Vec<QuotaReport>,
    /// None where it is missing or can't be read; zero where it lies in the past.
    pub(in crate::egress) retry_after: Option<Duration>,
    /// Which of its resources the API counted the call for, where it tells.
    pub(super) resource: Option<Arc<str>>,
    /// What the call took of quotas that count something else than calls, where the API tells.
    pub(super) cost: Option<u64>,
    /// How old the response was when it came.
    pub(super) age: Duration,
    /// Whether it names calls at once as what it refuses.
    pub(super) is_of_calls_at_once: bool,
    /// Whether it says that it refuses the calls of all quotas.
    pub(super) is_for_all_calls: bool,
    /// What can't be understood.
    pub(super) faults: Vec<QuotaFault>,
}

impl QuotaReadings {
    /// Whether one of the quotas has no call left, be it one that doesn't say until when.
    pub(in crate::egress) fn is_spent(&self) -> bool {
        let (mut quotas, mut faults) = (self.quotas.iter(), self.faults.iter());
        quotas.any(|quota| {
            quota.remaining == 0
                && quota.reset.is_none_or(|reset| !reset.is_zero())
                && !matches!(quota.form, QuotaForm::Rate(_))
        }) || faults.any(QuotaFault::is_of_a_spent_quota)
    }

    /// Whether one of the quotas has no call left, and says until when.
    pub(in crate::egress) fn has_reset_of_spent(&self) -> bool {
        let mut quotas = self.quotas.iter();
        quotas
            .any(|quota| quota.remaining == 0 && quota.reset.is_some_and(|reset| !reset.is_zero()))
    }

    /// Whether it tells the rate of the operation that was called, as Amazon's do, and of no other.
    pub(super) fn is_rate_of_an_operation(&self) -> bool {
        let mut quotas = self.quotas.iter();
        quotas.any(|quota| {
            matches!(quota.form, QuotaForm::Rate(_)) && quota.name.starts_with("x-amzn-ratelimit")
        })
    }

    /// Only what a refusal means for the calls of other quotas.
    pub(super) fn pause(&self) -> Self {
        Self {
            retry_after: self.retry_after,
            ..Self::default()
        }
    }

    /// A quota without a reset may be one that other headers tell with it, as Zendesk's and Kong's.
    fn pass_over_what_is_told_elsewhere(&mut self) {
        let Self { quotas, faults, .. } = self;
        for number in 0..quotas.len() {
            let Some(quota) = quotas.get(number).filter(|quota| quota.is_without_reset()) else {
                continue;
            };
            let reset = quotas.iter().filter(|other| quota.is_told_by(other));
            let reset = reset.filter_map(|other| other.reset).max();
            if let Some(quota) = quotas.get_mut(number) {
                quota.reset = reset;
            }
        }
        faults.retain(|fault| {
            let left = count(fault.value.trim());
            let is_told =
                |quota: &QuotaReport| quota.reset.is_some() && Some(quota.remaining) == left;
            fault.kind != QuotaFaultKind::NoReset || !quotas.iter().any(is_told)
        });
    }

    /// The name of the quotas that only calls to some places spend, if the response tells such.
    pub(super) fn quota_of_some_calls(&self) -> Option<Arc<str>> {
        let some = self.quotas.iter().filter(|quota| quota.is_of_some_calls);
        some.map(|quota| &*quota.name).min().map(Arc::from)
    }

    /// What is for the quotas that only calls to some places spend, and what is for all others.
    pub(super) fn split_off_some_calls(self) -> (Self, Self) {
        self.split_by(|quota| quota.is_of_some_calls)
    }

    /// What is for the quota of this name, and what is for all others.
    pub(super) fn split(self, name: &str) -> (Self, Self) {
        self.split_by(|quota| {
            // A list of numbers tells several of them.
            let rest = quota.name.strip_prefix(name);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('#'))
        })
    }

    /// What is for the quotas that are `its`, with all that isn't for one quota, and what is for all others.
    fn split_by(mut self, is_its: impl Fn(&QuotaReport) -> bool) -> (Self, Self) {
        let (its, others) = std::mem::take(&mut self.quotas)
            .into_iter()
            .partition(is_its);
        let rest = Self {
            quotas: others,
            cost: self.cost,
            age: self.age,
            ..Self::default()
        };
        self.quotas = its;
        (self, rest)
    }

    /// Reads a response's headers; what can't be read is as if it weren't there, and stands in `faults`. `now` is the
    /// wall clock, which counts where the API doesn't tell its own time.
    pub(super) fn of(headers: &HeaderMap, guide: &QuotaGuide<'_>, now: SystemTime) -> Self {
        if !headers.keys().any(|name| guide.may_tell(name)) {
            // As most responses.
            return Self {
                age: age(headers),
                ..Self::default()
            };
        }
        let clock = ApiClock::of(headers, now);
        let reader = HeaderReader {
            headers,
            guide,
            clock,
        };
        let mut readings = Self {
            age: clock.age,
            resource: reader.resource(),
            cost: reader.cost(),
            is_of_calls_at_once: reader.names_calls_at_once(),
            is_for_all_calls: reader.names_all_calls(),
            ..Self::default()
        };
        let fault = Cell::new(None);
        readings.retry_after = wait_headers::told(headers, |text| {
            let read = clock.read(text, NumberUnit::Seconds);
            read.map_err(|found| fault.set(Some(found))).ok()
        });
        if let (None, Some(fault)) = (readings.retry_after, fault.get())
            && let Some(value) = headers.get(header::RETRY_AFTER).and_then(text)
        {
            let kind = QuotaFaultKind::Wait(fault);
            readings
                .faults
                .push(QuotaFault::new("retry-after", value, kind));
        }
        reader.families(&mut readings);
        let QuotaReadings { quotas, faults, .. } = &mut readings;
        let is_own = |name: &str| reader.own_headers().any(|own| own.names(name));
        quotas.extend(policies::reports(headers, is_own, faults));
        quotas.extend(usages(headers, faults));
        readings.pass_over_what_is_told_elsewhere();
        readings
    }
}

struct HeaderReader<'h> {
    headers: &'h HeaderMap,
    guide: &'h QuotaGuide<'h>,
    clock: ApiClock,
}

impl HeaderReader<'_> {
    /// The headers that the configuration names.
    fn own_headers(&self) -> impl Iterator<Item = &QuotaHeaders> {
        let rules = self.guide.rules.iter().map(|(_, rule)| &rule.headers);
        std::iter::once(self.guide.headers).chain(rules)
    }

    fn families(&self, readings: &mut QuotaReadings) {
        let own: Vec<&QuotaHeaders> = self.own_headers().collect();
        let mut told = families(self.headers, &own);
        told.iter_mut()
            .for_each(|family| family.hint(self.guide.hints()));
        if self.guide.headers.tells_a_quota() {
            let mut family =
                HeaderFamily::named(self.headers, self.guide.headers, "configured", true);
            family.hint(self.guide.hints());
            told.extend(family.apart());
        }
        for (name, rule) in self.guide.rules {
            let is_for_it = rule.paths.is_empty() || self.guide.own == Some(rule);
            if is_for_it && rule.headers.tells_a_quota() {
                let mut family = HeaderFamily::named(self.headers, &rule.headers, name, false);
                family.hint(QuotaHints {
                    window: rule.window.or(self.guide.window),
                    limit: rule.limit.map(u64::from),
                });
                told.extend(family.apart());
            }
        }
        for family in told {
            let window = |limit| policies::window_of(self.headers, limit);
            let report = family.report(&self.clock, window, &mut readings.faults);
            readings.quotas.extend(report);
        }
    }

    /// What the call took, where a header tells.
    fn cost(&self) -> Option<u64> {
        let own = self.guide.headers.cost.as_ref();
        let own = own.and_then(|name| self.headers.get(name));
        let value = own.or_else(|| COSTS.iter().find_map(|name| self.headers.get(name)))?;
        count(text(value)?.trim())
    }

    /// Whether a header such as `X-Rate-Limit-Problem: concurrent` says what is refused.
    fn names_calls_at_once(&self) -> bool {
        self.headers.iter().any(|(name, value)| {
            let name = name.as_str();
            (name.contains("limit") || name.contains("throttl"))
                && text(value).is_some_and(|text| {
                    text.len() <= MAX_NAME_BYTES && text.to_ascii_lowercase().contains("concurren")
                })
        })
    }

    /// Whether a header says that all calls are refused, as Discord's do.
    fn names_all_calls(&self) -> bool {
        let says = |(name, word): &(HeaderName, &str)| {
            let told = self.headers.get(name).and_then(text);
            told.is_some_and(|told| told.trim().eq_ignore_ascii_case(word))
        };
        OF_ALL_CALLS.iter().any(says)
    }

    /// Which of the API's resources the call was counted for.
    fn resource(&self) -> Option<Arc<str>> {
        let header = match &self.guide.headers.resource {
            Some(name) => self.headers.get(name),
            None => RESOURCES.iter().find_map(|name| self.headers.get(name)),
        };
        let name = text(header?)?.trim();
        (!name.is_empty() && name.len() <= MAX_NAME_BYTES).then(|| name.into())
    }
}

fn text(value: &HeaderValue) -> Option<&str> {
    value.to_str().ok()
}

#[cfg(test)]
mod tests;
