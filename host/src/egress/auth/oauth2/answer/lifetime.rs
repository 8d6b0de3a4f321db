//! The lifetime of a token, in the formats that endpoints use.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::{Span, SpanRelativeTo};
use serde_json::Value;

use super::date;
use crate::config::{TimeUnit, parse_duration};

/// The greatest lifetime of a token, whatever the endpoint says.
pub(super) const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// A number in one of these ranges is a time since 1970 within this century, in a unit with this many per second.
const EPOCHS: [(std::ops::Range<f64>, f64); 4] = [
    (1.3e9..5e9, 1.0),
    (1.3e12..5e12, 1e3),
    (1.3e15..5e15, 1e6),
    (1.3e18..5e18, 1e9),
];

/// No token lives for 30 years: such a number is a time since 1970.
const IMPOSSIBLE_SECONDS: f64 = 9.5e8;

/// The remaining lifetime. A number, even one with a fraction or in quotes, is in `unit`, unless it can only be a
/// time since 1970. A date is the token's end. `None` for zero and less, which some endpoints write if a token never
/// expires, for an end in the past, since the clocks may differ, and for anything else.
pub(super) fn left(value: &Value, unit: TimeUnit, now: SystemTime) -> Option<Duration> {
    let number = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => match without_commas(text.trim()).parse::<f64>() {
            Ok(number) => number,
            Err(_) => return date_or_duration(text.trim(), now),
        },
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    if number.is_nan() || number <= 0.0 {
        return None;
    }
    let since_1970 = EPOCHS
        .iter()
        .find(|(range, _)| range.contains(&number))
        .map(|(_, of_a_second)| number / of_a_second);
    match unit {
        TimeUnit::Since1970(unit) => {
            until_epoch(since_1970.unwrap_or(number * unit.as_secs_f64()), now)
        }
        TimeUnit::From(unit) => {
            let seconds = number * unit.as_secs_f64();
            match since_1970.filter(|_| seconds > IMPOSSIBLE_SECONDS) {
                Some(end) => until_epoch(end, now),
                None => Some(bounded(seconds)),
            }
        }
    }
}

/// `3,600` as `3600`.
fn without_commas(text: &str) -> String {
    let mut groups = text.split(',');
    let first = groups
        .next()
        .is_some_and(|group| (1..=3).contains(&group.len()));
    let is_grouped = first && groups.all(|group| group.len() == 3);
    if is_grouped {
        text.replace(',', "")
    } else {
        text.to_owned()
    }
}

fn bounded(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).map_or(LONGEST, |time| time.min(LONGEST))
}

fn until_epoch(seconds: f64, now: SystemTime) -> Option<Duration> {
    let since = Duration::try_from_secs_f64(seconds).ok()?;
    until(UNIX_EPOCH.checked_add(since)?, now)
}

fn until(end: SystemTime, now: SystemTime) -> Option<Duration> {
    let left = end.duration_since(now).ok()?;
    (!left.is_zero()).then(|| left.min(LONGEST))
}

/// A date, or a duration with its unit, such as `60m` or `PT1H`.
fn date_or_duration(text: &str, now: SystemTime) -> Option<Duration> {
    let time = parse_duration(text).ok().or_else(|| iso_duration(text));
    match time {
        Some(time) => (!time.is_zero()).then(|| time.min(LONGEST)),
        None => until(date::date(text)?, now),
    }
}

/// A duration in ISO 8601, in which a day has 24 hours.
fn iso_duration(text: &str) -> Option<Duration> {
    let span: Span = text.strip_prefix('P').and_then(|_| text.parse().ok())?;
    let time = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    time.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lifetime_of_a_token_is_read_in_every_format() {
        let now = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let unit = |seconds| TimeUnit::From(Duration::from_secs(seconds));
        let longest = Some(LONGEST.as_secs_f64());
        for (value, unit, seconds) in [
            ("3600", unit(1), Some(3600.0)),
            ("\"3600\"", unit(1), Some(3600.0)),
            ("\" 3600 \"", unit(1), Some(3600.0)),
            ("3599.5", unit(1), Some(3599.5)),
            ("\"1e3\"", unit(1), Some(1000.0)),
            ("1e300", unit(1), longest),
            ("99999999999999999999", unit(1), longest),
            ("\"inf\"", unit(1), longest),
            ("\"3600s\"", unit(1), Some(3600.0)),
            ("\"1h\"", unit(60), Some(3600.0)),
            ("\"0s\"", unit(1), None),
            ("0", unit(1), None),
            ("-1", unit(1), None),
            ("\"NaN\"", unit(1), None),
            ("\"soon\"", unit(1), None),
            ("\"\"", unit(1), None),
            ("null", unit(1), None),
            ("[3600]", unit(1), None),
            ("true", unit(1), None),
            ("90", unit(60), Some(5400.0)),
            ("\"1.5\"", unit(3600), Some(5400.0)),
            (
                "5400000",
                TimeUnit::From(Duration::from_millis(1)),
                Some(5400.0),
            ),
            ("1800000060", unit(1), Some(60.0)),
            ("\"1800000060000\"", unit(1), Some(60.0)),
            ("1799999999", unit(1), None),
            (
                "1800000060",
                TimeUnit::Since1970(Duration::from_secs(1)),
                Some(60.0),
            ),
            (
                "1800000060000",
                TimeUnit::Since1970(Duration::from_millis(1)),
                Some(60.0),
            ),
            ("\"2027-01-15T08:01:00Z\"", unit(1), Some(60.0)),
            ("\"2027-01-15T09:01:00+01:00\"", unit(60), Some(60.0)),
            ("\"2027-01-15 08:01:00\"", unit(1), Some(60.0)),
            ("\"Fri, 15 Jan 2027 08:01:00 GMT\"", unit(1), Some(60.0)),
            ("\"2020-01-01T00:00:00Z\"", unit(1), None),
            ("\"2027-01-15 08:01:00 UTC\"", unit(1), Some(60.0)),
            ("\"2027-01-15 09:01:00 +0100\"", unit(1), Some(60.0)),
            ("\"2027-01-15T08:01:00+0000\"", unit(1), Some(60.0)),
            ("\"Fri, 15 Jan 2027 08:01:00 +0000\"", unit(1), Some(60.0)),
            ("\"/Date(1800000060000)/\"", unit(1), Some(60.0)),
            ("\"/Date(1800000060000+0000)/\"", unit(1), Some(60.0)),
            ("\"PT1H\"", unit(1), Some(3600.0)),
            ("\"P1DT1S\"", unit(1), Some(86401.0)),
            ("\"PX\"", unit(1), None),
            ("\"3,600\"", unit(1), Some(3600.0)),
            ("\"3,6\"", unit(1), None),
            // More than 30 years is a time since 1970, whatever the unit.
            (
                "1800000060000",
                TimeUnit::From(Duration::from_millis(1)),
                Some(60.0),
            ),
            ("1800000060", unit(60), Some(60.0)),
            ("1800000060000000", unit(1), Some(60.0)),
            (
                "5184000000",
                TimeUnit::From(Duration::from_millis(1)),
                Some(5_184_000.0),
            ),
            (
                "1800000060",
                TimeUnit::Since1970(Duration::from_millis(1)),
                Some(60.0),
            ),
            (
                "1800000060000",
                TimeUnit::Since1970(Duration::from_secs(1)),
                Some(60.0),
            ),
        ] {
            let value: Value = serde_json::from_str(value).expect(value);
            let left = left(&value, unit, now).map(|time| time.as_secs_f64());
            assert_eq!(left, seconds, "{value}");
        }
    }
}
