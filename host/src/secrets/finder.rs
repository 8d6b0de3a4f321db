//! A set of secrets, prepared for the search.

use std::collections::HashSet;
use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use super::automaton::StateTable;
use super::lines::lines;
use super::needle::Needles;
use crate::lock::Mutex;

/// Up to this many beginnings (about a dozen secrets), they are searched for by a table, which is up to twice as fast
/// but larger.
const MAX_TABLED: usize = 1_000;

/// The longest value that is searched for as a whole, in characters.
const MAX_WHOLE: usize = 512;

/// The number of characters in a piece of a longer value, and how many of them the next piece shares. They share so
/// many that every character of base64 belongs to at least one piece.
const PIECE: usize = 256;
const SHARED: usize = 8;

/// Finds a set of secrets in all their spellings. It scans a text once, and examines only places where a secret may
/// begin.
pub(crate) struct Finder {
    pub(super) needles: Needles,
    /// The replacement for each needle.
    pub(super) marks: Vec<String>,
    /// The needles without escapes, by their first byte.
    pub(super) words: Vec<Vec<Word>>,
    /// The pairs of bytes with which a needle may begin, in any spelling.
    pub(super) first_pairs: BytePairs,
    pub(super) beginnings: AhoCorasick,
    pub(super) longest_beginning: usize,
    /// State tables that no search currently uses.
    pub(super) states: Mutex<Vec<StateTable>>,
}

/// A needle without escapes: the form in which most secrets occur, compared in one step.
pub(super) struct Word {
    pub(super) bytes: Vec<u8>,
    pub(super) mark: String,
    /// The bytes that may follow, so that the word is a whole secret. Computed on first use.
    pub(super) followers: OnceLock<[bool; 256]>,
}

/// A set of pairs of bytes, one bit each.
pub(super) struct BytePairs(Box<[[u64; 4]; 256]>);

impl BytePairs {
    /// The pairs with which one of these texts may begin.
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

/// The parts of a value that are searched for. A long value is searched for in pieces, since the threads under way for
/// a value that overlaps itself grow with the square of its length. A match of the whole value is still one match,
/// since its pieces overlap.
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
    /// A finder for values, each with its replacement. `None` if there are no values, or so many that no search can be
    /// built.
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
            .inspect_err(|error| tracing::error!(%error, "the search for secrets could not be built, so secrets are not hidden"))
            .ok()?;
        let mut words: Vec<Vec<Word>> = (0..256).map(|_| Vec::new()).collect();
        // The value's own text is its last needle, and the one found most often.
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
