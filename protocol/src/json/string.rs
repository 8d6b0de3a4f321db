//! Strings and names as written in a text: quoted, with escapes.

use std::borrow::Cow;
use std::fmt::{self, Formatter};

use serde::de::{Deserializer, Visitor};

use super::write::quote;

const WHITE_SPACE: [char; 4] = [' ', '\t', '\n', '\r'];

/// The text without the white space that JSON allows around a value.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches(WHITE_SPACE)
}

/// Whether a quoted JSON string spells this name, with or without escapes.
pub(crate) fn is_name(quoted: &str, name: &str) -> bool {
    if quoted.contains('\\') {
        unquote(quoted).is_some_and(|spelled| spelled == name)
    } else {
        quoted
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
            == Some(name)
    }
}

/// Reads a quoted JSON string. `None` for any other value, and for a lone surrogate, which is not valid in a text.
pub(crate) fn unquote(quoted: &str) -> Option<String> {
    serde_json::from_str(quoted).ok()
}

/// The length of the quoted string at the beginning of a well-formed text.
pub(crate) fn string_end(rest: &[u8]) -> usize {
    let mut at = 1;
    while let Some(byte) = rest.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    rest.len()
}

/// The quoted string in its canonical spelling. Half of a surrogate pair, which is not valid in a text, stays an
/// escape.
pub(crate) fn spelled_once(quoted: &str) -> Cow<'_, str> {
    if !quoted.contains('\\') {
        return quoted.into();
    }
    match unquote(quoted) {
        Some(text) => quote(&text).into(),
        None => serde_json::Deserializer::from_str(quoted)
            .deserialize_bytes(HalvesVisitor)
            .map_or_else(|_| quoted.into(), Cow::Owned),
    }
}

/// When asked for bytes, `serde_json` returns half of a surrogate pair as three bytes.
struct HalvesVisitor;

impl Visitor<'_> for HalvesVisitor {
    type Value = String;

    fn expecting(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<String, E> {
        let mut spelled = String::from("\"");
        let mut rest = bytes;
        while let Err(error) = str::from_utf8(rest) {
            let (text, half) = rest.split_at(error.valid_up_to());
            spelled.push_str(&escaped(text));
            rest = match half {
                [first, second, third, rest @ ..] => {
                    let bits = |byte: &u8, mask: u8| u32::from(byte & mask);
                    let half = bits(first, 0xf) << 12 | bits(second, 0x3f) << 6 | bits(third, 0x3f);
                    spelled.push_str(&format!("\\u{half:04x}"));
                    rest
                }
                _ => &[],
            };
        }
        spelled.push_str(&escaped(rest));
        spelled.push('"');
        Ok(spelled)
    }
}

/// Escapes a text for use between quotes.
fn escaped(text: &[u8]) -> String {
    let quoted = quote(&String::from_utf8_lossy(text));
    let inner = quoted
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    inner.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_as_what_they_spell() {
        let cases = [
            (r#""ab""#, true),
            (r#""\u0061b""#, true),
            (r#""a""#, false),
            (r#""\ud800""#, false),
            (r#""ab\u0000""#, false),
            (r#""\"ab""#, false),
        ];
        for (quoted, same) in cases {
            assert_eq!(is_name(quoted, "ab"), same, "{quoted}");
        }
        assert!(is_name(r#""a\"b\\""#, "a\"b\\"));
    }
}
