//! A time as the API writes it: RFC 3339 in UTC.

use std::fmt;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Time(SystemTime);

impl Time {
    pub fn now() -> Self {
        Self(SystemTime::now())
    }

    pub fn before(self, duration: Duration) -> Self {
        Self(
            self.0
                .checked_sub(duration)
                .unwrap_or(SystemTime::UNIX_EPOCH),
        )
    }
}

impl TryFrom<String> for Time {
    type Error = humantime::TimestampError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        humantime::parse_rfc3339(&text).map(Self)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        humantime::format_rfc3339(self.0).fmt(formatter)
    }
}

impl From<Time> for String {
    fn from(time: Time) -> Self {
        time.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Time {
        text.to_string().try_into().unwrap()
    }

    #[test]
    fn times_are_written_as_they_were_read() {
        for text in [
            "2024-02-29T23:59:60Z",
            "2024-01-01T00:00:00Z",
            "1999-12-31T23:59:59.250000000Z",
        ] {
            let again = time(text).to_string();
            assert_eq!(time(&again), time(text), "{text}");
        }
        assert_eq!(
            time("2024-01-01T00:00:00Z").to_string(),
            "2024-01-01T00:00:00Z"
        );
    }

    #[test]
    fn an_earlier_time_crosses_days_and_years() {
        let minute = Duration::from_secs(60);
        assert_eq!(
            time("2024-01-01T00:00:30Z").before(minute).to_string(),
            "2023-12-31T23:59:30Z"
        );
    }

    #[test]
    fn other_notations_are_refused() {
        for text in ["", "yesterday", "2024-01-01", "2024-01-01T00:00:00+01:00"] {
            assert!(Time::try_from(text.to_string()).is_err(), "{text}");
        }
    }
}
