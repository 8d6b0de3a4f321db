//! Keys that `[rate-limit]` and its quotas have in common.

use std::time::Duration;

use super::rate::Rate;
use crate::config::range::Range;
use crate::config::settings::Settings;

/// The names of the headers in which an API states its quota, in lower case; `None` for values that it doesn't state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuotaHeaders {
    /// `limit`: the number of calls in the quota.
    pub limit: Option<String>,
    /// `remaining`: the number of calls left.
    pub remaining: Option<String>,
    /// `reset`: when the full quota is available again.
    pub reset: Option<String>,
    /// `used`: the number of calls spent, alone or with the limit, such as `39/40`.
    pub used: Option<String>,
    /// `cost`: the units of the quota that the call spent.
    pub cost: Option<String>,
    /// `resource`: the name of the API's quota that the call counted against.
    pub resource: Option<String>,
}

impl QuotaHeaders {
    /// Whether the header with this lower-case name states a quota.
    pub(crate) fn names(&self, header: &str) -> bool {
        [&self.limit, &self.remaining, &self.reset, &self.used]
            .into_iter()
            .flatten()
            .any(|name| name == header)
    }

    /// Whether the header with this lower-case name states something other than a quota.
    pub(crate) fn names_beside(&self, header: &str) -> bool {
        [&self.cost, &self.resource]
            .into_iter()
            .flatten()
            .any(|name| name == header)
    }

    /// Two keys of the file that name the same header.
    fn duplicates(&self) -> Option<(&'static str, &'static str)> {
        let all = [
            ("limit", &self.limit),
            ("remaining", &self.remaining),
            ("reset", &self.reset),
            ("used", &self.used),
        ];
        let pairs = all.iter().enumerate().flat_map(|(place, first)| {
            let others = all.iter().skip(place.saturating_add(1));
            others.map(move |second| (first, second))
        });
        pairs
            .filter(|((_, first), (_, second))| first.is_some() && first == second)
            .map(|((first, _), (second, _))| (*first, *second))
            .next()
    }

    /// Whether the named headers are enough to state a quota.
    pub(crate) fn tells_a_quota(&self) -> bool {
        [&self.limit, &self.remaining, &self.reset, &self.used]
            .into_iter()
            .any(Option::is_some)
    }
}

/// The longest name of a budget or a header.
const MAX_NAME_BYTES: usize = 63;

/// Reads `window`; `None` if it isn't set.
pub(super) fn window(settings: &mut Settings<'_, '_, '_>) -> Option<Duration> {
    settings.value("window", None, "a time such as \"60s\"", |text| {
        Range::TIME.parse(text).map(Some)
    })
}

/// Reads `rate`; `None` if it isn't set.
pub(super) fn rate(settings: &mut Settings<'_, '_, '_>) -> Option<Rate> {
    settings.value("rate", None, "a rate such as \"3600/h\"", |text| {
        text.parse::<Rate>()
            .map(Some)
            .map_err(|error| error.to_string())
    })
}

/// Reads `headers`: the names of an API's own headers.
pub(super) fn headers(settings: &mut Settings<'_, '_, '_>) -> QuotaHeaders {
    settings
        .section("headers", |headers| {
            let found = QuotaHeaders {
                limit: header(headers, "limit"),
                remaining: header(headers, "remaining"),
                reset: header(headers, "reset"),
                used: header(headers, "used"),
                cost: header(headers, "cost"),
                resource: header(headers, "resource"),
            };
            if let Some((first, second)) = found.duplicates()
                && let Some(entry) = headers.entry(second)
            {
                headers.note(entry.problem(format!(
                    "`{first}` names the same header, which can't have both values"
                )));
            }
            found
        })
        .unwrap_or_default()
}

fn header(settings: &mut Settings<'_, '_, '_>, key: &'static str) -> Option<String> {
    settings.value(
        key,
        None,
        "the name of a header such as \"x-quota-left\"",
        |text| name(text).map(|name| Some(name.to_ascii_lowercase())),
    )
}

/// Checks the name of a budget or a header.
pub(super) fn name(text: &str) -> Result<String, String> {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
    if text.is_empty() || text.len() > MAX_NAME_BYTES || !text.chars().all(is_plain) {
        return Err(
            "a name must have 1 to 63 characters: letters, digits, `.`, `_` and `-`".to_owned(),
        );
    }
    Ok(text.to_owned())
}
