//! A model of the search, which applies its rules position by position.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use proptest::prelude::*;

use super::Finder;

/// A character, and whether it is one of base64, which has two alphabets.
type Letter = (char, bool);

/// The length of every spelling of a letter at the beginning of `text`.
fn lengths((letter, is_base64): Letter, text: &[u8]) -> Vec<usize> {
    let letters = match (is_base64, letter) {
        (true, '+') => vec!['+', '-'],
        (true, '/') => vec!['/', '_'],
        _ => vec![letter],
    };
    let mut lengths = Vec::new();
    for letter in letters {
        let utf8 = letter.to_string().into_bytes();
        let percent: String = utf8.iter().map(|byte| format!("%{byte:02x}")).collect();
        let mut utf16 = [0; 2];
        let utf16 = letter.encode_utf16(&mut utf16);
        let json: String = utf16.iter().map(|unit| format!("\\u{unit:04x}")).collect();
        for escape in [percent, json] {
            let begins = text.get(..escape.len()).is_some_and(|text| {
                text.eq_ignore_ascii_case(escape.as_bytes()) && !text.contains(&b'U')
            });
            lengths.extend(begins.then_some(escape.len()));
        }
        let short = match letter {
            ' ' => "+".to_owned(),
            '\n' => "\\n".to_owned(),
            '"' | '\\' | '/' => format!("\\{letter}"),
            _ => letter.to_string(),
        };
        let plain =
            [utf8, short.into_bytes()].map(|bytes| text.starts_with(&bytes).then_some(bytes.len()));
        lengths.extend(plain.into_iter().flatten());
    }
    lengths
}

/// The ends of a row of letters that begins at `from`.
fn ends(letters: &[Letter], text: &[u8], from: usize) -> BTreeSet<usize> {
    letters
        .iter()
        .fold(BTreeSet::from([from]), |places, letter| {
            let further = |place: usize| {
                let lengths = lengths(*letter, &text[place..]);
                lengths.into_iter().map(move |length| place + length)
            };
            places.into_iter().flat_map(further).collect()
        })
}

/// The rows of letters that reveal a secret: its own, and those of base64 at each position in a group of three.
fn rows(secret: &str) -> Vec<Vec<Letter>> {
    let mut rows = vec![secret.chars().map(|letter| (letter, false)).collect()];
    for before in 0..3 {
        let bytes = [&vec![0; before], secret.as_bytes()].concat();
        let encoded = STANDARD_NO_PAD.encode(&bytes);
        let letters: Vec<Letter> = encoded.chars().map(|letter| (letter, true)).collect();
        let from = (before * 8_usize).div_ceil(6);
        let whole = bytes.len() * 8 / 6;
        let mut padded = letters[from..].to_vec();
        padded.resize(padded.len() + (4 - letters.len() % 4) % 4, ('=', false));
        rows.extend([
            letters[from..whole].to_vec(),
            letters[from..].to_vec(),
            padded,
        ]);
    }
    rows
}

/// The text with each run of overlapping secrets replaced by the mark of the first one, and of the longest if several
/// begin there. Adjacent equal marks become one.
fn replaced(secrets: &[(&str, &str)], text: &[u8]) -> Vec<u8> {
    let rows: Vec<_> = secrets
        .iter()
        .flat_map(|(secret, mark)| rows(secret).into_iter().map(move |row| (row, mark)))
        .collect();
    let longest = |from: usize| {
        let fits = rows
            .iter()
            .filter_map(|(row, mark)| Some((ends(row, text, from).last().copied()?, *mark)));
        fits.reduce(|one, other| if other.0 > one.0 { other } else { one })
    };
    let mut output = Vec::new();
    let mut last_mark = None;
    let mut at = 0;
    while at < text.len() {
        let Some((mut end, mark)) = longest(at) else {
            output.push(text[at]);
            last_mark = None;
            at += 1;
            continue;
        };
        if last_mark.replace(mark) != Some(mark) {
            output.extend_from_slice(mark.as_bytes());
        }
        at += 1;
        while at < end {
            end = longest(at).map_or(end, |(further, _)| end.max(further));
            at += 1;
        }
    }
    output
}

proptest! {
    /// Texts of the secrets' own letters and spellings: partial matches, matches, overlaps.
    #[test]
    fn matches_are_those_of_the_rules(
        text in "(abab|abac|%61|b|a|c|\\\\u0062|Y|WJhYm|aaaaaaa|%4A|%4a|\\\\/|/|\\+| |%2F|-|_|JhYmFiYWJhYmFiYWJ|abababababac|babacabacabaca|a/b a/b a/b /){0,40}",
    ) {
        let secrets = [
            ("abababababac", "[1]"),
            ("babacabacabaca", "[2]"),
            ("aaaaaaaaaaaa", "[3]"),
            ("a/b a/b a/b /", "[4]"),
        ];
        let finder = Finder::new(secrets.into_iter()).unwrap();
        let found = finder.replaced(text.as_bytes()).unwrap_or_else(|| text.clone().into_bytes());
        let expected = replaced(&secrets, text.as_bytes());
        prop_assert_eq!(String::from_utf8_lossy(&found), String::from_utf8_lossy(&expected));
    }

    /// Short secrets of two letters overlap each other and themselves in every way.
    #[test]
    fn overlapping_secrets_are_one(
        text in "[ab]{0,60}",
        one in "[ab]{3,6}",
        other in "[ab]{2,9}",
    ) {
        let secrets = [(one.as_str(), "[1]"), (other.as_str(), "[2]")];
        let finder = Finder::new(secrets.into_iter()).unwrap();
        let found = finder.replaced(text.as_bytes()).unwrap_or_else(|| text.clone().into_bytes());
        prop_assert_eq!(found, replaced(&secrets, text.as_bytes()));
    }

    /// Most of a repetitive text is skipped.
    #[test]
    fn repetitive_texts_are_searched_like_others(
        unit in "[abc%]{1,7}",
        (length, other_length) in (4_usize..24, 2_usize..12),
        runs in proptest::collection::vec((0_usize..60, "(a|b|%|%61|abc){0,2}"), 1..4),
    ) {
        let text: String = runs
            .iter()
            .map(|(length, between)| {
                let run: String = unit.chars().cycle().take(*length).collect();
                run + between
            })
            .collect();
        let secret: String = unit.chars().cycle().take(length).collect();
        let other: String = unit.chars().cycle().skip(1).take(other_length).collect();
        let secrets = [(secret.as_str(), "[1]"), (other.as_str(), "[2]")];
        let finder = Finder::new(secrets.into_iter()).unwrap();
        let found = finder.replaced(text.as_bytes()).unwrap_or_else(|| text.clone().into_bytes());
        let expected = replaced(&secrets, text.as_bytes());
        prop_assert_eq!(String::from_utf8_lossy(&found), String::from_utf8_lossy(&expected));
    }

    /// The same in base64, where the texts of one secret have the same beginning but different ends.
    #[test]
    fn base64_is_found_at_every_position_of_a_group(
        text in "(YWI|Fi|WJ|hYm|JhYmFi|QU|FB|=|==|%3D|A|B|\\+/|-_){0,60}",
    ) {
        let secrets = [("abab", "[1]"), ("baba", "[2]"), ("AAAAA", "[3]"), ("\u{fb}\u{ff}\u{fb}\u{ff}", "[4]")];
        let finder = Finder::new(secrets.into_iter()).unwrap();
        let found = finder.replaced(text.as_bytes()).unwrap_or_else(|| text.clone().into_bytes());
        prop_assert_eq!(found, replaced(&secrets, text.as_bytes()));
    }
}
