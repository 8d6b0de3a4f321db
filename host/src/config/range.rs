//! The valid range of a size or time.

use std::time::Duration;

use super::limits::MIN_TIME;
use super::quantity::{duration_text, parse_duration, parse_size};
use crate::report::size_text;

/// The valid range of one key.
#[derive(Clone, Copy)]
pub(super) struct Range<T> {
    least: T,
    most: T,
    /// The operator's flag that sets `most`, if there is one.
    flag: Option<&'static str>,
}

impl<T: PartialOrd + Copy> Range<T> {
    /// The same range with another lower bound.
    pub(super) fn from(self, least: T) -> Self {
        Self { least, ..self }
    }

    /// The same range with another upper bound, which the operator sets with a flag.
    pub(super) fn up_to(self, most: T, flag: &'static str) -> Self {
        Self {
            most,
            flag: Some(flag),
            ..self
        }
    }

    /// Returns a value that is in range, or a message that names the bound, written by `text`.
    fn check(self, value: T, text: fn(T) -> String) -> Result<T, String> {
        if value < self.least {
            return Err(format!(
                "too small: write at least \"{}\"",
                text(self.least)
            ));
        }
        if value <= self.most {
            return Ok(value);
        }
        let most = text(self.most);
        Err(match self.flag {
            Some(flag) => {
                format!(
                    "above the ceiling of \"{most}\": lower the value, or raise {flag} of `serve`, `sync`, `check` or `run`"
                )
            }
            None => format!("too large: write at most \"{most}\""),
        })
    }
}

impl Range<u64> {
    /// A size of at least 1 B that fits into a guest's 32-bit memory.
    pub(super) const SIZE: Self = Self {
        least: 1,
        most: 4 << 30,
        flag: None,
    };

    /// A sum of sizes: from 0, without an upper bound.
    pub(super) const SUM: Self = Self {
        least: 0,
        most: u64::MAX,
        flag: None,
    };

    /// Reads a size within the range.
    pub(super) fn parse(self, text: &str) -> Result<u64, String> {
        let bytes = parse_size(text).map_err(|error| error.to_string())?;
        self.check(bytes, size_text)
    }
}

impl Range<Duration> {
    /// A time of at least [`MIN_TIME`]; [`parse_duration`] checks the upper bound.
    pub(super) const TIME: Self = Self {
        least: MIN_TIME,
        most: Duration::MAX,
        flag: None,
    };

    /// Reads a time within the range.
    pub(super) fn parse(self, text: &str) -> Result<Duration, String> {
        let time = parse_duration(text).map_err(|error| error.to_string())?;
        self.check(time, duration_text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_are_within_the_range() {
        let range = Range::SIZE.from(64 << 10).up_to(1 << 20, "--max-memory");
        let ceiling = "above the ceiling of \"1MiB\": lower the value, or raise --max-memory of `serve`, `sync`, `check` or `run`";
        let cases = [
            ("64KiB", Ok(64 << 10)),
            ("1MiB", Ok(1 << 20)),
            ("65535B", Err("too small: write at least \"64KiB\"")),
            ("1048577B", Err(ceiling)),
        ];
        for (text, expected) in cases {
            assert_eq!(range.parse(text), expected.map_err(str::to_owned), "{text}");
        }
    }
}
