//! Reproducible pseudo-random choices.

use std::fmt::{self, Display, Formatter};

use jiff::{SignedDuration, Timestamp};
use serde::{Serialize, Serializer};

/// A stream of choices (SplitMix64), seeded with a table and a row.
pub(super) struct Draw(u64);

impl Draw {
    /// The choices for the row at `index` of the table `name`.
    pub(super) fn new(name: &str, index: u64) -> Self {
        let seed = name.bytes().fold(0, |seed: u64, byte| {
            seed.wrapping_mul(31).wrapping_add(byte.into())
        });
        let mut draw = Self(seed ^ index.wrapping_mul(0xA076_1D64_78BD_642F));
        draw.next();
        draw
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from `low` to `high`, both included.
    pub(super) fn between(&mut self, low: u32, high: u32) -> u32 {
        let span = u64::from(high.saturating_sub(low)) + 1;
        let offset = ((self.next() >> 32) * span) >> 32;
        u32::try_from(offset).map_or(low, |offset| low.saturating_add(offset))
    }

    /// A number with one decimal, both bounds given in tenths and included.
    pub(super) fn tenths(&mut self, low: u32, high: u32) -> f64 {
        f64::from(self.between(low, high)) / 10.0
    }

    /// True once in `times`.
    pub(super) fn once_in(&mut self, times: u32) -> bool {
        self.between(1, times) == 1
    }

    /// One of the words.
    pub(super) fn pick<'a>(&mut self, words: &'a [&'a str]) -> &'a str {
        self.pick_some(words, 1).iter().next().unwrap_or_default()
    }

    /// `count` different words, or all if there are fewer, in their own order starting at a random one.
    pub(super) fn pick_some<'a>(&mut self, words: &'a [&'a str], count: usize) -> WordList<'a> {
        let last = u32::try_from(words.len())
            .unwrap_or(u32::MAX)
            .saturating_sub(1);
        let start = self.between(0, last) as usize;
        WordList {
            words,
            start,
            count: count.min(words.len()),
        }
    }

    /// A text of different sentences.
    pub(super) fn prose<'a>(&mut self, sentences: &'a [&'a str], count: usize) -> Prose<'a> {
        Prose(self.pick_some(sentences, count))
    }

    /// A time in the years 2020 to 2022, to the minute.
    pub(super) fn time(&mut self) -> Timestamp {
        let minutes = self.between(0, 3 * 365 * 24 * 60);
        after_start(SignedDuration::from_mins(minutes.into()))
    }
}

/// Words that were drawn; an array in JSON.
#[derive(Clone, Copy)]
pub(super) struct WordList<'a> {
    words: &'a [&'a str],
    start: usize,
    /// At most the number of words.
    count: usize,
}

impl<'a> WordList<'a> {
    pub(super) fn iter(self) -> impl Iterator<Item = &'a str> {
        let words = self.words.iter().cycle().skip(self.start);
        words.take(self.count).copied()
    }
}

impl Serialize for WordList<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

/// Sentences that were drawn; a string in JSON, with spaces between them.
#[derive(Clone, Copy)]
pub(super) struct Prose<'a>(WordList<'a>);

impl Display for Prose<'_> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        for (place, sentence) in self.0.iter().enumerate() {
            if place > 0 {
                formatter.write_str(" ")?;
            }
            formatter.write_str(sentence)?;
        }
        Ok(())
    }
}

impl Serialize for Prose<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The time after this duration since the start of 2020, when the demo's data begins.
pub(super) fn after_start(duration: SignedDuration) -> Timestamp {
    const START: Timestamp = Timestamp::constant(1_577_836_800, 0);
    START.checked_add(duration).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_reach_both_bounds_and_stay_within() {
        let drawn: Vec<u32> = (0..500)
            .map(|index| Draw::new("beers", index).between(3, 7))
            .collect();
        assert_eq!(drawn.iter().min(), Some(&3));
        assert_eq!(drawn.iter().max(), Some(&7));
        assert!(Draw::new("beers", 0).between(0, u32::MAX) > 0);
    }

    #[test]
    fn words_are_distinct_and_from_the_list() {
        let words = ["one", "two", "three"];
        for index in 0..50 {
            let picked = Draw::new("beers", index).pick_some(&words, 2);
            let mut picked: Vec<_> = picked.iter().collect();
            assert!(picked.iter().all(|word| words.contains(word)));
            picked.dedup();
            assert_eq!(picked.len(), 2);
        }
        assert_eq!(Draw::new("beers", 0).pick(&[]), "");
        assert_eq!(Draw::new("beers", 0).pick_some(&words, 9).iter().count(), 3);
    }

    #[test]
    fn words_are_an_array_and_sentences_a_string() {
        let words = ["one \"two\"", "three"];
        let picked = WordList {
            words: &words,
            start: 1,
            count: 2,
        };
        let list = serde_json::to_string(&picked).unwrap();
        assert_eq!(list, r#"["three","one \"two\""]"#);
        let text = serde_json::to_string(&Prose(picked)).unwrap();
        assert_eq!(text, r#""three one \"two\"""#);
    }

    #[test]
    fn times_are_in_the_years_of_the_demo() {
        for index in 0..50 {
            let time = Draw::new("reviews", index).time().to_string();
            assert!(
                ("2020".."2023").contains(&time.as_str()) && time.ends_with(":00Z"),
                "{time}"
            );
        }
    }
}
