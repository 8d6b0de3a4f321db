//! Quotas besides the one of all calls: `[[rate-limit.quota]]`.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use super::keys::{QuotaHeaders, headers, rate, window};
use super::path_pattern::PathPattern;
use super::rate::Rate;
use crate::config::document::TomlEntry;
use crate::config::settings::Settings;

/// More quotas than any API has.
pub(super) const MAX_QUOTAS: usize = 16;

const LIMIT: RangeInclusive<u32> = 1..=u32::MAX;

/// One quota of an API: that of some paths, or one that certain headers tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuotaRule {
    /// `paths`: calls to these spend it, and no others. Empty: all calls do.
    pub paths: Vec<PathPattern>,
    /// `headers`: where responses tell it. Without names and with `paths`, the usual headers of responses to these
    /// paths are for it.
    pub headers: QuotaHeaders,
    /// `limit`: how many calls it has, where no header tells. One or more.
    pub limit: Option<u32>,
    /// `window`: how long it lasts, where no header tells its reset.
    pub window: Option<Duration>,
    /// `rate`: the calls to these paths that are made at the most.
    pub rate: Option<Rate>,
    /// `burst`: how many calls of `rate` may be made at once after a pause, 1 or more. Default 1.
    pub burst: u32,
}

impl QuotaRule {
    /// What people know it by: its paths, or the header that tells it.
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

    /// Reads one; none where it is wrong, which is noted.
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
            // What is wrong with them has been said.
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
                "a quota without `paths` has no `rate`: write the rate of all calls as `rate-limit.rate`",
            ));
            return None;
        }
        Some(rule)
    }
}
