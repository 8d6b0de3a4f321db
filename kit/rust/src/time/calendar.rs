//! The lengths of years and months.

pub(super) const DAY: i64 = 86_400;

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

pub(super) fn length(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The number of days from 1970-01-01 to January 1 of `year`.
pub(super) fn days_before(year: i64) -> i64 {
    let past = year - 1;
    past * 365 + past / 4 - past / 100 + past / 400 - 719_162
}

pub(super) fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let exists = year >= 1 && (1..=12).contains(&month) && (1..=length(year, month)).contains(&day);
    let in_year: i64 = (1..month).map(|month| length(year, month)).sum();
    exists.then(|| days_before(year) + in_year + day - 1)
}
