//! One text that is looked for, in all the spellings that software gives it on its way.

use std::collections::BTreeSet;

/// So many bytes of a needle's beginning make a place worth a closer look.
const BEGINNING_BYTES: usize = 3;

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// A text as a row of characters, each of which may be spelled in several ways: as it is, percent-encoded (RFC 3986,
/// section 2.1; a space also as `+`), or escaped as in JSON (RFC 8259, section 7). Encoders differ in which characters
/// they touch and in the case of digits, so any mixture counts.
pub(super) struct Needle(Vec<Character>);

type Character = Vec<Spelling>;

struct Spelling {
    bytes: Vec<u8>,
    /// Whether its letters are digits, which may be of either case.
    is_escape: bool,
}

/// Whether a needle stands at a place of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    No,
    /// The text ends too soon to tell.
    Unsure,
    /// It does, up to here.
    Until(usize),
}

impl Needle {
    /// The text itself.
    pub(super) fn plain(text: &str) -> Self {
        Self(text.chars().map(spellings).collect())
    }

    /// What a value becomes inside of something encoded in base64 (RFC 4648, both alphabets): one text for each place
    /// that its first byte can have in a group of three. The characters at its ends that hold bits of its neighbours,
    /// too, are left out; where it ends together with what is encoded, its last character and the padding belong to it.
    pub(super) fn base64(value: &[u8]) -> Vec<Self> {
        let mut needles = Vec::new();
        for before in 0..3_usize {
            let mut bytes = vec![0; before];
            bytes.extend_from_slice(value);
            let sextets = sextets(&bytes);
            let whole_from = (before * 8).div_ceil(6);
            let whole_until = bytes.len() * 8 / 6;
            let text = |until: usize| {
                let within = sextets.get(whole_from..until).unwrap_or_default();
                within.iter().copied().map(base64_spellings).collect()
            };
            needles.push(Self(text(whole_until)));
            if whole_until < sextets.len() {
                let ended: Vec<Character> = text(sextets.len());
                needles.push(Self(ended));
                let mut padded: Vec<Character> = text(sextets.len());
                let padding = (4 - sextets.len() % 4) % 4;
                padded.extend((0..padding).map(|_| spellings('=')));
                needles.push(Self(padded));
            }
        }
        needles
    }

    /// How it can begin, in a few bytes each: where none of these stands, it isn't.
    pub(super) fn beginnings(&self, found: &mut BTreeSet<Vec<u8>>) {
        begin(&[], &self.0, found);
    }

    /// Whether it stands in `text` at the byte `at`, as long as it can. With `is_last` nothing comes after the text.
    pub(super) fn fit(&self, text: &[u8], at: usize, is_last: bool) -> Fit {
        let first = text.get(at..).unwrap_or_default();
        let may_begin = |spelling: &Spelling| spelling.begins(first) || spelling.may_begin(first);
        if !self
            .0
            .first()
            .is_some_and(|character| character.iter().any(may_begin))
        {
            return Fit::No;
        }
        let mut places = vec![at];
        let mut next = Vec::new();
        let mut is_cut = false;
        for character in &self.0 {
            for place in places.drain(..) {
                let rest = text.get(place..).unwrap_or_default();
                for spelling in character {
                    if spelling.begins(rest) {
                        let end = place + spelling.bytes.len();
                        if !next.contains(&end) {
                            next.push(end);
                        }
                    } else {
                        is_cut |= spelling.may_begin(rest);
                    }
                }
            }
            std::mem::swap(&mut places, &mut next);
            if places.is_empty() {
                break;
            }
        }
        match places.into_iter().max() {
            _ if is_cut && !is_last => Fit::Unsure,
            Some(end) => Fit::Until(end),
            None => Fit::No,
        }
    }
}

impl Spelling {
    fn plain(bytes: &[u8]) -> Self {
        Self {
            bytes: bytes.to_owned(),
            is_escape: false,
        }
    }

    fn escape(text: String) -> Self {
        Self {
            bytes: text.into_bytes(),
            is_escape: true,
        }
    }

    fn equals(&self, own: &[u8], text: &[u8]) -> bool {
        if self.is_escape {
            own.eq_ignore_ascii_case(text)
        } else {
            own == text
        }
    }

    fn begins(&self, text: &[u8]) -> bool {
        text.get(..self.bytes.len())
            .is_some_and(|beginning| self.equals(&self.bytes, beginning))
    }

    /// Whether the text ends in the middle of it.
    fn may_begin(&self, text: &[u8]) -> bool {
        self.bytes
            .get(..text.len())
            .is_some_and(|beginning| self.equals(beginning, text))
    }

    /// The same with its digits in either case.
    fn cases(&self) -> Vec<Vec<u8>> {
        let mut cases = vec![Vec::new()];
        for byte in &self.bytes {
            let other = byte.to_ascii_uppercase();
            let differs = self.is_escape && byte.is_ascii_hexdigit() && other != *byte;
            let mut more = Vec::new();
            for case in &mut cases {
                if differs {
                    more.push([case.as_slice(), &[other]].concat());
                }
                case.push(*byte);
            }
            cases.append(&mut more);
        }
        cases
    }
}

fn begin(before: &[u8], rest: &[Character], found: &mut BTreeSet<Vec<u8>>) {
    let Some((character, rest)) = rest
        .split_first()
        .filter(|_| before.len() < BEGINNING_BYTES)
    else {
        if !before.is_empty() {
            found.insert(before.to_owned());
        }
        return;
    };
    for spelling in character {
        for case in spelling.cases() {
            begin(&[before, &case].concat(), rest, found);
        }
    }
}

fn spellings(character: char) -> Character {
    let mut utf8 = [0; 4];
    let utf8 = character.encode_utf8(&mut utf8).as_bytes();
    let mut utf16 = [0; 2];
    let utf16 = character.encode_utf16(&mut utf16);
    let percent = utf8.iter().map(|byte| format!("%{byte:02x}")).collect();
    let json = utf16.iter().map(|unit| format!("\\u{unit:04x}")).collect();
    let mut spellings = vec![
        Spelling::plain(utf8),
        Spelling::escape(percent),
        Spelling::escape(json),
    ];
    let short: Option<&[u8]> = match character {
        ' ' => Some(b"+"),
        '"' => Some(b"\\\""),
        '\\' => Some(b"\\\\"),
        '/' => Some(b"\\/"),
        '\u{8}' => Some(b"\\b"),
        '\u{c}' => Some(b"\\f"),
        '\n' => Some(b"\\n"),
        '\r' => Some(b"\\r"),
        '\t' => Some(b"\\t"),
        _ => None,
    };
    spellings.extend(short.map(Spelling::plain));
    spellings
}

/// A character of either of the two alphabets.
fn base64_spellings(sextet: u8) -> Character {
    let character = BASE64
        .get(usize::from(sextet))
        .copied()
        .map_or('=', char::from);
    let mut all = spellings(character);
    match character {
        '+' => all.extend(spellings('-')),
        '/' => all.extend(spellings('_')),
        _ => {}
    }
    all
}

/// The bits of `bytes` in groups of six; the last is filled up with zeros.
fn sextets(bytes: &[u8]) -> Vec<u8> {
    let mut sextets = Vec::with_capacity(bytes.len() * 4 / 3 + 1);
    for group in bytes.chunks(3) {
        let byte = |place: usize| u32::from(group.get(place).copied().unwrap_or_default());
        let bits = (byte(0) << 16) | (byte(1) << 8) | byte(2);
        for place in 0..=group.len() {
            let [.., sextet] = (bits >> (18 - 6 * place)).to_be_bytes();
            sextets.push(sextet & 0x3f);
        }
    }
    sextets
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(needle: &Needle, text: &str) -> bool {
        needle.fit(text.as_bytes(), 0, true) == Fit::Until(text.len())
    }

    #[test]
    fn every_mixture_of_spellings_fits() {
        let needle = Needle::plain("a/b \"%é");
        for text in [
            "a/b \"%é",
            "a%2Fb%20%22%25%C3%A9",
            "a%2fb+%22%25%c3%a9",
            "a\\/b \\\"%\\u00e9",
            "a\\u002Fb\\u0020\\u0022\\u0025\\u00E9",
            "%61/b+\"%25é",
        ] {
            assert!(found(&needle, text), "{text}");
        }
        for text in ["a/b", "A/b \"%é", "a/b \"%e", "a%3Fb%20%22%25%C3%A9"] {
            assert!(!found(&needle, text), "{text}");
        }
    }

    #[test]
    fn base64_fits_at_every_place_of_a_group() {
        // `printf '%s' … | base64`: of "secret-value", "x:secret-value" and "xy:secret-value, and more".
        for (text, at) in [
            ("c2VjcmV0LXZhbHVl", 0),
            ("eDpzZWNyZXQtdmFsdWU=", 3),
            ("eHk6c2VjcmV0LXZhbHVlLCBhbmQgbW9yZQ==", 4),
        ] {
            let needles = Needle::base64(b"secret-value");
            let fits = |needle: &Needle| needle.fit(text.as_bytes(), at, true) != Fit::No;
            assert!(needles.iter().any(fits), "{text}");
        }
    }

    #[test]
    fn a_text_that_ends_too_soon_is_told_from_another() {
        let needle = Needle::plain("ab/cd");
        for (text, fit) in [
            ("ab%2", Fit::Unsure),
            ("ab\\u00", Fit::Unsure),
            ("", Fit::Unsure),
            ("ab%3", Fit::No),
            ("ab/cd", Fit::Until(5)),
        ] {
            assert_eq!(needle.fit(text.as_bytes(), 0, false), fit, "{text}");
        }
        assert_eq!(needle.fit(b"ab%2", 0, true), Fit::No);
    }
}
