//! Keys that `[rate-limit]` and its quotas share.

use std::time::Duration;

use super::rate::Rate;
use crate::config::range::Range;
use crate::config::settings::Settings;

/// The names of an API's own headers, in lower case; `None` for what it doesn't tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuotaHeaders {
    /// `limit`: how many calls a quota has.
    pub limit: Option<String>,
    /// `remaining`: how many of them are left.
    pub remaining: Option<String>,
    /// `reset`: when it is whole again.
    pub reset: Option<String>,
    /// `used`: how many are spent, alone or with the limit, as `39/40`.
    pub used: Option<String>,
    /// `cost`: how many units of the quota a call took.
    pub cost: Option<String>,
    /// `resource`: which of the API's quotas the call spent.
    pub resource: Option<String>,
}

impl QuotaHeaders {
    /// Whether one of them has this name, in lower case.
    pub(crate) fn names(&self, header: &str) -> bool {
        [&self.limit, &self.remaining, &self.reset, &self.used]
            .into_iter()
            .flatten()
            .any(|name| name == header)
    }

    /// Whether one of those has this name, in lower case, that tell something else than a quota.
    pub(crate) fn names_beside(&self, header: &str) -> bool {
        [&self.cost, &self.resource]
            .into_iter()
            .flatten()
            .any(|name| name == header)
    }

    /// Two keys, as the file has them, that name one header.
    fn twice(&self) -> Option<(&'static str, &'static str)> {
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

    /// Whether what they tell is a quota by itself.
    pub(crate) fn tells_a_quota(&self) -> bool {
        [&self.limit, &self.remaining, &self.reset, &self.used]
            .into_iter()
            .any(Option::is_some)
    }
}

/// The longest name of a budget or a header.
const MAX_NAME_BYTES: usize = 63;

/// `window`: none where it isn't set.
pub(super) fn window(settings: &mut Settings<'_, '_, '_>) -> Option<Duration> {
    settings.value("window", None, "a time such as \"60s\"", |text| {
        Range::TIME.parse(text).map(Some)
    })
}

/// `rate`: none where it isn't set.
pub(super) fn rate(settings: &mut Settings<'_, '_, '_>) -> Option<Rate> {
    settings.value("rate", None, "a rate such as \"3600/h\"", |text| {
        text.parse::<Rate>()
            .map(Some)
            .map_err(|error| error.to_string())
    })
}

/// `headers`: the names of an API's own.
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
            if let Some((first, second)) = found.twice()
                && let Some(entry) = headers.entry(second)
            {
                headers.note(entry.problem(format!(
                    "`{first}` names the same header, which can't tell both"
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

/// A name of a budget or a header as it is written.
pub(super) fn name(text: &str) -> Result<String, String> {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
    if text.is_empty() || text.len() > MAX_NAME_BYTES || !text.chars().all(is_plain) {
        return Err("a name is 1 to 63 letters, digits, `.`, `_` and `-`".to_owned());
    }
    Ok(text.to_owned())
}
