//! What secrets are looked for, made ready for the search.

use std::collections::HashSet;
use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use super::automaton::StateTable;
use super::lines::lines;
use super::needle::Needles;
use crate::lock::Mutex;

/// Up to so many beginnings, those of a dozen secrets, the search for them is a table: up to twice as fast, but larger.
const MAX_TABLED: usize = 1_000;

/// The most characters of a value that is looked for as a whole.
const MAX_WHOLE: usize = 512;

/// How many characters of a longer one are a piece, and how many of them are the next one's, too: so many that no character
/// of base64 between two pieces belongs to neither.
const PIECE: usize = 256;
const SHARED: usize = 8;

/// Finds a set of secrets in all their spellings. It passes over a text once, and looks closer only where one begins.
pub(crate) struct Finder {
    pub(super) needles: Needles,
    /// What is written in each needle's place.
    pub(super) marks: Vec<String>,
    /// The needles as they are, by their first byte.
    pub(super) words: Vec<Vec<Word>>,
    /// Which two bytes a needle may begin with, in one of its spellings.
    pub(super) first_pairs: BytePairs,
    pub(super) beginnings: AhoCorasick,
    pub(super) longest_beginning: usize,
    /// State tables that no search uses at the moment.
    pub(super) states: Mutex<Vec<StateTable>>,
}

/// A needle as it is, without escapes: what most secrets are found as, and compared in one go.
pub(super) struct Word {
    pub(super) bytes: Vec<u8>,
    pub(super) mark: String,
    /// Which bytes may come next, so that it is a secret by itself. Looked at when it is needed.
    pub(super) followers: OnceLock<[bool; 256]>,
}

/// A set of pairs of bytes: a bit for each.
pub(super) struct BytePairs(Box<[[u64; 4]; 256]>);

impl BytePairs {
    /// The pairs that one of these texts may begin with.
    fn beginning<'t>(texts: impl Iterator<Item = &'t Vec<u8>>) -> Self {
        let mut pairs = Box::new([[0; 4]; 256]);
        for text in texts {
            let row = text
                .first()
                .and_then(|first| pairs.get_mut(usize::from(*first)));
            let Some(row) = row else { continue };
            match text.get(1) {
                Some(second) => {
                    if let Some(bits) = row.get_mut(usize::from(second >> 6)) {
                        *bits |= 1 << (second & 63);
                    }
                }
                None => *row = [u64::MAX; 4],
            }
        }
        Self(pairs)
    }

    #[inline]
    pub(super) fn has(&self, first: u8, second: u8) -> bool {
        let row = self.0.get(usize::from(first));
        let bits = row.and_then(|row| row.get(usize::from(second >> 6)));
        bits.is_some_and(|bits| bits >> (second & 63) & 1 == 1)
    }
}

/// What is looked for of a value. A long one is looked for piece by piece, since what is under way of one that overlaps
/// itself grows with the square of its length; one that is found whole is still one, since its pieces overlap.
fn pieces(value: &str) -> impl Iterator<Item = &str> {
    let mut places: Vec<usize> = value.char_indices().map(|(place, _)| place).collect();
    places.push(value.len());
    let characters = places.len() - 1;
    let (size, last) = if characters <= MAX_WHOLE {
        (characters, 0)
    } else {
        (PIECE, characters - PIECE)
    };
    let begins = (0..last).step_by(PIECE - SHARED).chain([last]);
    let pieces: Vec<&str> = begins
        .filter_map(|begin| value.get(*places.get(begin)?..*places.get(begin + size)?))
        .collect();
    pieces.into_iter()
}

impl Finder {
    /// Looks for values, each with what is written in its place. `None` if there are none, or so much of them that no
    /// search can be made.
    pub(super) fn new<'s>(secrets: impl Iterator<Item = (&'s str, &'s str)>) -> Option<Self> {
        let mut needles = Needles::new();
        let mut marks = Vec::new();
        for (value, mark) in secrets {
            let lines = lines(value);
            let texts = std::iter::once(value).chain(lines.iter().map(String::as_str));
            let mut seen = HashSet::new();
            for piece in texts.flat_map(pieces).filter(|piece| seen.insert(*piece)) {
                let added = needles.add(piece);
                marks.extend((0..added).map(|_| mark.to_owned()));
            }
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
                    followers: OnceLock::new(),
                });
            }
        }
        Some(Self {
            first_pairs: BytePairs::beginning(texts.iter()),
            needles,
            marks,
            words,
            beginnings,
            longest_beginning: texts.iter().map(Vec::len).max().unwrap_or_default(),
            states: Mutex::default(),
        })
    }
}
