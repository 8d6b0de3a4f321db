//! The words in the names of quota headers.

use std::time::Duration;

use super::moment::NumberUnit;

/// What a header says about its quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HeaderRole {
    Limit,
    Remaining,
    Used,
    Reset(NumberUnit),
    /// How long the quota lasts.
    Window(NumberUnit),
    /// How many calls are refilled per second.
    Refill,
    /// What this call cost.
    Cost,
}

impl HeaderRole {
    /// The role in the unit that a token of the name says, such as `ms`.
    pub(super) fn in_unit(self, token: &str) -> Self {
        let is_fine = matches!(token, "ms" | "millis" | "msec" | "milliseconds");
        match self {
            Self::Reset(_) if is_fine => Self::Reset(NumberUnit::Milliseconds),
            Self::Window(_) if is_fine => Self::Window(NumberUnit::Milliseconds),
            other => other,
        }
    }
}

pub(super) fn role(token: &str) -> Option<HeaderRole> {
    Some(match token {
        "limit" | "max" | "maximum" | "total" | "allowed" | "capacity" | "quota" => {
            HeaderRole::Limit
        }
        "remaining" | "remain" | "left" | "available" => HeaderRole::Remaining,
        "used" | "usage" | "consumed" | "current" | "spent" | "count" => HeaderRole::Used,
        "reset" | "resets" | "renew" | "renews" => HeaderRole::Reset(NumberUnit::Seconds),
        "window" | "interval" | "period" => HeaderRole::Window(NumberUnit::Seconds),
        "replenish" | "refill" | "fillrate" => HeaderRole::Refill,
        "cost" => HeaderRole::Cost,
        _ => return None,
    })
}

/// The two words of a token that is written without a separator, such as Imgur's `UserRemaining` and Yelp's
/// `ResetTime`; for any other token, the second word is empty.
pub(super) fn words(token: &str) -> [&str; 2] {
    let split = ["user", "client", "reset"].into_iter().find_map(|first| {
        let rest = token.strip_prefix(first)?;
        matches!(rest, "limit" | "remaining" | "reset" | "time")
            .then(|| token.split_at_checked(first.len()))?
    });
    split.map_or([token, ""], |(first, second)| [first, second])
}

/// Tokens that accompany a time and say how it is written.
pub(super) fn is_of_a_time(token: &str) -> bool {
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

/// Tokens of headers that say nothing about the remainder.
pub(super) fn is_of_no_quota(token: &str) -> bool {
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

/// Tokens of quotas that calls like the connector's don't spend: quotas of another method, or of storage.
pub(super) fn is_of_other_things(token: &str) -> bool {
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

/// Whether the words of a name mean a quota of calls. `limit` alone may limit anything.
pub(super) fn is_of_calls(tokens: &[&str]) -> bool {
    tokens.iter().enumerate().any(|(place, token)| {
        let before = place.checked_sub(1).and_then(|place| tokens.get(place));
        match *token {
            "limit" | "limits" | "limitation" => {
                before.is_none_or(|before| {
                    is_of_a_limit(before) || is_weight(before) || window_of(before).is_some()
                }) || tokens.get(place.saturating_add(1)) == Some(&"info")
            }
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

/// Words before `limit` that make it a limit of calls.
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

/// Tokens of quotas that don't count calls.
pub(super) fn is_weight(token: &str) -> bool {
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

/// How long a quota lasts, by a token of its name: `minutely`, `24hour`, `1m`, `minlimit`.
pub(super) fn window_of(token: &str) -> Option<Duration> {
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
