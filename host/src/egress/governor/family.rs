//! The headers of one response that tell of one quota, and what they tell together.

mod reading;

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::amount::QuotaAmount;
use super::header_name::{HeaderRole, QuotaHeaderName};
use super::moment::NumberUnit;
use super::quota_report::{QuotaFault, QuotaFaultKind};
use crate::config::QuotaHeaders;

/// Quotas that one response may tell.
const MAX_FAMILIES: usize = 16;

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
    /// How long the quota lasts by its name, or by the configuration.
    length: Option<Duration>,
    /// How many calls it has by the configuration.
    calls: Option<u64>,
    is_weighted: bool,
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

/// What a configuration knows of a quota that headers may leave out.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct QuotaHints {
    pub(super) window: Option<Duration>,
    pub(super) limit: Option<u64>,
}

/// The families of a response by the names of its headers, without those that the configuration names.
pub(super) fn families<'h>(headers: &'h HeaderMap, own: &[&QuotaHeaders]) -> Vec<HeaderFamily<'h>> {
    let mut families: Vec<HeaderFamily<'h>> = Vec::new();
    for (name, value) in headers {
        if name == "ratelimit" {
            // It has parts of its own.
            continue;
        }
        let Some(parts) = QuotaHeaderName::of(name.as_str()) else {
            continue;
        };
        let is_own = own.iter().any(|own| own.names(name.as_str()));
        let Some(told) = HeaderText::of((name, value)).filter(|_| !is_own) else {
            continue;
        };
        let known = families
            .iter()
            .position(|family| family.quota == parts.quota);
        let place = known.unwrap_or_else(|| {
            families.push(HeaderFamily {
                quota: parts.quota.clone(),
                ..HeaderFamily::default()
            });
            families.len().saturating_sub(1)
        });
        if let Some(family) = families.get_mut(place) {
            family.add(&parts, told);
        }
        if families.len() >= MAX_FAMILIES {
            break;
        }
    }
    lend_resets(&mut families);
    families
}

/// A quota without a reset has that of a shorter name which tells nothing else: `x-rate-limit-requests` that of
/// `x-rate-limit`.
fn lend_resets(families: &mut [HeaderFamily<'_>]) {
    for place in 0..families.len() {
        let Some(family) = families.get(place) else {
            return;
        };
        if family.reset.is_some() || family.length.is_some() {
            continue;
        }
        let lender = families.iter().find(|lender| {
            lender.remaining.is_none() && lender.used.is_none() && family.is_below(lender)
        });
        let lent = lender.map(|lender| (lender.reset, lender.window));
        if let Some((reset, window)) = lent
            && let Some(family) = families.get_mut(place)
        {
            family.reset = reset;
            family.window = family.window.or(window);
        }
    }
}

impl<'h> HeaderFamily<'h> {
    /// The headers that a configuration names for a quota; for those that it doesn't, those of the usual ones.
    pub(super) fn named(
        headers: &'h HeaderMap,
        own: &'h QuotaHeaders,
        quota: &str,
        has_usual: bool,
    ) -> Self {
        let header = |own: &'h Option<String>, usual: &'static str| {
            let name = own.as_deref().or(has_usual.then_some(usual))?;
            let text = headers.get(name)?.to_str().ok()?;
            Some(HeaderText { name, text })
        };
        let used = own.used.as_ref();
        let name = own.remaining.as_deref().or(own.used.as_deref());
        let parts = name.and_then(QuotaHeaderName::of);
        Self {
            quota: quota.to_owned(),
            limit: header(&own.limit, "x-ratelimit-limit"),
            remaining: if used.is_some() {
                own.remaining
                    .as_ref()
                    .and_then(|_| header(&own.remaining, ""))
            } else {
                header(&own.remaining, "x-ratelimit-remaining")
            },
            used: used.and_then(|_| header(&own.used, "")),
            reset: header(&own.reset, "x-ratelimit-reset").map(|reset| {
                let parts = QuotaHeaderName::of(reset.name);
                let unit = match parts.map(|parts| parts.role) {
                    Some(HeaderRole::Reset(unit)) => unit,
                    _ if reset.name.ends_with("-ms") => NumberUnit::Milliseconds,
                    _ => NumberUnit::Seconds,
                };
                (reset, unit)
            }),
            length: parts.as_ref().and_then(|parts| parts.window),
            is_weighted: parts.is_some_and(|parts| parts.is_weighted),
            ..Self::default()
        }
    }

    fn is_below(&self, other: &Self) -> bool {
        let rest = self.quota.strip_prefix(other.quota.as_str());
        rest.is_some_and(|rest| rest.starts_with('-'))
    }

    fn add(&mut self, parts: &QuotaHeaderName, told: HeaderText<'h>) {
        self.length = self.length.or(parts.window);
        self.is_weighted |= parts.is_weighted;
        match parts.role {
            HeaderRole::Limit => put(&mut self.limit, told),
            HeaderRole::Remaining => put_lower(&mut self.remaining, told),
            HeaderRole::Used => put(&mut self.used, told),
            HeaderRole::Reset(unit) => put_time(&mut self.reset, told, unit),
            HeaderRole::Window(unit) => put_time(&mut self.window, told, unit),
            HeaderRole::Refill => put(&mut self.refill, told),
            HeaderRole::Cost => {}
        }
    }

    /// What the configuration knows counts where the headers and their names say nothing; its window always.
    pub(super) fn hint(&mut self, hints: QuotaHints) {
        self.length = hints.window.or(self.length);
        self.calls = hints.limit;
    }
}

/// Of two headers with one meaning the first counts, of two lines of one header the last.
fn put<'h>(place: &mut Option<HeaderText<'h>>, told: HeaderText<'h>) {
    if place.is_none_or(|known| known.name == told.name) {
        *place = Some(told);
    }
}

/// As [`put`], but of two lines the one that leaves less.
fn put_lower<'h>(place: &mut Option<HeaderText<'h>>, told: HeaderText<'h>) {
    let left = |told: HeaderText<'_>| QuotaAmount::of(told.text).map(|amount| amount.first);
    let is_more = |known: HeaderText<'_>| match (left(known), left(told)) {
        (Some(known), Some(now)) => now > known,
        (known, _) => known.is_some(),
    };
    if !place.is_some_and(is_more) {
        put(place, told);
    }
}

/// As [`put`] for a time.
fn put_time<'h>(
    place: &mut Option<(HeaderText<'h>, NumberUnit)>,
    told: HeaderText<'h>,
    unit: NumberUnit,
) {
    if place.is_none_or(|(known, _)| known.name == told.name) {
        *place = Some((told, unit));
    }
}
