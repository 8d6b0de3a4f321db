//! Parses times as warehouses and the kits do. `kit/time.json` has the test cases.

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time};

/// Parses a date (as its midnight), or a date and a time of day, and returns it in UTC: `2026-06-01`,
/// `2026-06-01T12:30`, `2026-06-01 12:30:45.250 +0200`. A text without a zone is in UTC. `None` for anything else, such
/// as a day that doesn't exist.
pub(super) fn read(text: &str) -> Option<DateTime> {
    let (date, rest) = text.split_at_checked("2026-06-01".len())?;
    let date = read_date(date)?;
    if rest.is_empty() {
        return Some(date.into());
    }
    let (clock, rest) = rest
        .strip_prefix(['T', 't', ' '])?
        .split_at_checked("12:30".len())?;
    let (hour, minute) = (number(clock.get(..2)?)?, number(clock.get(3..)?)?);
    let (second, nanosecond, zone) = match rest.strip_prefix(':') {
        Some(rest) => {
            let (second, rest) = rest.split_at_checked(2)?;
            let (nanosecond, zone) = read_fraction(rest)?;
            let second = number(second).filter(|second| *second <= 60)?;
            // A leap second counts as the second before it.
            (second.min(59), nanosecond, zone)
        }
        None => (0, 0, rest),
    };
    let has_colon = clock.as_bytes().get(2) == Some(&b':');
    let time = Time::new(hour, minute, second, nanosecond).ok()?;
    let offset = read_zone(zone).filter(|_| has_colon)?;
    date.to_datetime(time).checked_sub(offset).ok()
}

fn read_date(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || (year.len(), month.len(), day.len()) != (4, 2, 2) {
        return None;
    }
    let year = year
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then_some(year)?;
    let year = year.parse().ok().filter(|year| *year > 0)?;
    Date::new(year, number(month)?, number(day)?).ok()
}

/// Parses a number that consists only of digits.
fn number(text: &str) -> Option<i8> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

/// Parses a fraction such as `.25` into nanoseconds, dropping finer digits. Returns the rest of the text too.
fn read_fraction(text: &str) -> Option<(i32, &str)> {
    let Some(text) = text.strip_prefix('.') else {
        return Some((0, text));
    };
    let rest = text.trim_start_matches(|digit: char| digit.is_ascii_digit());
    let digits = text
        .strip_suffix(rest)
        .filter(|digits| !digits.is_empty())?;
    let nanoseconds = format!("{digits:0<9}");
    Some((nanoseconds.get(..9)?.parse().ok()?, rest))
}

/// Parses `Z`, `UTC`, `GMT` or an offset: `+02:00`, `+0200`, `+02`. An empty text is UTC.
fn read_zone(text: &str) -> Option<SignedDuration> {
    let zone = match text.strip_prefix(' ') {
        // A space must be followed by a zone.
        Some("") => return None,
        Some(zone) => zone,
        None => text,
    };
    if matches!(zone, "" | "Z" | "z" | "UTC" | "GMT") {
        return Some(SignedDuration::ZERO);
    }
    let (sign, offset) = match zone.split_at_checked(1)? {
        ("+", offset) => (1, offset),
        ("-", offset) => (-1, offset),
        _ => return None,
    };
    let (hours, minutes) = match (offset.len(), offset.get(2..3)) {
        (2, _) => (offset, "00"),
        (4, _) => offset.split_at_checked(2)?,
        (5, Some(":")) => (offset.get(..2)?, offset.get(3..)?),
        _ => return None,
    };
    let hours = number(hours).filter(|hours| *hours < 24)?;
    let minutes = number(minutes).filter(|minutes| *minutes < 60)?;
    let seconds = (i32::from(hours) * 60 + i32::from(minutes)) * 60;
    Some(SignedDuration::from_secs(i64::from(seconds * sign)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct TimeTable {
        values: Vec<TimeCase>,
    }

    #[derive(Deserialize)]
    struct TimeCase {
        what: String,
        text: String,
        time: Option<String>,
    }

    #[test]
    fn times_are_read_as_the_kits_table_says() {
        let table = include_str!("../../../../kit/time.json");
        let table: TimeTable = serde_json::from_str(table).unwrap();
        assert!(table.values.len() > 50);
        for TimeCase { what, text, time } in table.values {
            let time = time.map(|time| time.trim_end_matches('Z').parse().unwrap());
            assert_eq!(read(&text), time, "{what}: {text:?}");
        }
    }
}
