//! What a response's headers say of the API's quotas.
//!
//! - families of headers by their names, such as `X-RateLimit-Limit`, `-Remaining`, `-Reset`, and those that the
//!   configuration names (`header_name`, `family`);
//! - `RateLimit: limit=…` of the IETF's draft 07, and `RateLimit: "policy";r=…;t=…` with `RateLimit-Policy` from 08 on
//!   (draft-ietf-httpapi-ratelimit-headers);
//! - parts of a hundred (`usage`);
//! - the headers that say how long to wait, see [`wait_headers`].

use std::borrow::Cow;
use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::{self, HeaderName, HeaderValue};

use super::amount::count as whole_number;
use super::family::{HeaderFamily, QuotaHints, families};
use super::guide::QuotaGuide;
use super::header_name::MAX_NAME_BYTES;
use super::moment::{ApiClock, NumberUnit};
use super::quota_report::{QuotaFault, QuotaFaultKind, QuotaForm};
use super::structured::{ListMember, members};
use super::usage::usages;
use super::wait_headers;
use crate::config::QuotaHeaders;

pub(super) use super::quota_report::QuotaReport;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

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

    /// What is for the quota of this name, and what is for all others; without a name all of it is for the first.
    pub(super) fn split(mut self, name: Option<&Arc<str>>) -> (Self, Option<Self>) {
        let Some(name) = name else {
            return (self, None);
        };
        let is_its = |quota: &QuotaReport| *quota.name == **name;
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
        (self, Some(rest))
    }

    /// Reads a response's headers; what can't be read is as if it weren't there, and stands in `faults`. `now` is the
    /// wall clock, which counts where the API doesn't tell its own time.
    pub(super) fn of(headers: &HeaderMap, guide: &QuotaGuide<'_>, now: SystemTime) -> Self {
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
        readings.quotas.extend(reader.policies());
        readings.quotas.extend(usages(headers));
        readings
    }
}

struct HeaderReader<'h> {
    headers: &'h HeaderMap,
    guide: &'h QuotaGuide<'h>,
    clock: ApiClock,
}

impl HeaderReader<'_> {
    fn families(&self, readings: &mut QuotaReadings) {
        let usual = QuotaHeaders::default();
        let mut own: Vec<&QuotaHeaders> = Vec::new();
        if self.guide.headers != &usual {
            own.push(self.guide.headers);
        }
        own.extend(self.guide.rules.iter().map(|(_, rule)| &rule.headers));
        let mut told = families(self.headers, &own);
        told.iter_mut()
            .for_each(|family| family.hint(self.guide.hints()));
        if self.guide.headers.tells_a_quota() {
            let mut family =
                HeaderFamily::named(self.headers, self.guide.headers, "configured", true);
            family.hint(self.guide.hints());
            told.push(family);
        }
        for (name, rule) in self.guide.rules {
            let is_for_it = rule.paths.is_empty() || self.guide.own == Some(rule);
            if is_for_it && rule.headers.tells_a_quota() {
                let mut family = HeaderFamily::named(self.headers, &rule.headers, name, false);
                family.hint(QuotaHints {
                    window: rule.window.or(self.guide.window),
                    limit: rule.limit.map(u64::from),
                });
                told.push(family);
            }
        }
        for family in told {
            let window = |limit| self.window_of(limit);
            let report = family.report(&self.clock, window, &mut readings.faults);
            readings.quotas.extend(report);
        }
    }

    /// The window that the policy with this limit has: `RateLimit-Policy: 100;w=60` of the earlier drafts.
    fn window_of(&self, limit: u64) -> Option<Duration> {
        let policies = self.members(&POLICY)?;
        policies
            .iter()
            .find(|policy| count(&policy.item) == Some(limit))
            .and_then(window)
    }

    /// What the call took, where a header tells.
    fn cost(&self) -> Option<u64> {
        let own = self.guide.headers.cost.as_ref();
        let own = own.and_then(|name| self.headers.get(name));
        let value = own.or_else(|| COSTS.iter().find_map(|name| self.headers.get(name)))?;
        count(text(value)?)
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

    /// The field `RateLimit`, in both of its forms.
    fn policies(&self) -> Vec<QuotaReport> {
        let Some(told) = self.members(&RATE_LIMIT) else {
            return Vec::new();
        };
        let value = |key: &str| {
            let member = told.iter().find(|member| member.item == key)?;
            count(member.value.as_deref()?)
        };
        if let (Some(remaining), Some(reset)) = (value("remaining"), value("reset")) {
            let limit = value("limit");
            return vec![QuotaReport {
                name: "ratelimit".into(),
                limit,
                remaining,
                reset: Some(Duration::from_secs(reset)),
                window: limit.and_then(|limit| self.window_of(limit)),
                form: QuotaForm::Window,
                is_weighted: false,
            }];
        }
        let policies = self.members(&POLICY).unwrap_or_default();
        let policy = |name: &str| policies.iter().find(|policy| policy.item == name);
        told.iter()
            .filter_map(|member| member_quota(member, policy(&member.item)))
            .collect()
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

    fn members(&self, name: &HeaderName) -> Option<Vec<ListMember>> {
        let mut lines = self.headers.get_all(name).iter().filter_map(text);
        let first = lines.next()?;
        let joined = lines.fold(Cow::Borrowed(first), |joined, line| {
            Cow::Owned(format!("{joined}, {line}"))
        });
        members(&joined)
    }
}

/// `"name";r=50;t=30`, with what its policy says.
fn member_quota(member: &ListMember, policy: Option<&ListMember>) -> Option<QuotaReport> {
    // Other units are bytes, or requests at one time.
    let unit = policy.and_then(|policy| policy.parameter("qu"));
    if member.item.len() > MAX_NAME_BYTES || unit.is_some_and(|unit| unit != "requests") {
        return None;
    }
    let window = policy.and_then(window);
    let reset = member
        .parameter("t")
        .and_then(count)
        .map(Duration::from_secs);
    Some(QuotaReport {
        name: member.item.clone().into(),
        limit: policy
            .and_then(|policy| policy.parameter("q"))
            .and_then(count),
        remaining: member.parameter("r").and_then(count)?,
        reset: Some(reset.or(window)?),
        window,
        form: QuotaForm::Window,
        is_weighted: false,
    })
}

fn window(policy: &ListMember) -> Option<Duration> {
    let seconds = policy.parameter("w").and_then(count)?;
    (seconds > 0).then(|| Duration::from_secs(seconds))
}

fn text(value: &HeaderValue) -> Option<&str> {
    value.to_str().ok()
}

/// A number of calls: of a list the first, without its parameters and fraction.
fn count(text: &str) -> Option<u64> {
    whole_number(text.split([',', ';']).next()?.trim())
}

#[cfg(test)]
mod tests;
