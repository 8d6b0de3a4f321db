//! Times as APIs write them in headers: how long from now on.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

use crate::config::parse_duration;
use crate::retry_after::RetryAfter;

/// From here on a number of seconds is a time since 1970, in seconds or milliseconds: as a time from now it would be
/// 31 years, as a time since 1970 it was in the year 2001.
const EPOCH_SECONDS: u64 = 1_000_000_000;
const EPOCH_MILLISECONDS: u64 = 1_000_000_000_000;

/// No header that says a time is longer.
const MAX_BYTES: usize = 64;

/// How long it is until the time that a text names: a number of seconds from now, of seconds or milliseconds since
/// 1970, a date (HTTP's or RFC 3339's), or a duration such as `6m0s`. Zero for what is past; none for anything else.
///
/// `now` is the API's clock where it told it, since the two may differ.
pub(in crate::egress) fn until(text: &str, now: SystemTime) -> Option<Duration> {
    let text = text.trim();
    if text.len() > MAX_BYTES {
        return None;
    }
    let left = |then: SystemTime| then.duration_since(now).unwrap_or_default();
    let number = match RetryAfter::parse(text) {
        Some(RetryAfter::Date(date)) => return Some(left(date)),
        // More digits than fit are no time at all.
        Some(RetryAfter::Seconds(whole)) => Some(Duration::from_secs(whole?)),
        None => fractional_seconds(text),
    };
    if let Some(number) = number {
        return Some(match number.as_secs() {
            0..EPOCH_SECONDS => number,
            EPOCH_SECONDS..EPOCH_MILLISECONDS => UNIX_EPOCH.checked_add(number).map(left)?,
            milliseconds => UNIX_EPOCH
                .checked_add(Duration::from_millis(milliseconds))
                .map(left)?,
        });
    }
    if let Ok(date) = text.parse::<Timestamp>() {
        return Some(SystemTime::try_from(date).map(left).unwrap_or_default());
    }
    parse_duration(text).ok()
}

/// A number of seconds with a fraction: `0.5`.
fn fractional_seconds(text: &str) -> Option<Duration> {
    let (whole, fraction) = text.split_once('.')?;
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    // Nanoseconds: nine digits, the rest is cut off.
    let nanoseconds = format!("{fraction:0<9}")
        .get(..9)
        .and_then(|digits| digits.parse().ok())?;
    Some(Duration::new(whole.parse().ok()?, nanoseconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 2026-11-24T00:00:00Z.
    const NOW: u64 = 1_795_478_400;

    fn now() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(NOW)
    }

    #[test]
    fn a_time_is_read_in_every_spelling() {
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        let cases = [
            ("0", seconds(0)),
            ("30", seconds(30)),
            (" 30 ", seconds(30)),
            ("0.5", Some(Duration::from_millis(500))),
            ("1.0000000009", seconds(1)),
            ("99999999", seconds(99_999_999)),
            ("1795478430", seconds(30)),
            ("1795478430.25", Some(Duration::from_millis(30_250))),
            ("1795478430250", Some(Duration::from_millis(30_250))),
            ("1795478399", seconds(0)),
            ("Tue, 24 Nov 2026 00:00:30 GMT", seconds(30)),
            ("Mon, 23 Nov 2026 00:00:30 GMT", seconds(0)),
            ("Thu, 01 Jan 1970 00:00:00 GMT", seconds(0)),
            ("2026-11-24T00:00:30Z", seconds(30)),
            ("2026-11-24T01:00:30+01:00", seconds(30)),
            ("1970-01-01T00:00:00Z", seconds(0)),
            ("6m0s", seconds(360)),
            ("20ms", Some(Duration::from_millis(20))),
            ("-1", None),
            ("1e9", None),
            ("30.", seconds(30)),
            (".5", None),
            ("1.2.3", None),
            ("soon", None),
            ("NaN", None),
            ("", None),
            ("99999999999999999999999", None),
        ];
        for (text, expected) in cases {
            assert_eq!(until(text, now()), expected, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_more_than_a_time(text in "\\PC{0,80}", seconds in 0..=u64::MAX / 2) {
            let now = UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).unwrap_or(UNIX_EPOCH);
            let _none_or_some = until(&text, now);
        }

        #[test]
        fn no_number_overflows(number in any::<u64>(), fraction in "[0-9]{0,12}") {
            let left = until(&format!("{number}.{fraction}"), now());
            if let Some(left) = left && number >= EPOCH_SECONDS {
                prop_assert!(left <= Duration::from_secs(u64::MAX / 1000));
            }
        }
    }
}
