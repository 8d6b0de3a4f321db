//! Reads the two notations.

use super::Time;
use super::calendar::{DAY, days};

impl Time {
    /// Reads RFC 3339: a date, `T` or a space, a time with or without a fraction, and `Z` or an offset.
    pub(super) fn rfc3339(text: &str) -> Option<Self> {
        let mut text = Text(text.as_bytes());
        let year = text.number(4)?;
        text.eat(b"-")?;
        let month = text.number(2)?;
        text.eat(b"-")?;
        let day = text.number(2)?;
        text.eat(b"Tt ")?;
        let time = text.time_of_day()?;
        let nanos = text.fraction()?;
        let offset = match text.eat(b"Zz+-")? {
            b'-' => text.offset()?,
            b'+' => -text.offset()?,
            _ => 0,
        };
        let seconds = days(year, month, day)? * DAY + time + offset;
        text.0.is_empty().then_some(Self {
            nanos,
            ..Self::from_unix(seconds)
        })
    }

    /// Reads the form of HTTP's headers: `Wed, 21 Oct 2026 07:28:00 GMT`.
    pub(crate) fn http_date(text: &str) -> Option<Self> {
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

/// The rest of a text that is being read.
struct Text<'a>(&'a [u8]);

impl Text<'_> {
    /// A number of so many digits.
    fn number(&mut self, digits: usize) -> Option<i64> {
        let (number, rest) = self.0.split_at_checked(digits)?;
        self.0 = rest;
        number.iter().try_fold(0, |sum, digit| {
            digit
                .is_ascii_digit()
                .then(|| sum * 10 + i64::from(digit - b'0'))
        })
    }

    /// One of these characters.
    fn eat(&mut self, accepted: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        accepted.contains(first).then_some(*first)
    }

    /// `hh:mm:ss`, in seconds. A leap second counts as the one before it.
    fn time_of_day(&mut self) -> Option<i64> {
        let hours = self.number(2)?;
        self.eat(b":")?;
        let minutes = self.number(2)?;
        self.eat(b":")?;
        let seconds = self.number(2)?;
        (hours < 24 && minutes < 60 && seconds <= 60)
            .then(|| hours * 3_600 + minutes * 60 + seconds.min(59))
    }

    /// `.25`, in nanoseconds; finer digits are dropped. Nothing is nothing.
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

    /// `hh:mm`, in seconds.
    fn offset(&mut self) -> Option<i64> {
        let hours = self.number(2)?;
        self.eat(b":")?;
        let minutes = self.number(2)?;
        (hours < 24 && minutes < 60).then(|| hours * 3_600 + minutes * 60)
    }
}
