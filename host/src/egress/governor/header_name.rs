//! What the name of a header says of a quota: which quota, and what of it.
//!
//! `x-ratelimit-remaining-minute` is what remains of the quota `x-ratelimit-minute`, which lasts for a minute.

use std::time::Duration;

use super::moment::NumberUnit;

/// Tokens of a name that are looked at.
const MAX_TOKENS: usize = 12;

/// The longest name of a quota that is kept.
pub(super) const MAX_NAME_BYTES: usize = 64;

/// What a header tells of its quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HeaderRole {
    Limit,
    Remaining,
    Used,
    Reset(NumberUnit),
    /// How long the quota lasts.
    Window(NumberUnit),
    /// How many calls come back in a second.
    Refill,
    /// What this call took.
    Cost,
}

/// A header's name taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct QuotaHeaderName {
    /// The name without what it tells: headers with equal ones tell of one quota.
    pub(super) quota: String,
    pub(super) role: HeaderRole,
    /// How long the quota lasts, where the name says so.
    pub(super) window: Option<Duration>,
    /// Whether it counts something else than calls.
    pub(super) is_weighted: bool,
}

impl QuotaHeaderName {
    /// Reads a name in lower case; none where it is no header of a quota.
    pub(super) fn of(name: &str) -> Option<Self> {
        if !is_candidate(name) || name.len() > MAX_NAME_BYTES {
            return None;
        }
        let tokens: Vec<&str> = name
            .split(['-', '_'])
            .flat_map(words)
            .filter(|token| !token.is_empty())
            .take(MAX_TOKENS)
            .collect();
        let is_other = |token: &&str| is_of_no_quota(token) || is_of_other_things(token);
        if tokens.iter().any(is_other) || !is_of_calls(&tokens) {
            return None;
        }
        let is_rate_limit = |place: usize| {
            let before = place.checked_sub(1).and_then(|place| tokens.get(place));
            before == Some(&"rate")
        };
        let found = tokens.iter().enumerate().rev().find_map(|(place, token)| {
            let is_family = *token == "limit" && is_rate_limit(place);
            let role = role(token).filter(|_| !is_family)?;
            Some((place, role))
        });
        let (place, mut role) = found.unwrap_or((usize::MAX, HeaderRole::Limit));
        let mut quota = String::with_capacity(name.len());
        let mut window = None;
        for (number, token) in tokens.iter().enumerate() {
            if number == place {
                continue;
            }
            if is_of_a_time(token) && place != usize::MAX {
                role = role.in_unit(token);
                continue;
            }
            if matches!(role, HeaderRole::Reset(_) | HeaderRole::Window(_))
                && number > place
                && matches!(*token, "seconds" | "secs")
            {
                continue;
            }
            if role == HeaderRole::Refill && *token == "rate" {
                continue;
            }
            window = window.or_else(|| window_of(token));
            if !quota.is_empty() {
                quota.push('-');
            }
            quota.push_str(token);
        }
        Some(Self {
            is_weighted: tokens.iter().any(|token| is_weight(token)),
            quota,
            role,
            window,
        })
    }
}

impl HeaderRole {
    /// As a token of the name says, such as `ms`.
    fn in_unit(self, token: &str) -> Self {
        let is_fine = matches!(token, "ms" | "millis" | "msec" | "milliseconds");
        match self {
            Self::Reset(_) if is_fine => Self::Reset(NumberUnit::Milliseconds),
            Self::Window(_) if is_fine => Self::Window(NumberUnit::Milliseconds),
            other => other,
        }
    }
}

/// Whether a name may be that of a header of a quota. Most names aren't, so this costs next to nothing.
fn is_candidate(name: &str) -> bool {
    const SIGNS: [&str; 6] = [
        "limit",
        "quota",
        "usage",
        "throttl",
        "weight",
        "order-count",
    ];
    !name.starts_with("access-control") && SIGNS.iter().any(|sign| name.contains(sign))
}

fn role(token: &str) -> Option<HeaderRole> {
    Some(match token {
        "limit" | "max" | "maximum" | "total" | "allowed" | "capacity" | "quota" => {
            HeaderRole::Limit
        }
        "remaining" | "remain" | "left" | "available" => HeaderRole::Remaining,
        "used" | "usage" | "consumed" | "current" | "spent" | "count" => HeaderRole::Used,
        "reset" | "resets" | "renew" | "renews" => HeaderRole::Reset(NumberUnit::Seconds),
        "window" | "interval" | "period" => HeaderRole::Window(NumberUnit::Seconds),
        "replenish" | "refill" => HeaderRole::Refill,
        "cost" => HeaderRole::Cost,
        _ => return None,
    })
}

/// The two words of a token that is written without anything between them, as Imgur's `UserRemaining` and Yelp's
/// `ResetTime`; the second one is empty for any other.
fn words(token: &str) -> [&str; 2] {
    let split = ["user", "client", "reset"].into_iter().find_map(|first| {
        let rest = token.strip_prefix(first)?;
        matches!(rest, "limit" | "remaining" | "reset" | "time")
            .then(|| token.split_at_checked(first.len()))?
    });
    split.map_or([token, ""], |(first, second)| [first, second])
}

/// Tokens that go with a time: they say how it is written.
fn is_of_a_time(token: &str) -> bool {
    matches!(
        token,
        "ms" | "millis"
            | "msec"
            | "milliseconds"
            | "after"
            | "at"
            | "in"
            | "on"
            | "time"
            | "timestamp"
            | "epoch"
            | "unix"
            | "utc"
            | "date"
            | "burst"
    )
}

/// Tokens of headers that tell nothing of how much is left.
fn is_of_no_quota(token: &str) -> bool {
    matches!(
        token,
        "retry"
            | "policy"
            | "resource"
            | "bucket"
            | "name"
            | "reason"
            | "scope"
            | "global"
            | "type"
            | "problem"
            | "id"
    )
}

/// Tokens of quotas that calls like the connector's don't spend: of another method, or of what is stored.
fn is_of_other_things(token: &str) -> bool {
    matches!(
        token,
        "post"
            | "put"
            | "patch"
            | "delete"
            | "upload"
            | "uploads"
            | "download"
            | "downloads"
            | "storage"
            | "disk"
            | "file"
            | "files"
            | "size"
            | "bytes"
            | "bandwidth"
    )
}

/// Whether the words of a name say that it is about a quota of calls. `limit` by itself may be one of anything.
fn is_of_calls(tokens: &[&str]) -> bool {
    tokens.iter().enumerate().any(|(place, token)| {
        let before = place.checked_sub(1).and_then(|place| tokens.get(place));
        match *token {
            "limit" | "limits" | "limitation" => before.is_none_or(|before| {
                is_of_a_limit(before) || is_weight(before) || window_of(before).is_some()
            }),
            "ratelimit" | "ratelimits" | "quota" | "quotas" | "usage" | "weight" => true,
            "count" => before == Some(&"order"),
            token => {
                token.starts_with("throttl")
                    || token.strip_suffix("limit").is_some_and(|rest| {
                        is_of_a_limit(rest) || window_of(rest).is_some() || rest.ends_with("rate")
                    })
            }
        }
    })
}

/// Words that stand before `limit` where it is one of calls.
fn is_of_a_limit(token: &str) -> bool {
    matches!(
        token,
        "x" | "rate"
            | "api"
            | "app"
            | "user"
            | "client"
            | "account"
            | "ip"
            | "key"
            | "token"
            | "call"
            | "calls"
            | "request"
            | "requests"
            | "req"
            | "query"
            | "burst"
            | "concurrency"
            | "service"
    )
}

/// Tokens of quotas that count no calls.
fn is_weight(token: &str) -> bool {
    matches!(
        token,
        "weight"
            | "tokens"
            | "complexity"
            | "cost"
            | "points"
            | "credits"
            | "units"
            | "cpu"
            | "score"
            | "usage"
    )
}

/// How long a quota lasts by a token of its name: `minutely`, `24hour`, `1m`, `minlimit`.
fn window_of(token: &str) -> Option<Duration> {
    let token = token.strip_suffix("limit").unwrap_or(token);
    let token = token.strip_prefix("app").unwrap_or(token);
    let digits = token.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = token.split_at(digits);
    let unit = match unit {
        "second" | "seconds" | "secondly" | "sec" => 1,
        "minute" | "minutes" | "minutely" | "min" => 60,
        "hour" | "hours" | "hourly" => 60 * 60,
        "day" | "days" | "daily" => 24 * 60 * 60,
        "week" | "weekly" => 7 * 24 * 60 * 60,
        "month" | "monthly" => 30 * 24 * 60 * 60,
        "s" if digits > 0 => 1,
        "m" if digits > 0 => 60,
        "h" if digits > 0 => 60 * 60,
        "d" if digits > 0 => 24 * 60 * 60,
        _ => return None,
    };
    let number: u64 = if digits == 0 { 1 } else { number.parse().ok()? };
    let seconds = number.checked_mul(unit)?;
    (1..=366 * 24 * 60 * 60)
        .contains(&seconds)
        .then(|| Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests;
