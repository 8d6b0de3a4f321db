//! Parses the two notations.

use super::Time;
use super::calendar::{DAY, days};

impl Time {
    /// Parses RFC 3339 and the shorter forms that APIs write. The text is a date, or a date, `T` or a space, and a time
    /// of day: hours and minutes, with or without seconds, which may have a fraction. A zone may follow: `Z`, `UTC`,
    /// `GMT` or an offset. Without a zone the time is in UTC.
    pub(super) fn iso(text: &str) -> Option<Self> {
        let mut text = Text(text.as_bytes());
        let year = text.number(4)?;
        text.eat(b"-")?;
        let month = text.number(2)?;
        text.eat(b"-")?;
        let day = text.number(2)?;
        let midnight = days(year, month, day)? * DAY;
        if text.0.is_empty() {
            return Some(Self::from_unix(midnight));
        }
        text.eat(b"Tt ")?;
        let (time, nanos) = text.clock()?;
        let offset = text.zone()?;
        text.0.is_empty().then_some(Self {
            nanos,
            ..Self::from_unix(midnight + time - offset)
        })
    }

    /// Parses a date in a header, in HTTP's format or that of [`iso`](Self::iso).
    pub(crate) fn of_header(text: &str) -> Option<Self> {
        Self::http_date(text).or_else(|| Self::iso(text.trim()))
    }

    /// Parses the date format of HTTP headers: `Wed, 21 Oct 2026 07:28:00 GMT`.
    pub(super) fn http_date(text: &str) -> Option<Self> {
        const MONTHS: [&str; 12] = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ];
        let (_, text) = text.trim().split_once(", ")?;
        let mut words = text.split(' ');
        let day = Text(words.next()?.as_bytes()).number(2)?;
        let name = words.next()?;
        let month = (1..).zip(MONTHS).find(|(_, month)| *month == name)?.0;
        let year = Text(words.next()?.as_bytes()).number(4)?;
        let time = Text(words.next()?.as_bytes()).time_of_day()?;
        (words.next() == Some("GMT")).then_some(())?;
        Some(Self::from_unix(days(year, month, day)? * DAY + time))
    }
}

/// The unread rest of a text.
struct Text<'a>(&'a [u8]);

impl Text<'_> {
    /// Reads a number with this many digits.
    fn number(&mut self, digits: usize) -> Option<i64> {
        let (number, rest) = self.0.split_at_checked(digits)?;
        self.0 = rest;
        number.iter().try_fold(0, |sum, digit| {
            digit
                .is_ascii_digit()
                .then(|| sum * 10 + i64::from(digit - b'0'))
        })
    }

    /// Reads one of these characters.
    fn eat(&mut self, accepted: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        accepted.contains(first).then_some(*first)
    }

    /// Reads `hh:mm:ss`, in seconds. A leap second counts as the second before it.
    fn time_of_day(&mut self) -> Option<i64> {
        let minutes = self.minutes()?;
        self.eat(b":")?;
        let seconds = self.number(2)?;
        (seconds <= 60).then(|| minutes * 60 + seconds.min(59))
    }

    /// Reads `hh:mm`, in minutes.
    fn minutes(&mut self) -> Option<i64> {
        let hours = self.number(2)?;
        self.eat(b":")?;
        let minutes = self.number(2)?;
        (hours < 24 && minutes < 60).then(|| hours * 60 + minutes)
    }

    /// Reads `hh:mm` or `hh:mm:ss`, in seconds and nanoseconds. Only the second form may have a fraction.
    fn clock(&mut self) -> Option<(i64, u32)> {
        let rest = self.0;
        let minutes = self.minutes()?;
        if !self.0.starts_with(b":") {
            return Some((minutes * 60, 0));
        }
        self.0 = rest;
        Some((self.time_of_day()?, self.fraction()?))
    }

    /// Reads `Z`, `UTC`, `GMT`, `+hh:mm`, `+hhmm` or `+hh`, with or without a space before it, in seconds. A missing
    /// zone is UTC.
    fn zone(&mut self) -> Option<i64> {
        let has_space = self.0.first() == Some(&b' ');
        if has_space {
            self.eat(b" ")?;
        }
        if self.0.is_empty() {
            return (!has_space).then_some(0);
        }
        if let b"Z" | b"z" | b"UTC" | b"GMT" = self.0 {
            self.0 = &[];
            return Some(0);
        }
        let sign = if self.eat(b"+-")? == b'-' { -1 } else { 1 };
        let hours = self.number(2)?;
        if self.0.first() == Some(&b':') {
            self.eat(b":")?;
        } else if self.0.is_empty() {
            return (hours < 24).then_some(sign * hours * 3_600);
        }
        let minutes = self.number(2)?;
        (hours < 24 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
    }

    /// Reads a fraction such as `.25`, in nanoseconds; finer digits are dropped. A missing fraction is 0.
    fn fraction(&mut self) -> Option<u32> {
        let Some(rest) = self.0.strip_prefix(b".") else {
            return Some(0);
        };
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = rest
            .split_at_checked(digits)
            .filter(|(digits, _)| !digits.is_empty())?;
        self.0 = rest;
        let places = digits.iter().copied().chain(std::iter::repeat(b'0'));
        Some(
            places
                .take(9)
                .fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0')),
        )
    }
}
