//! Headers that tell several quotas as a list of numbers, each a quota of its own: `200,2000` of `600,30000`.

use std::time::Duration;

use super::{HeaderFamily, HeaderText};
use crate::egress::governor::amount::{QuotaAmount, is_grouped};

/// More numbers than any such list has.
const MAX_NUMBERS: usize = 8;

/// Lists of which it is known how long each of their quotas lasts, and that it begins with the clock's: by the header
/// that tells what is used. Strava's, see <https://developers.strava.com/docs/rate-limits>.
const KNOWN: [(&str, [Duration; 2]); 2] = [
    ("x-ratelimit-usage", STRAVA),
    ("x-readratelimit-usage", STRAVA),
];
const STRAVA: [Duration; 2] = [
    Duration::from_secs(15 * 60),
    Duration::from_secs(24 * 60 * 60),
];

impl<'h> HeaderFamily<'h> {
    /// One family for each number of its lists; itself alone if its headers have none.
    pub(in crate::egress::governor) fn apart(self) -> Vec<Self> {
        let Some(told) = self.remaining.or(self.used) else {
            return vec![self];
        };
        let length = told.numbers(self.limit);
        if length < 2 {
            return vec![self];
        }
        let known = KNOWN.iter().find(|(name, windows)| {
            self.used.is_some_and(|used| used.name == *name) && windows.len() == length
        });
        let nth = |place| {
            let of = |told: Option<HeaderText<'h>>| told.and_then(|told| told.nth(place, length));
            let of_time = |told: Option<(HeaderText<'h>, _)>| {
                let (told, unit) = told?;
                Some((told.nth(place, length)?, unit))
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
    /// How many numbers it lists; one for a number with commas between thousands, unless the limit beside it is a list.
    fn numbers(&self, limit: Option<Self>) -> usize {
        let count = |told: &Self| {
            let mut parts = told.text.split(',');
            let is_list = parts.clone().count() <= MAX_NUMBERS
                && parts
                    .all(|part| QuotaAmount::of(part).is_some_and(|amount| !amount.is_per_cent));
            if is_list {
                told.text.split(',').count()
            } else {
                1
            }
        };
        let is_one = |told: &Self| is_grouped(told.text);
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
