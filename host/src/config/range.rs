//! Which sizes and times make sense for a key.

use std::time::Duration;

use super::limits::MIN_TIME;
use super::quantity::{duration_text, parse_duration, parse_size, size_text};

/// The values that make sense for one key.
#[derive(Clone, Copy)]
pub(super) struct Range<T> {
    least: T,
    most: T,
    /// The operator's flag that sets `most`, if one does.
    flag: Option<&'static str>,
}

impl<T: PartialOrd + Copy> Range<T> {
    /// The same values, and all below them down to this one.
    pub(super) fn from(self, least: T) -> Self {
        Self { least, ..self }
    }

    /// The same values up to a ceiling, which the operator sets with a flag.
    pub(super) fn up_to(self, most: T, flag: &'static str) -> Self {
        Self {
            most,
            flag: Some(flag),
            ..self
        }
    }

    /// Takes a value that is in range; otherwise says which would be, in words that `text` writes.
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
                format!("above the ceiling of \"{most}\": lower it, or raise the server's {flag}")
            }
            None => format!("too large: write at most \"{most}\""),
        })
    }
}

impl Range<u64> {
    /// The size of something that is not empty and fits into a guest's 32-bit memory.
    pub(super) const SIZE: Self = Self {
        least: 1,
        most: 4 << 30,
        flag: None,
    };

    /// What may add up without end, from nothing.
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
    /// A time in which something can happen; [`parse_duration`] knows the longest.
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
        let ceiling = "above the ceiling of \"1MiB\": lower it, or raise the server's --max-memory";
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
