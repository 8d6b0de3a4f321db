//! What a response's headers say about the API's quotas.
//!
//! - families of headers by their names, such as `X-RateLimit-Limit`, `-Remaining`, `-Reset`, and headers that the
//!   configuration names (`header_name`, `family`);
//! - names within their values, such as `RateLimit: limit=…` of the IETF's draft 07 (`dictionary`);
//! - `RateLimit: "policy";r=…;t=…` with `RateLimit-Policy`, of draft 08 and later (`policies`);
//! - percentages (`usage`);
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

/// The headers of GitHub, Discord and GitLab that name the API's quota that a call spent.
const RESOURCES: [HeaderName; 3] = [
    HeaderName::from_static("x-ratelimit-resource"),
    HeaderName::from_static("x-ratelimit-bucket"),
    HeaderName::from_static("ratelimit-name"),
];

/// The headers that mark a refusal as one of the calls of all quotas, with their values.
const OF_ALL_CALLS: [(HeaderName, &str); 2] = [
    (HeaderName::from_static("x-ratelimit-global"), "true"),
    (HeaderName::from_static("x-ratelimit-scope"), "global"),
];

/// The headers for the cost of a call in a quota that counts something other than calls.
const COSTS: [HeaderName; 3] = [
    HeaderName::from_static("x-request-cost"),
    HeaderName::from_static("x-ratelimit-cost"),
    HeaderName::from_static("x-ratelimit-request-cost"),
];

/// The readings of one response.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::egress) struct QuotaReadings {
    pub(super) quotas: Vec<QuotaReport>,
    /// `None` if it is missing or can't be read; zero if it lies in the past.
    pub(in crate::egress) retry_after: Option<Duration>,
    /// The resource for which the API counted the call, if it is named.
    pub(super) resource: Option<Arc<str>>,
    /// The cost of the call in quotas that count something other than calls, if it is stated.
    pub(super) cost: Option<u64>,
    /// How old the response was when it arrived.
    pub(super) age: Duration,
    /// Whether it refuses too many calls at once.
    pub(super) is_of_calls_at_once: bool,
    /// Whether it refuses the calls of all quotas.
    pub(super) is_for_all_calls: bool,
    /// The headers that can't be understood.
    pub(super) faults: Vec<QuotaFault>,
}

impl QuotaReadings {
    /// Whether one of the quotas has no call left, even if it doesn't say until when.
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

    /// Whether it states a rate that applies only to the called operation, as Amazon's responses do.
    pub(super) fn is_rate_of_an_operation(&self) -> bool {
        let mut quotas = self.quotas.iter();
        quotas.any(|quota| {
            matches!(quota.form, QuotaForm::Rate(_)) && quota.name.starts_with("x-amzn-ratelimit")
        })
    }

    /// Only the part of a refusal that concerns the calls of other quotas.
    pub(super) fn pause(&self) -> Self {
        Self {
            retry_after: self.retry_after,
            ..Self::default()
        }
    }

    /// Gives a quota without a reset the one of other headers that describe the same quota, as Zendesk's and Kong's do.
    fn complete_resets(&mut self) {
        let Self { quotas, faults, .. } = self;
        for number in 0..quotas.len() {
            let Some(quota) = quotas.get(number).filter(|quota| quota.is_without_reset()) else {
                continue;
            };
            let reset = quotas.iter().filter(|other| quota.is_described_by(other));
            let reset = reset.filter_map(|other| other.reset).max();
            if let Some(quota) = quotas.get_mut(number) {
                quota.reset = reset;
            }
        }
        faults.retain(|fault| {
            let left = count(fault.value.trim());
            let is_stated =
                |quota: &QuotaReport| quota.reset.is_some() && Some(quota.remaining) == left;
            fault.kind != QuotaFaultKind::NoReset || !quotas.iter().any(is_stated)
        });
    }

    /// The name of the quotas that only calls to some places spend, if the response describes such quotas.
    pub(super) fn quota_of_some_calls(&self) -> Option<Arc<str>> {
        let some = self.quotas.iter().filter(|quota| quota.is_of_some_calls);
        some.map(|quota| &*quota.name).min().map(Arc::from)
    }

    /// Splits off the readings for the quotas that only calls to some places spend.
    pub(super) fn split_off_some_calls(self) -> (Self, Self) {
        self.split_by(|quota| quota.is_of_some_calls)
    }

    /// Splits the readings for the quota of this name from those for all others.
    pub(super) fn split(self, name: &str) -> (Self, Self) {
        self.split_by(|quota| {
            // A list of numbers describes several of them.
            let rest = quota.name.strip_prefix(name);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('#'))
        })
    }

    /// Splits the readings for the quotas that are `its`, together with everything that isn't for one quota, from
    /// those for all others.
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

    /// Reads a response's headers. Headers that can't be read are ignored, and listed in `faults`. `now` is the wall
    /// clock, which is used if the API doesn't state its own time.
    pub(super) fn of(headers: &HeaderMap, guide: &QuotaGuide<'_>, now: SystemTime) -> Self {
        if !headers.keys().any(|name| guide.may_describe_quota(name)) {
            // True of most responses.
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
        readings.retry_after = wait_headers::asked(headers, |text| {
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
        readings.complete_resets();
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
        let mut stated = families(self.headers, &own);
        stated
            .iter_mut()
            .for_each(|family| family.hint(self.guide.hints()));
        if self.guide.headers.tells_a_quota() {
            let mut family =
                HeaderFamily::named(self.headers, self.guide.headers, "configured", true);
            family.hint(self.guide.hints());
            stated.extend(family.apart());
        }
        for (name, rule) in self.guide.rules {
            let is_for_it = rule.paths.is_empty() || self.guide.own == Some(rule);
            if is_for_it && rule.headers.tells_a_quota() {
                let mut family = HeaderFamily::named(self.headers, &rule.headers, name, false);
                family.hint(QuotaHints {
                    window: rule.window.or(self.guide.window),
                    limit: rule.limit.map(u64::from),
                });
                stated.extend(family.apart());
            }
        }
        for family in stated {
            let window = |limit| policies::window_of(self.headers, limit);
            let report = family.report(&self.clock, window, &mut readings.faults);
            readings.quotas.extend(report);
        }
    }

    /// The cost of the call, if a header states it.
    fn cost(&self) -> Option<u64> {
        let own = self.guide.headers.cost.as_ref();
        let own = own.and_then(|name| self.headers.get(name));
        let value = own.or_else(|| COSTS.iter().find_map(|name| self.headers.get(name)))?;
        count(text(value)?.trim())
    }

    /// Whether a header such as `X-Rate-Limit-Problem: concurrent` says that too many calls at once are refused.
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
            let stated = self.headers.get(name).and_then(text);
            stated.is_some_and(|stated| stated.trim().eq_ignore_ascii_case(word))
        };
        OF_ALL_CALLS.iter().any(says)
    }

    /// The API's resource for which the call was counted.
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
