//! Headers that describe several quotas as a list of numbers, one for each quota: `200,2000` of `600,30000`.

use std::time::Duration;

use super::{HeaderFamily, HeaderText};
use crate::egress::governor::amount::{QuotaAmount, is_grouped};

/// More numbers than any such list has.
const MAX_NUMBERS: usize = 8;

/// Lists whose quotas have known windows that follow the clock, by the header for the use. They are Strava's, see
/// <https://developers.strava.com/docs/rate-limits>.
const KNOWN: [(&str, [Duration; 2]); 2] = [
    ("x-ratelimit-usage", STRAVA),
    ("x-readratelimit-usage", STRAVA),
];
const STRAVA: [Duration; 2] = [
    Duration::from_secs(15 * 60),
    Duration::from_secs(24 * 60 * 60),
];

impl<'h> HeaderFamily<'h> {
    /// One family for each number of its lists; the family itself if its headers contain no list.
    pub(in crate::egress::governor) fn apart(self) -> Vec<Self> {
        let Some(stated) = self.remaining.or(self.used) else {
            return vec![self];
        };
        let length = stated.numbers(self.limit);
        if length < 2 {
            return vec![self];
        }
        let known = KNOWN.iter().find(|(name, windows)| {
            self.used.is_some_and(|used| used.name == *name) && windows.len() == length
        });
        let nth = |place| {
            let of = |stated: Option<HeaderText<'h>>| {
                stated.and_then(|stated| stated.nth(place, length))
            };
            let of_time = |stated: Option<(HeaderText<'h>, _)>| {
                let (stated, unit) = stated?;
                Some((stated.nth(place, length)?, unit))
            };
            let is_first = place == 0;
            let window = known.and_then(|(_, windows)| windows.get(place).copied());
            Self {
                quota: if is_first {
                    self.quota.clone()
                } else {
                    format!("{}#{}", self.quota, place.saturating_add(1))
                },
                limit: of(self.limit),
                remaining: of(self.remaining),
                used: of(self.used),
                reset: of_time(self.reset).or(self.reset.filter(|_| is_first)),
                window: of_time(self.window).or(self.window.filter(|_| is_first)),
                refill: of(self.refill),
                length: self.length.filter(|_| is_first).or(window),
                is_of_the_clock: window.is_some(),
                calls: self.calls.filter(|_| is_first),
                is_weighted: self.is_weighted,
                is_of_some_calls: self.is_of_some_calls,
            }
        };
        (0..length).map(nth).collect()
    }
}

impl<'h> HeaderText<'h> {
    /// How many numbers it lists. A number with commas between thousands counts as one, unless the limit next to it
    /// is a list.
    fn numbers(&self, limit: Option<Self>) -> usize {
        let count = |stated: &Self| {
            let mut parts = stated.text.split(',');
            let is_list = parts.clone().count() <= MAX_NUMBERS
                && parts
                    .all(|part| QuotaAmount::of(part).is_some_and(|amount| !amount.is_per_cent));
            if is_list {
                stated.text.split(',').count()
            } else {
                1
            }
        };
        let is_one = |stated: &Self| is_grouped(stated.text);
        let length = count(self);
        let is_of_lists = limit.is_some_and(|limit| !is_one(&limit) && count(&limit) == length);
        if is_one(self) && !is_of_lists {
            1
        } else {
            length
        }
    }

    /// One item of a list of this length.
    fn nth(self, place: usize, length: usize) -> Option<Self> {
        let mut items = self.text.split(',').map(str::trim);
        let is_number = |item: &str| item.starts_with(|letter: char| letter.is_ascii_digit());
        if items.clone().count() != length || !items.clone().all(is_number) {
            return None;
        }
        items.nth(place).map(|text| Self { text, ..self })
    }
}
