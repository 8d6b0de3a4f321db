//! Dates in the formats that endpoints use.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use jiff::fmt::rfc2822;

/// RFC 3339, also with a space before the zone, or without a zone, which then is UTC; a date of mail or HTTP; or
/// Microsoft's `/Date(1800000060000)/`.
pub(super) fn date(text: &str) -> Option<SystemTime> {
    if let Some(inner) = text.strip_prefix("/Date(") {
        let digits = inner.split([')', '+', '-']).next()?;
        let since = Duration::from_millis(digits.parse().ok()?);
        return UNIX_EPOCH.checked_add(since);
    }
    let timestamp = |text: &str| text.parse::<Timestamp>().ok();
    let in_utc = text
        .strip_suffix("UTC")
        .or_else(|| text.strip_suffix("GMT"))
        .or_else(|| text.strip_suffix('Z'))
        .unwrap_or(text)
        .trim_end();
    timestamp(text)
        .or_else(|| timestamp(&format!("{in_utc}Z")))
        .or_else(|| timestamp(&with_offset(text)?))
        .or_else(|| Some(rfc2822::parse(text).ok()?.timestamp()))
        .and_then(system_time)
        .or_else(|| http_date(text))
}

/// A date of HTTP, also with the dashes that old servers write between its parts.
pub(super) fn http_date(text: &str) -> Option<SystemTime> {
    let parsed = httpdate::parse_http_date(text);
    let with_blanks = || httpdate::parse_http_date(&text.replace('-', " "));
    parsed.or_else(|_| with_blanks()).ok()
}

/// `2026-11-29 17:29:11 +0000` in the form of RFC 3339.
fn with_offset(text: &str) -> Option<String> {
    let (time, offset) = text.split_at_checked(text.len().checked_sub(5)?)?;
    let (hours, minutes) = offset.split_at_checked(3)?;
    let is_offset = hours.starts_with(['+', '-']) && minutes.parse::<u8>().is_ok();
    is_offset.then(|| format!("{}{hours}:{minutes}", time.trim_end()))
}

fn system_time(time: Timestamp) -> Option<SystemTime> {
    let since = u64::try_from(time.as_second()).ok()?;
    UNIX_EPOCH.checked_add(Duration::from_secs(since))
}
