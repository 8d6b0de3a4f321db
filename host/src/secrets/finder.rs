//! What secrets are looked for, made ready for the search.

use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use super::automaton::StateTable;
use super::needle::Needles;
use crate::lock::Mutex;

/// Up to so many beginnings, those of a dozen secrets, the search for them is a table: up to twice as fast, but larger.
const MAX_TABLED: usize = 1_000;

/// Finds a set of secrets in all their spellings. It passes over a text once, and looks closer only where one begins.
pub(crate) struct Finder {
    pub(super) needles: Needles,
    /// What is written in each needle's place.
    pub(super) marks: Vec<String>,
    /// The needles as they are, by their first byte.
    pub(super) words: Vec<Vec<Word>>,
    /// Which bytes a needle may begin with, in one of its spellings.
    pub(super) first_bytes: Box<[bool; 256]>,
    pub(super) beginnings: AhoCorasick,
    pub(super) longest_beginning: usize,
    /// State tables that no search uses at the moment.
    pub(super) states: Mutex<Vec<StateTable>>,
}

/// A needle as it is, without escapes: what most secrets are found as, and compared in one go.
pub(super) struct Word {
    pub(super) bytes: Vec<u8>,
    pub(super) mark: String,
    /// Whether nothing is under way at its end, so that it is a secret whatever comes next. Looked at when it is needed.
    pub(super) stands_alone: OnceLock<bool>,
}

impl Finder {
    /// Looks for values, each with what is written in its place. `None` if there are none, or so much of them that no
    /// search can be made.
    pub(super) fn new<'s>(secrets: impl Iterator<Item = (&'s str, &'s str)>) -> Option<Self> {
        let mut needles = Needles::new();
        let mut marks = Vec::new();
        for (value, mark) in secrets {
            let added = needles.add(value);
            marks.extend((0..added).map(|_| mark.to_owned()));
        }
        if needles.is_empty() {
            return None;
        }
        let texts = needles.beginnings();
        let is_small = texts.len() <= MAX_TABLED;
        let beginnings = AhoCorasick::builder()
            .kind(is_small.then_some(AhoCorasickKind::DFA))
            .match_kind(MatchKind::LeftmostFirst)
            .build(&texts)
            .inspect_err(|error| tracing::error!(%error, "secrets can't be searched for"))
            .ok()?;
        let mut words: Vec<Vec<Word>> = (0..256).map(|_| Vec::new()).collect();
        // A value's own text is its last needle, and the one that is found most often.
        let plain: Vec<Vec<u8>> = needles.plain().collect();
        for (bytes, mark) in plain.into_iter().zip(&marks).rev() {
            let first = bytes.first().map(|first| usize::from(*first));
            if let Some(words) = first.and_then(|first| words.get_mut(first)) {
                words.push(Word {
                    bytes,
                    mark: mark.clone(),
                    stands_alone: OnceLock::new(),
                });
            }
        }
        let mut first_bytes = Box::new([false; 256]);
        for first in texts.iter().filter_map(|text| text.first()) {
            if let Some(is_first) = first_bytes.get_mut(usize::from(*first)) {
                *is_first = true;
            }
        }
        Some(Self {
            first_bytes,
            needles,
            marks,
            words,
            beginnings,
            longest_beginning: texts.iter().map(Vec::len).max().unwrap_or_default(),
            states: Mutex::default(),
        })
    }
}
