//! For how long a token holds, in the forms in which endpoints say it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use serde_json::Value;

use crate::config::{TimeUnit, parse_duration};

/// No token counts for longer, whatever the endpoint says.
pub(super) const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// As a number of seconds from now these are 40 years and more; as a time since 1970 they are within this century.
const EPOCH_SECONDS: std::ops::Range<f64> = 1.3e9..5e9;
const EPOCH_MILLISECONDS: std::ops::Range<f64> = 1.3e12..5e12;

/// The time that is left. A number, also one with a fraction or in quotes, counts in `unit`, unless it can only be a
/// time since 1970; a date is the token's end. `None` for zero and less, which some endpoints write where a token has no
/// end, for an end that is past, since the clocks may differ, and for anything else.
pub(super) fn left(value: &Value, unit: TimeUnit, now: SystemTime) -> Option<Duration> {
    let number = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => match text.trim().parse::<f64>() {
            Ok(number) => number,
            Err(_) => return told(text.trim(), now),
        },
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    if number.is_nan() || number <= 0.0 {
        return None;
    }
    match unit {
        TimeUnit::Since1970(unit) => until_epoch(number * unit.as_secs_f64(), now),
        TimeUnit::From(unit) if unit == Duration::from_secs(1) => {
            if EPOCH_SECONDS.contains(&number) {
                until_epoch(number, now)
            } else if EPOCH_MILLISECONDS.contains(&number) {
                until_epoch(number / 1000.0, now)
            } else {
                Some(bounded(number))
            }
        }
        TimeUnit::From(unit) => Some(bounded(number * unit.as_secs_f64())),
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

/// A date, or a time with its unit, such as `60m`.
fn told(text: &str, now: SystemTime) -> Option<Duration> {
    match parse_duration(text) {
        Ok(time) => (!time.is_zero()).then(|| time.min(LONGEST)),
        Err(_) => until(date(text)?, now),
    }
}

/// RFC 3339, also without a zone, which then is UTC, or a date of HTTP.
fn date(text: &str) -> Option<SystemTime> {
    let timestamp = |text: &str| text.parse::<Timestamp>().ok();
    if let Some(time) = timestamp(text).or_else(|| timestamp(&format!("{text}Z"))) {
        let since = u64::try_from(time.as_second()).ok()?;
        return UNIX_EPOCH.checked_add(Duration::from_secs(since));
    }
    httpdate::parse_http_date(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_token_is_read_in_whatever_form_it_comes() {
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
        ] {
            let value: Value = serde_json::from_str(value).expect(value);
            let left = left(&value, unit, now).map(|time| time.as_secs_f64());
            assert_eq!(left, seconds, "{value}");
        }
    }
}
