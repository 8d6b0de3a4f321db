//! The texts that are searched for, in all spellings that other software gives them.

use std::collections::{BTreeSet, HashMap};

use super::spelling::{Spelling, base64_digit, sextets, spellings, spellings_in_base64};

/// The number of bytes at a needle's beginning that must match before the position is examined.
const BEGINNING_BYTES: usize = 3;

/// A text as a sequence of characters, by their indices in [`Needles::characters`]. Each may have several spellings:
/// plain, percent-encoded (RFC 3986, section 2.1; a space also as `+`), or escaped as in JSON (RFC 8259, section 7).
/// Encoders differ in which characters they escape and in the case of digits, so any mixture matches.
type Needle = Vec<u32>;

/// The texts of one search, with the spellings of their characters.
pub(super) struct Needles {
    needles: Vec<Needle>,
    characters: Vec<Vec<Spelling>>,
    /// The indices of the characters; those of base64 have additional spellings.
    places: HashMap<(char, bool), u32>,
    /// The class of each byte. All bytes that occur in no spelling are in one class.
    classes: [u8; 256],
    /// The number of classes.
    count: usize,
}

/// The progress of a needle from one position at which it may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Thread {
    needle: u32,
    /// The next character, or the one whose spelling is being read.
    character: u32,
    /// How many bytes of its spelling have been read; 0 before it.
    bytes: u8,
    /// The index of that spelling; 0 before it.
    spelling: u8,
}

/// The result of a byte for a thread.
pub(super) enum Advance {
    /// The thread continues.
    To(Thread),
    /// This needle has ended.
    End(u32),
}

impl Needles {
    pub(super) fn new() -> Self {
        Self {
            needles: Vec::new(),
            characters: Vec::new(),
            places: HashMap::new(),
            classes: [0; 256],
            count: 1,
        }
    }

    /// Adds `value`, both plain and within base64. Returns how many needles that makes.
    pub(super) fn add(&mut self, value: &str) -> usize {
        let before = self.needles.len();
        self.add_base64(value.as_bytes());
        let plain = value
            .chars()
            .map(|character| self.place(character, false))
            .collect();
        self.needles.push(plain);
        self.needles.len() - before
    }

    /// Adds the forms of a value within something encoded in base64 (RFC 4648, both alphabets): one text for each
    /// position of its first byte in a group of three. Characters at its ends that also contain bits of its neighbors
    /// are left out. If the value is at the end of the encoded data, the form includes its last character and the
    /// padding.
    fn add_base64(&mut self, value: &[u8]) {
        for before in 0..3_usize {
            let mut bytes = vec![0; before];
            bytes.extend_from_slice(value);
            let sextets = sextets(&bytes);
            let whole_from = (before * 8).div_ceil(6);
            let whole_until = bytes.len() * 8 / 6;
            let characters: Needle = sextets
                .iter()
                .map(|sextet| self.place(base64_digit(*sextet), true))
                .collect();
            let text = |until: usize| {
                characters
                    .get(whole_from..until)
                    .unwrap_or_default()
                    .to_vec()
            };
            self.needles.push(text(whole_until));
            if whole_until < sextets.len() {
                let ended = text(sextets.len());
                let padding = self.place('=', false);
                let mut padded = ended.clone();
                padded.resize(padded.len() + (4 - sextets.len() % 4) % 4, padding);
                self.needles.extend([ended, padded]);
            }
        }
    }

    fn place(&mut self, character: char, is_base64: bool) -> u32 {
        if let Some(place) = self.places.get(&(character, is_base64)) {
            return *place;
        }
        let spellings = if is_base64 {
            spellings_in_base64(character)
        } else {
            spellings(character)
        };
        for byte in spellings.iter().flat_map(Spelling::all_bytes) {
            if let Some(class) = self
                .classes
                .get_mut(usize::from(byte))
                .filter(|class| **class == 0)
            {
                // 255 classes are enough, since UTF-8 uses fewer byte values.
                *class = u8::try_from(self.count).unwrap_or_default();
                self.count += 1;
            }
        }
        let place = u32::try_from(self.characters.len()).unwrap_or_default();
        self.characters.push(spellings);
        self.places.insert((character, is_base64), place);
        place
    }

    /// The number of classes of bytes.
    pub(super) fn classes(&self) -> usize {
        self.count.min(256)
    }

    #[inline]
    pub(super) fn class(&self, byte: u8) -> u8 {
        self.classes
            .get(usize::from(byte))
            .copied()
            .unwrap_or_default()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.needles.is_empty()
    }

    /// The beginnings of all needles, a few bytes each: a text that contains no beginning contains no needle.
    pub(super) fn beginnings(&self) -> BTreeSet<Vec<u8>> {
        let mut found = BTreeSet::new();
        for needle in &self.needles {
            self.begin_with(&[], needle, &mut found);
        }
        found
    }

    fn begin_with(&self, before: &[u8], rest: &[u32], found: &mut BTreeSet<Vec<u8>>) {
        let Some((character, rest)) = rest
            .split_first()
            .filter(|_| before.len() < BEGINNING_BYTES)
        else {
            if !before.is_empty() {
                found.insert(before.to_owned());
            }
            return;
        };
        for spelling in self.spellings(*character) {
            for case in spelling.cases() {
                self.begin_with(&[before, &case].concat(), rest, found);
            }
        }
    }

    /// Every needle without escapes.
    pub(super) fn plain(&self) -> impl Iterator<Item = Vec<u8>> {
        self.needles.iter().map(|needle| {
            let characters = needle
                .iter()
                .filter_map(|character| self.spellings(*character).first());
            characters
                .flat_map(|spelling| spelling.bytes.iter().copied())
                .collect()
        })
    }

    /// A thread for every needle, before its first byte.
    pub(super) fn begin(&self) -> impl Iterator<Item = Thread> {
        let needles = 0..u32::try_from(self.needles.len()).unwrap_or(u32::MAX);
        needles.map(|needle| Thread {
            needle,
            character: 0,
            bytes: 0,
            spelling: 0,
        })
    }

    /// Advances a thread by `byte`; calls `to` for each result, if there is any.
    pub(super) fn advance(&self, thread: Thread, byte: u8, to: &mut dyn FnMut(Advance)) {
        let Some(needle) = self.needles.get(thread.needle as usize) else {
            return;
        };
        let Some(character) = needle.get(thread.character as usize) else {
            return;
        };
        for (place, spelling) in self.spellings(*character).iter().enumerate() {
            let is_other = thread.bytes > 0 && place != usize::from(thread.spelling);
            if is_other || !spelling.has(usize::from(thread.bytes), byte) {
                continue;
            }
            let bytes = thread.bytes + 1;
            if usize::from(bytes) < spelling.bytes.len() {
                to(Advance::To(Thread {
                    bytes,
                    spelling: u8::try_from(place).unwrap_or_default(),
                    ..thread
                }));
            } else if thread.character as usize + 1 == needle.len() {
                to(Advance::End(thread.needle));
            } else {
                to(Advance::To(Thread {
                    character: thread.character + 1,
                    bytes: 0,
                    spelling: 0,
                    needle: thread.needle,
                }));
            }
        }
    }

    fn spellings(&self, character: u32) -> &[Spelling] {
        let character = self.characters.get(character as usize);
        character.map(Vec::as_slice).unwrap_or_default()
    }
}
