//! Sizes and times as people write them, in files and flags.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use bytesize::ByteSize;
use jiff::fmt::friendly::{SpanParser, SpanPrinter};

/// The longest time that can be written: 365 days. Anything longer is a mistake, and the limit keeps sums of a clock
/// reading and a few times from overflowing.
const MAX_DURATION: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Why a text is not a size or time. Messages don't quote the text, which may have come from a secret's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValueError {
    /// The text is not a number and a unit, or the number is negative.
    #[error("not a size: write a number and a unit such as \"64MiB\" or \"500KiB\"")]
    Size,
    /// The size doesn't fit into 64 bits.
    #[error("too large: a size has less than 16 EiB; write a number and a unit such as \"64MiB\"")]
    SizeTooLarge,
    /// The text is not numbers with units, has a unit longer than an hour, or is negative.
    #[error(
        "not a time: write a number and a unit (ms, s, m or h) such as \"500ms\", \"55s\" or \"2h\""
    )]
    Duration,
    /// The time is longer than a year.
    #[error("too long: write at most a year, \"8760h\"")]
    DurationTooLong,
}

/// Reads a time such as `"55s"`, `"2h"`, `"500ms"` or `"1h 30m"`: zero or more, at most 365 days.
///
/// The syntax is [jiff's friendly one](jiff::fmt::friendly), without days and longer units, whose lengths vary.
///
/// # Errors
///
/// [`ValueError::Duration`] for any other form, [`ValueError::DurationTooLong`] for more than 365 days.
pub fn parse_duration(text: &str) -> Result<Duration, ValueError> {
    let duration = SpanParser::new()
        .parse_unsigned_duration(text)
        .map_err(|_| ValueError::Duration)?;
    if duration > MAX_DURATION {
        Err(ValueError::DurationTooLong)
    } else {
        Ok(duration)
    }
}

/// Reads a size such as `"64MiB"` (units of 2^20 bytes) or `"64MB"` (10^6), in bytes. Fractions are rounded down.
///
/// A number without a unit is refused, as it is for times: someone who writes `64` rarely means bytes.
///
/// # Errors
///
/// [`ValueError::Size`] for any other form, [`ValueError::SizeTooLarge`] for a size that doesn't fit into 64 bits.
pub fn parse_size(text: &str) -> Result<u64, ValueError> {
    if !text.ends_with(|last: char| last.is_ascii_alphabetic()) {
        return Err(ValueError::Size);
    }
    let ByteSize(bytes) = text.parse().map_err(|_| ValueError::Size)?;
    // The library returns the largest number instead of an error.
    if bytes == u64::MAX {
        Err(ValueError::SizeTooLarge)
    } else {
        Ok(bytes)
    }
}

/// Reads a whole number within the range, from a flag.
///
/// # Errors
///
/// The text is not a whole number, or is out of range. The message names the range.
pub fn parse_whole_number<T>(text: &str, range: RangeInclusive<T>) -> Result<T, String>
where
    T: FromStr + PartialOrd + fmt::Display,
{
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(number) if range.contains(&number) => Ok(number),
        _ => {
            let problem = if is_number {
                "out of range"
            } else {
                "not a whole number"
            };
            Err(format!(
                "{problem}: write a number from {} to {}",
                range.start(),
                range.end()
            ))
        }
    }
}

/// Writes a time in the syntax of [`parse_duration`].
pub(crate) fn duration_text(duration: Duration) -> String {
    SpanPrinter::new().unsigned_duration_to_string(&duration)
}

/// Writes a measured time, or one that is left: to a tenth of a second, or to a second from a minute on.
pub(crate) fn wait_text(time: Duration) -> String {
    if time < Duration::from_secs(1) {
        return duration_text(Duration::from_millis(
            time.as_millis().try_into().unwrap_or(u64::MAX),
        ));
    }
    let tenths = time.saturating_add(Duration::from_millis(50)).as_millis() / 100;
    if tenths < 600 {
        let (seconds, rest) = (tenths / 10, tenths % 10);
        return match rest {
            0 => format!("{seconds}s"),
            rest => format!("{seconds}.{rest}s"),
        };
    }
    let seconds = time.saturating_add(Duration::from_millis(500)).as_secs();
    duration_text(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::size_text;

    #[test]
    fn times_are_numbers_with_units() {
        let cases = [
            ("55s", Ok(Duration::from_secs(55))),
            ("2h", Ok(Duration::from_secs(7200))),
            ("2m", Ok(Duration::from_secs(120))),
            ("500ms", Ok(Duration::from_millis(500))),
            ("1.5h", Ok(Duration::from_secs(5400))),
            ("1h 30m", Ok(Duration::from_secs(5400))),
            ("0s", Ok(Duration::ZERO)),
            ("8760h", Ok(MAX_DURATION)),
            ("8761h", Err(ValueError::DurationTooLong)),
            ("99999999999999999999h", Err(ValueError::Duration)),
            ("55", Err(ValueError::Duration)),
            ("-5s", Err(ValueError::Duration)),
            ("5s ago", Err(ValueError::Duration)),
            ("2 fortnights", Err(ValueError::Duration)),
            ("1day", Err(ValueError::Duration)),
            ("off", Err(ValueError::Duration)),
            ("", Err(ValueError::Duration)),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_duration(text), expected, "{text:?}");
        }
    }

    #[test]
    fn sizes_are_numbers_with_units() {
        let cases = [
            ("64MiB", Ok(64 << 20)),
            ("64 MiB", Ok(64 << 20)),
            ("64mib", Ok(64 << 20)),
            ("64MB", Ok(64_000_000)),
            ("1.5KiB", Ok(1536)),
            ("100B", Ok(100)),
            ("0B", Ok(0)),
            ("64", Err(ValueError::Size)),
            ("-1MiB", Err(ValueError::Size)),
            ("MiB", Err(ValueError::Size)),
            ("64MiBs", Err(ValueError::Size)),
            ("1.2.3MiB", Err(ValueError::Size)),
            ("", Err(ValueError::Size)),
            ("16EiB", Err(ValueError::SizeTooLarge)),
            ("99999999999999999999GiB", Err(ValueError::SizeTooLarge)),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_size(text), expected, "{text:?}");
        }
    }

    #[test]
    fn whole_numbers_are_digits_within_their_range() {
        let out_of_range = "out of range: write a number from 1 to 9";
        let no_number = "not a whole number: write a number from 1 to 9";
        let cases = [
            ("1", Ok(1)),
            ("9", Ok(9)),
            ("+9", Ok(9)),
            ("0", Err(out_of_range)),
            ("10", Err(out_of_range)),
            ("-1", Err(out_of_range)),
            ("99999999999999999999999", Err(out_of_range)),
            ("many", Err(no_number)),
            ("1.5", Err(no_number)),
            ("1 ", Err(no_number)),
            ("0x1", Err(no_number)),
            ("-", Err(no_number)),
            ("", Err(no_number)),
        ];
        for (text, expected) in cases {
            let expected: Result<u32, String> = expected.map_err(str::to_owned);
            assert_eq!(parse_whole_number(text, 1..=9), expected, "{text:?}");
        }
    }

    #[test]
    fn measured_times_are_rounded() {
        for (milliseconds, expected) in [
            (0, "0s"),
            (7, "7ms"),
            (999, "999ms"),
            (1_000, "1s"),
            (1_260, "1.3s"),
            (10_040, "10s"),
            (59_940, "59.9s"),
            (59_950, "1m"),
            (90_400, "1m 30s"),
            (7_200_000, "2h"),
        ] {
            let time = Duration::from_millis(milliseconds);
            assert_eq!(wait_text(time), expected, "{milliseconds}");
        }
        assert_eq!(wait_text(Duration::from_nanos(7)), "0s");
    }

    #[test]
    fn written_values_can_be_read() {
        for bytes in [0, 1, 1023, 1024, 1536, 64 << 20, 4 << 30, 5_000_000] {
            assert_eq!(
                parse_size(&size_text(bytes)),
                Ok(bytes),
                "{bytes} bytes: {}",
                size_text(bytes)
            );
        }
        for milliseconds in [0, 1, 999, 1000, 61_500, 86_400_000] {
            let duration = Duration::from_millis(milliseconds);
            assert_eq!(
                parse_duration(&duration_text(duration)),
                Ok(duration),
                "{}",
                duration_text(duration)
            );
        }
    }
}
