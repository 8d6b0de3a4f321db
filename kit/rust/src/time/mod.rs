//! A point in time in the notations of APIs: RFC 3339, with or without seconds and zone, or the format of HTTP headers.

mod calendar;
mod read;

use std::fmt;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use calendar::{DAY, days_before, length};

/// The first and last second that RFC 3339 can write.
const FIRST: i64 = -62_135_596_800;
const LAST: i64 = 253_402_300_799;

/// A point in time in UTC, to the nanosecond. Its text, also in JSON, is RFC 3339, such as `2024-06-01T12:00:00Z`.
///
/// When a text is parsed, a missing zone means UTC, missing seconds mean 0, and a missing time of day means midnight:
/// `2024-06-01T12:00`, `2024-06-01`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Time {
    seconds: i64,
    nanos: u32,
}

impl Time {
    /// The time `seconds` after the beginning of 1970. It is clamped to the years 1 to 9999.
    #[must_use]
    pub fn from_unix(seconds: i64) -> Self {
        Self {
            seconds: seconds.clamp(FIRST, LAST),
            nanos: 0,
        }
    }

    /// The seconds since the beginning of 1970.
    #[must_use]
    pub fn unix(self) -> i64 {
        self.seconds
    }

    /// The time earlier by `duration`, but not before the year 1.
    #[must_use]
    pub fn before(self, duration: Duration) -> Self {
        self.moved(duration, -1)
    }

    /// The time later by `duration`, but not after the year 9999.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        self.moved(duration, 1)
    }

    /// The duration since `earlier`; zero if `earlier` is the later one.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        let nanos = self.nanos_since_1970() - earlier.nanos_since_1970();
        u64::try_from(nanos.max(0)).map_or(Duration::MAX, Duration::from_nanos)
    }

    fn moved(self, duration: Duration, direction: i128) -> Self {
        let by = i128::try_from(duration.as_nanos()).unwrap_or(i128::MAX / 2);
        Self::from_nanos(self.nanos_since_1970().saturating_add(by * direction))
    }

    fn nanos_since_1970(self) -> i128 {
        i128::from(self.seconds) * 1_000_000_000 + i128::from(self.nanos)
    }

    fn from_nanos(nanos: i128) -> Self {
        let seconds = nanos.div_euclid(1_000_000_000);
        let Ok(seconds) = i64::try_from(seconds) else {
            return Self::from_unix(if nanos < 0 { FIRST } else { LAST });
        };
        Self {
            nanos: u32::try_from(nanos.rem_euclid(1_000_000_000)).unwrap_or(0),
            ..Self::from_unix(seconds)
        }
    }
}

impl From<SystemTime> for Time {
    fn from(time: SystemTime) -> Self {
        let epoch = Self::from_unix(0);
        match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) => epoch.after(since),
            Err(error) => epoch.before(error.duration()),
        }
    }
}

impl fmt::Display for Time {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut day = self.seconds.div_euclid(DAY);
        let second = self.seconds.rem_euclid(DAY);
        // 400 years have 146,097 days; the first guess is off by at most one year.
        let mut year = 1970 + (day * 400).div_euclid(146_097);
        while days_before(year) > day {
            year -= 1;
        }
        while days_before(year + 1) <= day {
            year += 1;
        }
        day -= days_before(year);
        let mut month = 1;
        while day >= length(year, month) {
            day -= length(year, month);
            month += 1;
        }
        let (hour, minute) = (second / 3_600, second / 60 % 60);
        write!(
            formatter,
            "{year:04}-{month:02}-{:02}T{hour:02}:{minute:02}:{:02}",
            day + 1,
            second % 60
        )?;
        match self.nanos {
            0 => {}
            nanos if nanos % 1_000_000 == 0 => write!(formatter, ".{:03}", nanos / 1_000_000)?,
            nanos if nanos % 1_000 == 0 => write!(formatter, ".{:06}", nanos / 1_000)?,
            nanos => write!(formatter, ".{nanos:09}")?,
        }
        formatter.write_str("Z")
    }
}

impl From<Time> for String {
    fn from(time: Time) -> Self {
        time.to_string()
    }
}

/// A text is not a valid time.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TimeError {
    text: String,
}

impl fmt::Display for TimeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{:.40?} is not a valid time; write it like 2024-06-01T12:00:00Z",
            self.text
        )
    }
}

impl std::error::Error for TimeError {}

impl std::str::FromStr for Time {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        Self::iso(text).ok_or_else(|| TimeError {
            text: text.to_owned(),
        })
    }
}

impl TryFrom<String> for Time {
    type Error = TimeError;

    fn try_from(text: String) -> Result<Self, TimeError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests;
