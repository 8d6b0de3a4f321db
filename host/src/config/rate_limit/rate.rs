//! The syntax of a rate.

use std::str::FromStr;
use std::time::Duration;

use crate::config::quantity::parse_duration;

/// A number of calls per time: `"3600/h"`, `"10/s"`, `"100/15m"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// At least 1.
    pub calls: u32,
    /// From 1 ms to a year.
    pub period: Duration,
}

/// Why a text is not a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RateError {
    /// The text is not a number, a slash and a time.
    #[error(
        "not a rate: write a number of calls, a slash and a time, such as \"3600/h\", \"10/s\" or \"100/15m\""
    )]
    Form,
    /// The number of calls is 0.
    #[error("the rate is zero: write at least one call, such as \"1/h\"")]
    NoCalls,
    /// The number of calls is a fraction.
    #[error(
        "the rate is less than one call: write one call in a longer time, such as \"1/2s\" for \"0.5/s\""
    )]
    Part,
}

impl FromStr for Rate {
    type Err = RateError;

    /// # Errors
    ///
    /// [`RateError::Form`] and [`RateError::NoCalls`].
    fn from_str(text: &str) -> Result<Self, RateError> {
        let (calls, period) = text.split_once('/').ok_or(RateError::Form)?;
        let is_part = calls
            .trim()
            .parse()
            .is_ok_and(|calls: f64| calls > 0.0 && calls < 1.0);
        if is_part {
            return Err(RateError::Part);
        }
        let calls: u32 = calls.trim().parse().map_err(|_| RateError::Form)?;
        let period = match period.trim() {
            "d" => Ok(Duration::from_secs(24 * 60 * 60)),
            unit @ ("ms" | "s" | "m" | "h") => parse_duration(&format!("1{unit}")),
            period => parse_duration(period),
        }
        .ok()
        .filter(|period| *period >= Duration::from_millis(1))
        .ok_or(RateError::Form)?;
        if calls == 0 {
            return Err(RateError::NoCalls);
        }
        Ok(Self { calls, period })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_calls_and_a_time() {
        let rate = |calls, seconds| {
            Ok(Rate {
                calls,
                period: Duration::from_secs(seconds),
            })
        };
        let cases = [
            ("3600/h", rate(3600, 3600)),
            ("10/s", rate(10, 1)),
            ("90 / m", rate(90, 60)),
            ("1000/d", rate(1000, 24 * 60 * 60)),
            ("100/15m", rate(100, 15 * 60)),
            ("1/1h 30m", rate(1, 90 * 60)),
            ("4294967295/s", rate(u32::MAX, 1)),
            ("0/s", Err(RateError::NoCalls)),
            ("10", Err(RateError::Form)),
            ("10/", Err(RateError::Form)),
            ("/s", Err(RateError::Form)),
            ("10/0s", Err(RateError::Form)),
            ("10/9000h", Err(RateError::Form)),
            ("-1/s", Err(RateError::Form)),
            ("1.5/s", Err(RateError::Form)),
            ("0.5/s", Err(RateError::Part)),
            ("4294967296/s", Err(RateError::Form)),
            ("10/fortnight", Err(RateError::Form)),
            ("10/s/s", Err(RateError::Form)),
            ("", Err(RateError::Form)),
        ];
        for (text, expected) in cases {
            assert_eq!(text.parse(), expected, "{text:?}");
        }
    }
}
