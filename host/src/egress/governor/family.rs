//! The headers of one response that describe one quota, and their combined meaning.

mod collection;
mod lists;
mod reading;

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::amount::QuotaAmount;
use super::dictionary;
use super::header_name::QuotaHeaderName;
use super::header_words::HeaderRole;
use super::moment::NumberUnit;
use super::quota_report::{QuotaFault, QuotaFaultKind};
use crate::config::QuotaHeaders;

pub(super) use collection::families;

/// Headers whose quotas have a known window. Salesforce's slides over a day.
const KNOWN_WINDOWS: [(&str, Duration); 1] =
    [("sforce-limit-info", Duration::from_secs(24 * 60 * 60))];

/// The headers of one quota.
#[derive(Debug, Default)]
pub(super) struct HeaderFamily<'h> {
    pub(super) quota: String,
    limit: Option<HeaderText<'h>>,
    remaining: Option<HeaderText<'h>>,
    used: Option<HeaderText<'h>>,
    reset: Option<(HeaderText<'h>, NumberUnit)>,
    window: Option<(HeaderText<'h>, NumberUnit)>,
    refill: Option<HeaderText<'h>>,
    /// How long the quota lasts, by its name or by the configuration.
    length: Option<Duration>,
    /// Whether its windows follow the clock.
    is_of_the_clock: bool,
    /// The configured number of calls.
    calls: Option<u64>,
    is_weighted: bool,
    /// Whether only calls to places whose responses describe it spend it.
    is_of_some_calls: bool,
}

/// A header and its value.
#[derive(Debug, Clone, Copy)]
struct HeaderText<'h> {
    name: &'h str,
    text: &'h str,
}

impl<'h> HeaderText<'h> {
    fn of((name, value): (&'h HeaderName, &'h HeaderValue)) -> Option<Self> {
        let (name, text) = (name.as_str(), value.to_str().ok()?);
        Some(Self { name, text })
    }

    fn fault(&self, kind: QuotaFaultKind) -> QuotaFault {
        QuotaFault::new(self.name, self.text, kind)
    }
}

/// Configured facts about a quota that headers may omit.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct QuotaHints {
    pub(super) window: Option<Duration>,
    pub(super) limit: Option<u64>,
}

impl<'h> HeaderFamily<'h> {
    /// The headers that a configuration names for a quota, and the usual headers for those that it doesn't name. If a
    /// value names its parts, it supplies the others, too.
    pub(super) fn named(
        headers: &'h HeaderMap,
        own: &'h QuotaHeaders,
        quota: &str,
        has_usual: bool,
    ) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let header = |own: &'h Option<String>, role: fn(HeaderRole) -> bool| {
            let name = own.as_deref()?;
            let text = text(name)?;
            let text = dictionary::text_of(text, role).unwrap_or(text);
            Some(HeaderText { name, text })
        };
        let usual = |name: &'static str| {
            let text = has_usual.then(|| text(name)).flatten()?;
            Some(HeaderText { name, text })
        };
        let main = own.remaining.as_deref().or(own.used.as_deref());
        let beside = |role: fn(HeaderRole) -> bool| {
            let name = main?;
            let text = dictionary::text_of(text(name)?, role)?;
            Some(HeaderText { name, text })
        };
        let is_limit = |role| role == HeaderRole::Limit;
        let is_reset = |role| matches!(role, HeaderRole::Reset(_));
        let remaining = header(&own.remaining, |role| role == HeaderRole::Remaining);
        let reset = header(&own.reset, is_reset)
            .or_else(|| beside(is_reset))
            .or_else(|| usual("x-ratelimit-reset"));
        let parts = main.and_then(QuotaHeaderName::of);
        Self {
            quota: quota.to_owned(),
            limit: header(&own.limit, is_limit)
                .or_else(|| beside(is_limit))
                .or_else(|| usual("x-ratelimit-limit")),
            remaining: remaining.or_else(|| {
                let is_stated = own.used.is_some() || own.remaining.is_some();
                (!is_stated)
                    .then(|| usual("x-ratelimit-remaining"))
                    .flatten()
            }),
            used: header(&own.used, |role| role == HeaderRole::Used),
            reset: reset.map(|reset| (reset, unit_of(reset.name))),
            length: parts
                .as_ref()
                .and_then(|parts| parts.window)
                .or_else(|| known_window(main?)),
            is_weighted: parts.is_some_and(|parts| parts.is_weighted),
            ..Self::default()
        }
    }

    fn is_below(&self, other: &Self) -> bool {
        let rest = self.quota.strip_prefix(other.quota.as_str());
        rest.is_some_and(|rest| rest.starts_with('-'))
    }

    fn add(&mut self, parts: &QuotaHeaderName, stated: HeaderText<'h>) {
        self.add_as(parts.role_of_a_number(), parts, stated);
    }

    fn add_as(&mut self, role: HeaderRole, parts: &QuotaHeaderName, stated: HeaderText<'h>) {
        self.length = self
            .length
            .or(parts.window)
            .or_else(|| known_window(stated.name));
        self.is_weighted |= parts.is_weighted;
        match role {
            HeaderRole::Limit => put(&mut self.limit, stated),
            HeaderRole::Remaining => put_lower(&mut self.remaining, stated),
            HeaderRole::Used => put(&mut self.used, stated),
            HeaderRole::Reset(unit) => put_time(&mut self.reset, stated, unit),
            HeaderRole::Window(unit) => put_time(&mut self.window, stated, unit),
            HeaderRole::Refill => put(&mut self.refill, stated),
            HeaderRole::Cost => {}
        }
    }

    /// The configuration fills in what the headers and their names don't say; its window always applies.
    pub(super) fn hint(&mut self, hints: QuotaHints) {
        self.length = hints.window.or(self.length);
        self.calls = hints.limit;
    }
}

fn known_window(header: &str) -> Option<Duration> {
    let known = KNOWN_WINDOWS.iter().find(|(name, _)| *name == header);
    known.map(|(_, window)| *window)
}

/// The unit of the time in a header with this name.
fn unit_of(header: &str) -> NumberUnit {
    match QuotaHeaderName::of(header).and_then(|parts| parts.role) {
        Some(HeaderRole::Reset(unit)) => unit,
        _ if header.ends_with("-ms") => NumberUnit::Milliseconds,
        _ => NumberUnit::Seconds,
    }
}

/// Of two headers with the same meaning, the first one counts; of two lines of one header, the last.
fn put<'h>(place: &mut Option<HeaderText<'h>>, stated: HeaderText<'h>) {
    if place.is_none_or(|known| known.name == stated.name) {
        *place = Some(stated);
    }
}

/// As [`put`], but of two lines, the one with the lower remainder counts.
fn put_lower<'h>(place: &mut Option<HeaderText<'h>>, stated: HeaderText<'h>) {
    let left = |stated: HeaderText<'_>| QuotaAmount::of(stated.text).map(|amount| amount.first);
    let is_more = |known: HeaderText<'_>| match (left(known), left(stated)) {
        (Some(known), Some(now)) => now > known,
        (known, _) => known.is_some(),
    };
    if !place.is_some_and(is_more) {
        put(place, stated);
    }
}

/// As [`put`] for a time.
fn put_time<'h>(
    place: &mut Option<(HeaderText<'h>, NumberUnit)>,
    stated: HeaderText<'h>,
    unit: NumberUnit,
) {
    if place.is_none_or(|(known, _)| known.name == stated.name) {
        *place = Some((stated, unit));
    }
}
