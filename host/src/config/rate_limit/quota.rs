//! Quotas in addition to the one of all calls: `[[rate-limit.quota]]`.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use super::keys::{QuotaHeaders, headers, rate, window};
use super::path_pattern::PathPattern;
use super::rate::Rate;
use crate::config::document::TomlEntry;
use crate::config::settings::Settings;

/// The limit on quotas, more than any API has.
pub(super) const MAX_QUOTAS: usize = 16;

const LIMIT: RangeInclusive<u32> = 1..=u32::MAX;

/// One quota of an API: that of some paths, or one that certain headers state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuotaRule {
    /// `paths`: only calls to these paths count against it. Empty: all calls do.
    pub paths: Vec<PathPattern>,
    /// `headers`: the headers that state it. If no headers are named but `paths` are, the usual headers of responses to
    /// these paths state it.
    pub headers: QuotaHeaders,
    /// `limit`: the number of calls in the quota, if no header states it. At least 1.
    pub limit: Option<u32>,
    /// `window`: its length, if no header states its reset.
    pub window: Option<Duration>,
    /// `rate`: the most calls to these paths per time.
    pub rate: Option<Rate>,
    /// `burst`: how many calls of `rate` may be made at once after a pause, at least 1. Default 1.
    pub burst: u32,
}

impl QuotaRule {
    /// The name shown to people: its paths, or the header that states it.
    #[must_use]
    pub fn name(&self) -> Arc<str> {
        if self.paths.is_empty() {
            let QuotaHeaders {
                remaining, used, ..
            } = &self.headers;
            return remaining
                .as_deref()
                .or(used.as_deref())
                .unwrap_or_default()
                .into();
        }
        let paths: Vec<&str> = self.paths.iter().map(PathPattern::as_str).collect();
        paths.join(", ").into()
    }

    /// Reads a quota; `None` if it is invalid (which is recorded).
    pub(super) fn read(settings: &mut Settings<'_, '_, '_>, entry: &TomlEntry<'_>) -> Option<Self> {
        let paths = settings
            .list_or("paths", ("path", "/search*"), str::parse::<PathPattern>)
            .unwrap_or_default();
        let rule = Self {
            paths,
            headers: headers(settings),
            limit: settings.count_if_set("limit", LIMIT),
            window: window(settings),
            rate: rate(settings),
            burst: settings.count("burst", 1, 1..=u32::MAX),
        };
        let tells = rule.headers.remaining.is_some() || rule.headers.used.is_some();
        if rule.paths.is_empty()
            && settings
                .entry("paths")
                .is_some_and(|paths| !paths.is_empty())
        {
            // The paths are invalid, which is already recorded.
            return None;
        }
        if rule.paths.is_empty() && !tells {
            settings.note(entry.problem(
                "a quota needs `paths`, such as [\"/search*\"], or `headers` with `remaining` or `used`",
            ));
            return None;
        }
        if rule.paths.is_empty() && rule.rate.is_some() {
            settings.note(entry.problem(
                "a quota without `paths` may not have a `rate`: write the rate of all calls as `rate-limit.rate`",
            ));
            return None;
        }
        Some(rule)
    }
}
