//! Where in a text secrets stand.

use std::collections::BTreeSet;
use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, MatchKind};

use super::needle::{Fit, Needle};

/// Up to so many beginnings, those of a dozen secrets, the automaton is a table: up to twice as fast, but larger.
const MAX_TABLED: usize = 1_000;

/// Finds a set of secrets in all their spellings. It passes over a text once, and looks closer only where one begins.
pub(crate) struct Finder {
    beginnings: AhoCorasick,
    /// The texts of `beginnings`, for what a text's end may be the first bytes of.
    texts: BTreeSet<Vec<u8>>,
    longest_beginning: usize,
    needles: Vec<(Needle, String)>,
}

/// What comes next in a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next<'f> {
    /// No secret.
    Nothing,
    /// No secret before here; what follows may be the beginning of one.
    Unsure(usize),
    /// A secret, and what to write in its place.
    Secret(Range<usize>, &'f str),
}

impl Finder {
    /// Looks for values, each with what is written in its place. None where there are none, or so much of them that no
    /// search can be made.
    pub(super) fn new<'s>(secrets: impl Iterator<Item = (&'s str, &'s str)>) -> Option<Self> {
        let mut needles = Vec::new();
        for (value, mark) in secrets {
            let of_value = Needle::base64(value.as_bytes())
                .into_iter()
                .chain([Needle::plain(value)]);
            needles.extend(of_value.map(|needle| (needle, mark.to_owned())));
        }
        if needles.is_empty() {
            return None;
        }
        let mut texts = BTreeSet::new();
        for (needle, _) in &needles {
            needle.beginnings(&mut texts);
        }
        let is_small = texts.len() <= MAX_TABLED;
        let beginnings = AhoCorasick::builder()
            .kind(is_small.then_some(AhoCorasickKind::DFA))
            .match_kind(MatchKind::LeftmostFirst)
            .build(&texts)
            .inspect_err(|error| tracing::error!(%error, "secrets can't be searched for"))
            .ok()?;
        Some(Self {
            beginnings,
            longest_beginning: texts.iter().map(Vec::len).max().unwrap_or_default(),
            texts,
            needles,
        })
    }

    /// Whether a secret stands in the text.
    pub(crate) fn is_in(&self, text: &[u8]) -> bool {
        matches!(self.next(text, 0, true), Next::Secret(..))
    }

    /// The first secret of `text` that begins at the byte `from` or after it. With `is_last` nothing comes after the
    /// text.
    pub(super) fn next(&self, text: &[u8], from: usize, is_last: bool) -> Next<'_> {
        let mut from = from;
        while let Some(found) = self.beginnings.find(Input::new(text).range(from..)) {
            match self.at(text, found.start(), is_last) {
                (Fit::No, _) => from = found.start() + 1,
                (Fit::Unsure, _) => return Next::Unsure(found.start()),
                (Fit::Until(end), mark) => {
                    return match self.until(text, found.start(), end, is_last) {
                        Some(end) => Next::Secret(found.start()..end, mark),
                        None => Next::Unsure(found.start()),
                    };
                }
            }
        }
        if is_last {
            return Next::Nothing;
        }
        let tail = text
            .len()
            .saturating_sub(self.longest_beginning.saturating_sub(1))
            .max(from);
        (tail..text.len())
            .find(|place| {
                let end = text.get(*place..).unwrap_or_default();
                self.texts
                    .iter()
                    .any(|beginning| beginning.starts_with(end))
            })
            .map_or(Next::Nothing, Next::Unsure)
    }

    /// The longest secret at a place. Unsure where any may still stand there.
    fn at(&self, text: &[u8], start: usize, is_last: bool) -> (Fit, &str) {
        let mut longest = (Fit::No, "");
        for (needle, mark) in &self.needles {
            match (needle.fit(text, start, is_last), longest.0) {
                (Fit::Unsure, _) => return (Fit::Unsure, mark),
                (Fit::Until(end), Fit::Until(other)) if end <= other => {}
                (Fit::Until(end), _) => longest = (Fit::Until(end), mark),
                (Fit::No, _) => {}
            }
        }
        longest
    }

    /// Where what begins at `start` ends, others that overlap it included: the rest of one would be a part of a secret.
    /// None where the text ends too soon to tell.
    fn until(&self, text: &[u8], start: usize, end: usize, is_last: bool) -> Option<usize> {
        let mut end = end;
        let mut place = start + 1;
        while place < end {
            match self.at(text, place, is_last) {
                (Fit::Unsure, _) => return None,
                (Fit::Until(further), _) => end = end.max(further),
                (Fit::No, _) => {}
            }
            place += 1;
        }
        Some(end)
    }
}
