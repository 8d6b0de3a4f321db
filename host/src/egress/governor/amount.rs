//! Numbers as APIs write them in quota headers: `100`, `39/40`, `28%`, `100 per minute`, `100:120`.

use std::time::Duration;

use crate::config::parse_duration;

/// A number of calls or units, with the values next to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct QuotaAmount {
    /// The first number, without its fraction. Negative numbers become 0; numbers beyond 64 bits become the maximum.
    pub(super) first: u64,
    /// The number after a slash.
    pub(super) second: Option<u64>,
    /// The period of the first number if it is a rate.
    pub(super) period: Option<Duration>,
    /// Whether it is a percentage.
    pub(super) is_per_cent: bool,
}

impl QuotaAmount {
    /// Reads a header's value: the first one of a list, without its parameters except for the window of `100;w=60`.
    /// `None` for anything else.
    pub(super) fn of(text: &str) -> Option<Self> {
        if let Some(first) = grouped(text) {
            return Some(Self {
                first,
                ..Self::default()
            });
        }
        let mut parts = text.split(',').next()?.split(';');
        let text = parts.next()?.trim().trim_matches('"').trim();
        let window = parts
            .filter_map(|part| part.trim().strip_prefix("w="))
            .find_map(|seconds| seconds.trim().parse().ok())
            .filter(|seconds| *seconds > 0)
            .map(Duration::from_secs);
        if let Some(first) = count(text) {
            return Some(Self {
                first,
                period: window,
                ..Self::default()
            });
        }
        if let Some(part) = text.strip_suffix('%') {
            return Some(Self {
                first: count(part.trim())?,
                second: Some(100),
                is_per_cent: true,
                ..Self::default()
            });
        }
        // A number of calls, and the seconds that they are for.
        let calls_and_seconds = text.split_once(':');
        if let Some((calls, seconds)) = calls_and_seconds {
            let seconds = count(seconds.trim()).filter(|seconds| *seconds > 0)?;
            return Some(Self {
                first: count(calls.trim())?,
                period: Some(Duration::from_secs(seconds)),
                ..Self::default()
            });
        }
        let (first, after) = ["/", " per ", " of "]
            .into_iter()
            .find_map(|between| text.split_once(between))?;
        let first = count(first.trim())?;
        let after = after.trim();
        let (second, period) = match count(after) {
            Some(second) => (Some(second), None),
            None => (None, Some(period(after)?)),
        };
        Some(Self {
            first,
            second,
            period,
            is_per_cent: false,
        })
    }
}

/// Whether a text is a number with commas between thousands.
pub(super) fn is_grouped(text: &str) -> bool {
    grouped(text).is_some()
}

/// A number with commas between thousands: `1,000`.
fn grouped(text: &str) -> Option<u64> {
    let (first, rest) = text.trim().split_once(',')?;
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_first = (1..=3).contains(&first.len()) && is_digits(first) && !first.starts_with('0');
    let is_rest = rest
        .split(',')
        .all(|group| group.len() == 3 && is_digits(group));
    if !is_first || !is_rest {
        return None;
    }
    count(&text.trim().replace(',', ""))
}

/// A time as a single word, or a number and a unit.
fn period(text: &str) -> Option<Duration> {
    let seconds = match text {
        "s" | "sec" | "second" => 1,
        "m" | "min" | "minute" => 60,
        "h" | "hr" | "hour" => 60 * 60,
        "d" | "day" => 24 * 60 * 60,
        text => {
            let duration = parse_duration(text).ok();
            return duration.filter(|duration| !duration.is_zero());
        }
    };
    Some(Duration::from_secs(seconds))
}

/// A whole number; a fraction is cut off.
pub(super) fn count(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
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
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_in_every_form() {
        let plain = |first| QuotaAmount {
            first,
            ..QuotaAmount::default()
        };
        let each = |first, seconds| QuotaAmount {
            period: Some(Duration::from_secs(seconds)),
            ..plain(first)
        };
        let of = |first, second| QuotaAmount {
            second: Some(second),
            ..plain(first)
        };
        for (text, expected) in [
            ("100", plain(100)),
            (" 100 ", plain(100)),
            ("\"100\"", plain(100)),
            ("7.9", plain(7)),
            ("-3", plain(0)),
            ("99999999999999999999999", plain(u64::MAX)),
            ("100, 100;w=60", plain(100)),
            ("1,000", plain(1000)),
            ("12,345,678", plain(12_345_678)),
            ("200,2000", plain(200)),
            ("100, 200", plain(100)),
            ("0,200", plain(0)),
            ("100;w=60", each(100, 60)),
            ("39/40", of(39, 40)),
            ("39 / 40", of(39, 40)),
            ("32.0/40.0", of(32, 40)),
            ("3 of 10", of(3, 10)),
            ("100/minute", each(100, 60)),
            ("100/s", each(100, 1)),
            ("5 per 10s", each(5, 10)),
            ("100 per hour", each(100, 3600)),
            ("100:120", each(100, 120)),
            ("20:1,100:120", each(20, 1)),
            (
                "28%",
                QuotaAmount {
                    is_per_cent: true,
                    ..of(28, 100)
                },
            ),
        ] {
            assert_eq!(QuotaAmount::of(text), Some(expected), "{text:?}");
        }
        for text in [
            "", "many", "1/2/3", "/", "1/", "/1", "1 2", "%", "1/x", "1/0s", "1:", ":1", "1:0",
            "1:2:3",
        ] {
            assert_eq!(QuotaAmount::of(text), None, "{text:?}");
        }
    }
}
