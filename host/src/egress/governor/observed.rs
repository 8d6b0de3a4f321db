//! What a response's headers say of the API's quotas.
//!
//! - `X-RateLimit-Limit`, `-Remaining`, `-Reset`, also spelled `X-Rate-Limit-…`, as many APIs have them, or the headers
//!   that the configuration names;
//! - `RateLimit-Limit`, `-Remaining`, `-Reset` of the IETF's draft up to its version 06, `RateLimit: limit=…` of 07, and
//!   `RateLimit: "policy";r=…;t=…` with `RateLimit-Policy` from 08 on (draft-ietf-httpapi-ratelimit-headers);
//! - the headers that say how long to wait, see [`wait_headers`].

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::{self, HeaderName, HeaderValue};

use super::moment::until;
use super::structured::{ListMember, members};
use super::wait_headers;
use crate::config::QuotaHeaders;

/// The headers of one way to tell a quota: its limit, what remains, and its reset.
struct Family([HeaderName; 3]);

const FAMILIES: [Family; 3] = [
    Family([
        HeaderName::from_static("x-ratelimit-limit"),
        HeaderName::from_static("x-ratelimit-remaining"),
        HeaderName::from_static("x-ratelimit-reset"),
    ]),
    Family([
        HeaderName::from_static("x-rate-limit-limit"),
        HeaderName::from_static("x-rate-limit-remaining"),
        HeaderName::from_static("x-rate-limit-reset"),
    ]),
    Family([
        HeaderName::from_static("ratelimit-limit"),
        HeaderName::from_static("ratelimit-remaining"),
        HeaderName::from_static("ratelimit-reset"),
    ]),
];
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Which of an API's quotas a call spent, as GitHub tells it, and Discord.
const RESOURCE: HeaderName = HeaderName::from_static("x-ratelimit-resource");
const BUCKET: HeaderName = HeaderName::from_static("x-ratelimit-bucket");

/// The longest name of a policy or a resource that is kept.
const MAX_NAME_BYTES: usize = 64;

/// One quota as one response tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct QuotaReport {
    /// Which of the API's quotas: that of a family of headers, or of a policy.
    pub(super) name: Cow<'static, str>,
    pub(super) limit: Option<u64>,
    pub(super) remaining: u64,
    /// From the response on; zero where it lies in the past.
    pub(super) reset: Duration,
    /// How long the quota's window is.
    pub(super) window: Option<Duration>,
}

/// What one response says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::egress) struct QuotaReadings {
    pub(super) quotas: Vec<QuotaReport>,
    /// None where it is missing or can't be read; zero where it lies in the past.
    pub(in crate::egress) retry_after: Option<Duration>,
    /// Which of its resources the API counted the call for, where it tells.
    pub(super) resource: Option<Arc<str>>,
}

impl QuotaReadings {
    /// Whether one of the quotas has no call left.
    pub(in crate::egress) fn is_spent(&self) -> bool {
        let mut quotas = self.quotas.iter();
        quotas.any(|quota| quota.remaining == 0 && !quota.reset.is_zero())
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
            ..Self::default()
        };
        (
            Self {
                quotas: its,
                ..self
            },
            Some(rest),
        )
    }

    /// Reads a response's headers; what can't be read is as if it weren't there. `now` is the wall clock, which counts
    /// where the API doesn't tell its own time.
    pub(super) fn of(headers: &HeaderMap, own: &QuotaHeaders, now: SystemTime) -> Self {
        let reader = HeaderReader { headers, own, now };
        let mut quotas = Vec::new();
        for (family, name) in FAMILIES
            .iter()
            .zip(["x-ratelimit", "x-rate-limit", "ratelimit"])
        {
            quotas.extend(reader.family(family, name));
        }
        if own != &QuotaHeaders::default() {
            quotas.extend(reader.own());
        }
        quotas.extend(reader.policies());
        Self {
            quotas,
            retry_after: wait_headers::told(headers, |text| until(text, reader.clock())),
            resource: reader.resource(),
        }
    }
}

struct HeaderReader<'h> {
    headers: &'h HeaderMap,
    own: &'h QuotaHeaders,
    now: SystemTime,
}

impl HeaderReader<'_> {
    fn family(
        &self,
        Family([limit, remaining, reset]): &Family,
        name: &'static str,
    ) -> Option<QuotaReport> {
        let remaining = count(text(self.headers.get(remaining)?)?)?;
        self.quota(
            name,
            self.headers.get(limit),
            remaining,
            self.headers.get(reset),
        )
    }

    /// The headers that the configuration names; for those that it doesn't, the first family's.
    fn own(&self) -> Option<QuotaReport> {
        let [Family([limit, remaining, reset]), ..] = &FAMILIES;
        let header = |own: &Option<String>, usual: &HeaderName| match own {
            Some(name) => self.headers.get(name),
            None => self.headers.get(usual),
        };
        let remaining = count(text(header(&self.own.remaining, remaining)?)?)?;
        self.quota(
            "configured",
            header(&self.own.limit, limit),
            remaining,
            header(&self.own.reset, reset),
        )
    }

    fn quota(
        &self,
        name: &'static str,
        limit: Option<&HeaderValue>,
        remaining: u64,
        reset: Option<&HeaderValue>,
    ) -> Option<QuotaReport> {
        let limit = limit.and_then(text).and_then(count);
        Some(QuotaReport {
            name: name.into(),
            limit,
            remaining,
            reset: self.time(reset)?,
            window: limit.and_then(|limit| self.window_of(limit)),
        })
    }

    /// The window that the policy with this limit has: `RateLimit-Policy: 100;w=60` of the earlier drafts.
    fn window_of(&self, limit: u64) -> Option<Duration> {
        let policies = self.members(&POLICY)?;
        policies
            .iter()
            .find(|policy| count(&policy.item) == Some(limit))
            .and_then(window)
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
                reset: Duration::from_secs(reset),
                window: limit.and_then(|limit| self.window_of(limit)),
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
        let header = match &self.own.resource {
            Some(name) => self.headers.get(name),
            None => self
                .headers
                .get(RESOURCE)
                .or_else(|| self.headers.get(BUCKET)),
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

    fn time(&self, value: Option<&HeaderValue>) -> Option<Duration> {
        until(text(value?)?, self.clock())
    }

    /// The API's clock where it tells it: dates are by that one.
    fn clock(&self) -> SystemTime {
        self.headers
            .get(header::DATE)
            .and_then(text)
            .and_then(|date| httpdate::parse_http_date(date).ok())
            .unwrap_or(self.now)
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
        reset: reset.or(window)?,
        window,
    })
}

fn window(policy: &ListMember) -> Option<Duration> {
    let seconds = policy.parameter("w").and_then(count)?;
    (seconds > 0).then(|| Duration::from_secs(seconds))
}

fn text(value: &HeaderValue) -> Option<&str> {
    value.to_str().ok()
}

/// A number of calls: of a list the first, without its parameters and fraction. Some APIs count below zero: then
/// nothing is left. A number too large for 64 bits is as many as there are.
fn count(text: &str) -> Option<u64> {
    let first = text.split([',', ';']).next()?.trim();
    let whole = first.split('.').next()?;
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    if digits.len() < whole.len() {
        return Some(0);
    }
    Some(digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests;
