//! Decodes a body to text: by its byte-order mark, else as UTF-8 if it is valid, else by the declared charset.
//!
//! A body that can't be decoded in any of these ways is an error. No byte is replaced by U+FFFD.

#[path = "charset_tables.rs"]
mod tables;

use std::fmt;

use tables::SINGLE_BYTE;

/// Why a body can't be decoded to text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum CharsetFault {
    /// The body is not valid UTF-8, and declares no charset.
    Undeclared,
    /// The kit doesn't support the declared charset.
    Unknown(String),
    /// The body contains bytes that have no character in the declared charset.
    Malformed(String),
}

impl fmt::Display for CharsetFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Undeclared => write!(formatter, "not valid UTF-8, and no charset is declared"),
            Self::Unknown(label) => write!(
                formatter,
                "not valid UTF-8, and its declared charset {label:?} is not supported by this kit"
            ),
            Self::Malformed(label) => write!(formatter, "not valid text in the charset {label:?}"),
        }
    }
}

/// The charset that the header `Content-Type` declares, in lower case.
pub(crate) fn declared(content_type: &str) -> Option<String> {
    let found = content_type.split([';', ',']).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then_some(value)
    })?;
    let label = found.trim().trim_matches(['"', '\'']).trim();
    (!label.is_empty()).then(|| label.to_ascii_lowercase())
}

/// The decoded text of `bytes`. `text` is their UTF-8 text if they are valid UTF-8. Returns `None` if `text` is already
/// right, except for a byte-order mark that it may begin with.
pub(crate) fn decode(
    bytes: &[u8],
    text: Option<&str>,
    label: Option<&str>,
) -> Result<Option<String>, CharsetFault> {
    let malformed = |label: &str| CharsetFault::Malformed(label.to_owned());
    match bytes {
        [0xef, 0xbb, 0xbf, ..] if text.is_none() => return Err(malformed("utf-8")),
        [0xff, 0xfe, rest @ ..] => return utf_16(rest, "utf-16le", u16::from_le_bytes).map(Some),
        [0xfe, 0xff, rest @ ..] => return utf_16(rest, "utf-16be", u16::from_be_bytes).map(Some),
        _ => {}
    }
    let wide = label.and_then(wide);
    // ASCII in UTF-16 is valid UTF-8 too, but its text would have a zero next to each letter.
    if text.is_some() && !(wide.is_some() && bytes.contains(&0)) {
        return Ok(None);
    }
    let label = label.ok_or(CharsetFault::Undeclared)?;
    if let Some(unit) = wide {
        return utf_16(bytes, label, unit).map(Some);
    }
    if matches!(
        label,
        "utf-8" | "utf8" | "unicode-1-1-utf-8" | "x-unicode20utf8"
    ) {
        return Err(malformed(label));
    }
    let (_, upper) = SINGLE_BYTE
        .iter()
        .find(|(labels, _)| labels.split(' ').any(|known| known == label))
        .ok_or_else(|| CharsetFault::Unknown(label.to_owned()))?;
    single_byte(bytes, upper)
        .map(Some)
        .ok_or_else(|| malformed(label))
}

type Unit = fn([u8; 2]) -> u16;

/// How a two-byte encoding reads its code units.
fn wide(label: &str) -> Option<Unit> {
    match label {
        "utf-16" | "utf-16le" | "ucs-2" | "iso-10646-ucs-2" | "unicode" | "csunicode"
        | "unicodefeff" => Some(u16::from_le_bytes),
        "utf-16be" | "unicodefffe" => Some(u16::from_be_bytes),
        _ => None,
    }
}

fn utf_16(bytes: &[u8], label: &str, unit: Unit) -> Result<String, CharsetFault> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let read = char::decode_utf16(pairs.iter().copied().map(unit));
    let text: Result<String, _> = read.collect();
    match text {
        Ok(text) if rest.is_empty() => Ok(text),
        _ => Err(CharsetFault::Malformed(label.to_owned())),
    }
}

fn single_byte(bytes: &[u8], upper: &str) -> Option<String> {
    let controls = ('\u{80}'..'\u{a0}').take(if upper.chars().count() < 128 { 32 } else { 0 });
    let upper: Vec<char> = controls.chain(upper.chars()).collect();
    let read = |byte: &u8| match byte.checked_sub(0x80) {
        None => Some(char::from(*byte)),
        Some(place) => upper
            .get(usize::from(place))
            .copied()
            .filter(|character| *character != char::REPLACEMENT_CHARACTER),
    };
    bytes.iter().map(read).collect()
}
