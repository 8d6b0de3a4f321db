//! Times in the formats that APIs use in headers, as durations from now on.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::HeaderMap;
use http::header::{self, HeaderName};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::rfc2822;
use jiff::tz::TimeZone;

use crate::config::parse_duration;
use crate::retry_after::RetryAfter;

/// The longest header that contains a time.
const MAX_BYTES: usize = 64;

/// No quota lasts for longer than a month, so a time further ahead is in an unknown unit.
const MOST: Duration = Duration::from_secs(32 * 24 * 60 * 60);

/// .NET's clock at the beginning of 1970, in steps of 100 ns since the year 1.
const TICKS_AT_1970: u64 = 621_355_968_000_000_000;

/// The unit of a small number, which counts from now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NumberUnit {
    Seconds,
    Milliseconds,
}

/// Why a text is not a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum TimeFault {
    #[error("is not a time in any format that the host knows")]
    Unreadable,
    #[error("would be a time more than 32 days ahead in every unit that the host knows")]
    Implausible,
}

/// The current time, by the API and by this machine.
#[derive(Debug, Clone, Copy)]
pub(super) struct ApiClock {
    /// `None` if the API didn't state it.
    api: Option<SystemTime>,
    own: SystemTime,
    /// How old the response was when it arrived: a cache kept it for this long.
    pub(super) age: Duration,
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// How long a response was kept in caches, according to its `Age`.
pub(super) fn age(headers: &HeaderMap) -> Duration {
    text(headers, &header::AGE)
        .and_then(|age| age.trim().parse().ok())
        .map(Duration::from_secs)
        .filter(|age| *age <= MOST)
        .unwrap_or_default()
}

impl ApiClock {
    /// The clock of a response: its `Date`, and the `Age` that it has gained in caches since. `own` is this machine's
    /// clock.
    pub(super) fn of(headers: &HeaderMap, own: SystemTime) -> Self {
        let age = age(headers);
        let api = text(headers, &header::DATE)
            .and_then(|date| httpdate::parse_http_date(date).ok())
            .and_then(|date| date.checked_add(age));
        Self { api, own, age }
    }

    /// The time until the next of the consecutive windows since 1970 begins.
    pub(super) fn until_the_next(&self, window: Duration) -> Duration {
        let now = self.api.unwrap_or(self.own);
        let since_1970 = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let into = since_1970.as_nanos().checked_rem(window.as_nanos());
        let into = into.and_then(|into| u64::try_from(into).ok());
        window.saturating_sub(Duration::from_nanos(into.unwrap_or_default()))
    }

    /// The time until `then`; zero if it is past. Uses this machine's clock if the API's makes no sense.
    fn until(&self, then: SystemTime) -> Result<Duration, TimeFault> {
        [self.api, Some(self.own)]
            .into_iter()
            .flatten()
            .map(|now| then.duration_since(now).unwrap_or_default())
            .find(|left| *left <= MOST)
            .ok_or(TimeFault::Implausible)
    }

    /// The time until the moment that a text names. The text may be a number in this unit from now, a number of
    /// seconds, milliseconds, microseconds or nanoseconds since 1970, a date in any of the usual forms, or a duration
    /// such as `6m0s`. Zero if the moment is past.
    ///
    /// # Errors
    ///
    /// [`TimeFault`]: the text is something else.
    pub(super) fn read(&self, text: &str, unit: NumberUnit) -> Result<Duration, TimeFault> {
        let text = text.trim();
        if text.len() > MAX_BYTES {
            return Err(TimeFault::Unreadable);
        }
        let quotes = ['"', '\''];
        let text = text
            .strip_prefix(quotes)
            .and_then(|text| text.strip_suffix(quotes))
            .unwrap_or(text)
            .trim();
        if let Some((whole, nanoseconds)) = number(text) {
            return self.number(whole.ok_or(TimeFault::Implausible)?, nanoseconds, unit);
        }
        if let Some(date) = date(text) {
            return self.until(date);
        }
        let is_clock = |byte: u8| byte.is_ascii_digit() || byte == b':';
        if text.bytes().all(is_clock) && !text.starts_with("0:") && !text.starts_with("00:") {
            // It would be a duration of hours, but it is a time of day in an unknown zone.
            return Err(TimeFault::Unreadable);
        }
        // jiff's own parser also knows the durations of ISO 8601.
        let duration = parse_duration(text).ok().or_else(|| {
            let signed = text.parse::<jiff::SignedDuration>().ok()?;
            signed.try_into().ok()
        });
        let duration: Duration = duration.ok_or(TimeFault::Unreadable)?;
        if duration > MOST {
            return Err(TimeFault::Implausible);
        }
        Ok(duration)
    }

    /// The meaning of a number: its size shows the unit, since all of these times are in this century.
    fn number(
        &self,
        whole: u64,
        nanoseconds: u32,
        unit: NumberUnit,
    ) -> Result<Duration, TimeFault> {
        const SECONDS: u64 = 1_000_000_000;
        const MOST_SECONDS: u64 = 4 * SECONDS;
        let since_1970 = match whole {
            SECONDS..MOST_SECONDS => Duration::new(whole, nanoseconds),
            1_000_000_000_000..4_000_000_000_000 => Duration::from_millis(whole),
            1_000_000_000_000_000..4_000_000_000_000_000 => Duration::from_micros(whole),
            1_000_000_000_000_000_000..4_000_000_000_000_000_000 => Duration::from_nanos(whole),
            600_000_000_000_000_000..700_000_000_000_000_000 => {
                let ticks = whole.saturating_sub(TICKS_AT_1970);
                Duration::from_micros(ticks / 10)
            }
            _ => {
                let left = match unit {
                    NumberUnit::Seconds => Duration::new(whole, nanoseconds),
                    NumberUnit::Milliseconds => Duration::from_millis(whole),
                };
                return if left <= MOST {
                    Ok(left)
                } else {
                    Err(TimeFault::Implausible)
                };
            }
        };
        let then = UNIX_EPOCH
            .checked_add(since_1970)
            .ok_or(TimeFault::Implausible)?;
        self.until(then)
    }
}

/// The time until the moment that a text names, see [`ApiClock::read`]; `now` is the API's clock. `None` for anything
/// else.
pub(in crate::egress) fn until(text: &str, now: SystemTime) -> Option<Duration> {
    let clock = ApiClock {
        api: None,
        own: now,
        age: Duration::ZERO,
    };
    clock.read(text, NumberUnit::Seconds).ok()
}

/// A number with its fraction in billionths: `30`, `0.5`, `1.79547843E9`. The whole part is `None` beyond 64 bits.
fn number(text: &str) -> Option<(Option<u64>, u32)> {
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if text.contains(['e', 'E']) && text.starts_with(|letter: char| letter.is_ascii_digit()) {
        let number: f64 = text.parse().ok()?;
        let time = Duration::try_from_secs_f64(number).ok();
        return Some((time.map(|time| time.as_secs()), 0));
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    // Nine digits; the rest is cut off.
    let nanoseconds = format!("{fraction:0<9}");
    let nanoseconds = nanoseconds.get(..9)?.parse().ok()?;
    Some((whole.parse().ok(), nanoseconds))
}

/// A date: in one of HTTP's three forms, of RFC 2822, of ISO 8601 with or without a zone, or of the command `date`.
/// Without a zone, it is in UTC.
fn date(text: &str) -> Option<SystemTime> {
    // Most APIs that name the zone write `UTC`, which the date standards don't know.
    let plain = text
        .strip_suffix("UTC")
        .or_else(|| text.strip_suffix("GMT"))
        .map(str::trim_end);
    let in_gmt = plain.map(|plain| format!("{plain} GMT"));
    let with_zone = in_gmt.as_deref().unwrap_or(text);
    if let Some(RetryAfter::Date(date)) = RetryAfter::parse(with_zone) {
        return Some(date);
    }
    let timestamp = rfc2822::DateTimeParser::new()
        .relaxed_weekday(true)
        .parse_timestamp(with_zone)
        .or_else(|_| text.parse::<Timestamp>())
        .or_else(|_| offset_apart(plain.unwrap_or(text)).parse::<Timestamp>())
        .or_else(|_| Timestamp::strptime("%a %b %d %H:%M:%S %z %Y", text))
        .or_else(|_| in_utc(plain.unwrap_or(text).parse::<DateTime>()))
        .or_else(|_| in_utc(DateTime::strptime("%a %b %d %H:%M:%S UTC %Y", text)))
        .or_else(|_| in_utc(DateTime::strptime("%a %b %d %H:%M:%S GMT %Y", text)));
    // Before 1970 is as much in the past as 1970.
    timestamp
        .ok()
        .map(|date| SystemTime::try_from(date).unwrap_or(UNIX_EPOCH))
}

fn in_utc(date: Result<DateTime, jiff::Error>) -> Result<Timestamp, jiff::Error> {
    TimeZone::UTC.to_timestamp(date?)
}

/// `2026-11-29 15:00:00 +0000` without the space before the offset.
fn offset_apart(text: &str) -> String {
    match text.rsplit_once(' ') {
        Some((date, offset)) if offset.starts_with(['+', '-']) => format!("{date}{offset}"),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
