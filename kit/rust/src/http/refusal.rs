//! Detects whether a response refuses a request because of a quota, and for how long.

use std::time::Duration;

use crate::Time;

/// Statuses that waiting doesn't change, whatever time the response gives: they concern the credential, the resource or
/// the method.
const LASTING: [u16; 7] = [401, 404, 405, 407, 410, 451, 501];

/// Statuses with which APIs refuse requests beyond a quota.
const OF_QUOTAS: [u16; 9] = [400, 402, 403, 420, 429, 430, 503, 509, 529];

const MILLISECONDS: [&str; 3] = ["retry-after-ms", "x-retry-after-ms", "x-ms-retry-after-ms"];
const TIMES: [&str; 5] = [
    "retry-after",
    "x-retry-after",
    "x-ratelimit-retry-after",
    "x-rate-limit-retry-after",
    "ratelimit-retry-after",
];

/// From this value on, a number is a time since 1970 in seconds, and from the next one on, in milliseconds.
const EPOCH_SECONDS: u64 = 1_000_000_000;
const EPOCH_MILLISECONDS: u64 = 1_000_000_000_000;

const MILLISECONDS_A_SECOND: u32 = 1000;

/// The API accepts no requests for now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct RateLimit {
    /// For how long, if the response says.
    pub(super) wait: Option<Duration>,
}

/// The rate limit that a response with this status and these headers reports, if any. Header names are in lower case.
pub(super) fn rate_limit(
    status: u16,
    headers: &[(String, String)],
    asked_at: Time,
) -> Option<RateLimit> {
    if status < 400 || LASTING.contains(&status) {
        return None;
    }
    let announced = announced(headers, asked_at);
    let wait = announced.filter(|wait| !wait.is_zero());
    let spent = spent(headers, asked_at);
    let is_spent = OF_QUOTAS.contains(&status) && spent.is_some();
    (matches!(status, 420 | 429) || wait.is_some() || is_spent).then(|| RateLimit {
        wait: wait.or(spent.flatten()).or(announced),
    })
}

/// The wait that a header gives; zero if its time is in the past.
fn announced(headers: &[(String, String)], asked_at: Time) -> Option<Duration> {
    let values = |names: &'static [&str]| {
        let of_name = move |name: &'static str| {
            let found = headers.iter().filter(move |(known, _)| known == name);
            found.map(|(_, value)| value.trim())
        };
        names.iter().copied().flat_map(of_name)
    };
    let resets = headers.iter().filter(|(name, _)| {
        name.contains("ratelimit-reset-after") || name.contains("rate-limit-reset-after")
    });
    let resets = resets.map(|(_, value)| value.trim());
    let has_quota = headers.iter().any(|(name, _)| is_remaining(name));
    let is_spent = !has_quota || spent(headers, asked_at).is_some();
    let mut announced = values(&MILLISECONDS)
        .filter_map(|text| Some(seconds(text)? / MILLISECONDS_A_SECOND))
        .chain(
            values(&TIMES)
                .chain(resets.filter(move |_| is_spent))
                .filter_map(|text| time(text, asked_at)),
        );
    let first = announced.next()?;
    Some(announced.fold(
        first,
        |first, next| if first.is_zero() { next } else { first },
    ))
}

/// Whether a quota is used up, with the time until its reset if a header gives it.
#[expect(
    clippy::option_option,
    reason = "a response may report a used-up quota without its reset"
)]
fn spent(headers: &[(String, String)], asked_at: Time) -> Option<Option<Duration>> {
    let is_spent = |(name, value): &&(String, String)| is_remaining(name) && value.trim() == "0";
    let resets = headers.iter().filter(is_spent).map(|(name, _)| {
        let name = name.replace("remaining", "reset");
        let reset = headers.iter().find(|(known, _)| *known == name);
        reset.and_then(|(_, value)| time(value.trim(), asked_at))
    });
    resets
        .filter(|reset| !reset.is_some_and(|reset| reset.is_zero()))
        .max()
}

/// Whether a header gives what is left of a quota, such as `x-ratelimit-remaining` or `x-ratelimit-minutely-remaining`.
fn is_remaining(name: &str) -> bool {
    name.contains("remaining") && (name.contains("ratelimit") || name.contains("rate-limit"))
}

/// The wait given as a number of seconds, a time since 1970, or a date.
fn time(text: &str, asked_at: Time) -> Option<Duration> {
    let Some(number) = seconds(text) else {
        return Some(Time::of_header(text)?.since(asked_at));
    };
    if number.as_secs() < EPOCH_SECONDS {
        return Some(number);
    }
    let since_1970 = if number.as_secs() < EPOCH_MILLISECONDS {
        number
    } else {
        number / MILLISECONDS_A_SECOND
    };
    Some(Time::from_unix(i64::try_from(since_1970.as_secs()).ok()?).since(asked_at))
}

/// A number of seconds as a duration. It avoids floating-point numbers, since parsing one adds 17 KB of code and
/// tables.
fn seconds(text: &str) -> Option<Duration> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() + fraction.len() == 0 || !are_digits(whole) || !are_digits(fraction) {
        return None;
    }
    let nanoseconds = fraction.bytes().chain(std::iter::repeat(b'0')).take(9);
    let nanoseconds = nanoseconds.fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'));
    let whole = if whole.is_empty() {
        Ok(0)
    } else {
        whole.parse()
    };
    Some(Duration::new(whole.ok()?, nanoseconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Wed, 21 Oct 2026 07:28:00 GMT.
    const NOW: i64 = 1_792_567_680;

    fn limit(status: u16, lines: &[(&str, &str)]) -> Option<RateLimit> {
        let line = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
        let headers: Vec<_> = lines.iter().map(line).collect();
        rate_limit(status, &headers, Time::from_unix(NOW))
    }

    #[test]
    fn refusal_with_a_wait_or_a_spent_quota_is_a_rate_limit() {
        let wait = |milliseconds| {
            let wait = Some(Duration::from_millis(milliseconds));
            Some(RateLimit { wait })
        };
        let unknown = Some(RateLimit { wait: None });
        let spent = ("x-ratelimit-remaining", "0");
        let left = ("x-ratelimit-remaining", "4000");
        for (status, lines, expected) in [
            (403, &[("retry-after", "7"), left][..], wait(7000)),
            (
                403,
                &[("retry-after", "Wed, 21 Oct 2026 07:28:07 GMT")],
                wait(7000),
            ),
            (400, &[("x-retry-after", "1792567687000")], wait(7000)),
            (503, &[("retry-after", "7")], wait(7000)),
            (
                500,
                &[("retry-after-ms", "350"), ("retry-after", "1")],
                wait(350),
            ),
            (529, &[("x-ratelimit-reset-after", "0.5")], wait(500)),
            (
                403,
                &[spent, ("x-ratelimit-reset", "1792567687")],
                wait(7000),
            ),
            (400, &[spent, ("x-ratelimit-reset", "7")], wait(7000)),
            (403, &[spent], unknown),
            (
                400,
                &[
                    left,
                    ("x-ratelimit-minutely-remaining", "0"),
                    ("x-ratelimit-minutely-reset", "7"),
                ],
                wait(7000),
            ),
            (429, &[], unknown),
            (429, &[("retry-after", "0")], wait(0)),
            (
                429,
                &[("retry-after", "0"), spent, ("x-ratelimit-reset", "7")],
                wait(7000),
            ),
            (420, &[], unknown),
        ] {
            assert_eq!(limit(status, lines), expected, "{status} {lines:?}");
        }
    }

    #[test]
    fn numbers_are_read_as_seconds() {
        for (text, milliseconds) in [
            ("0", Some(0)),
            ("7", Some(7000)),
            ("0.5", Some(500)),
            (".25", Some(250)),
            ("1.", Some(1000)),
            ("1.0015", Some(1001)),
            ("0.12345678901234567890", Some(123)),
            ("007", Some(7000)),
            ("", None),
            (".", None),
            ("1.2.3", None),
            ("-1", None),
            ("1e3", None),
            ("+1", None),
            ("99999999999999999999", None),
        ] {
            let read = seconds(text).map(|wait| wait.as_millis());
            assert_eq!(read, milliseconds, "{text}");
        }
    }

    #[test]
    fn other_refusals_are_not_rate_limits() {
        let spent = ("x-ratelimit-remaining", "0");
        for (status, lines) in [
            (403, &[][..]),
            (403, &[("retry-after", "0")]),
            (403, &[("retry-after", "soon")]),
            (
                403,
                &[
                    ("x-ratelimit-remaining", "4000"),
                    ("x-ratelimit-reset", "7"),
                ],
            ),
            (
                403,
                &[
                    ("x-ratelimit-remaining", "1"),
                    ("x-ratelimit-reset-after", "7"),
                ],
            ),
            (403, &[spent, ("x-ratelimit-reset", "1792567600")]),
            (401, &[("retry-after", "7")]),
            (404, &[("retry-after", "7")]),
            (404, &[spent]),
            (422, &[spent]),
            (503, &[]),
            (200, &[("retry-after", "7")]),
        ] {
            assert_eq!(limit(status, lines), None, "{status} {lines:?}");
        }
    }
}
