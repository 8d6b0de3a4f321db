//! Converts JSON texts into SQLite's values and column names.

use std::borrow::Cow;
use std::fmt::{self, Formatter};

use serde::de::{Deserializer, Visitor};

use super::numbers::number;
use super::value::SqlValue;

/// Converts a JSON text. Objects and arrays stay JSON, booleans become 0 and 1. `as_text` is for columns that the
/// schema declares as strings: there, other values stay JSON too, since SQLite would round numbers when it converts
/// them to text.
pub(super) fn read_value(json: &str, as_text: bool) -> SqlValue<'_> {
    match json.as_bytes().first() {
        Some(b'n') => SqlValue::Null,
        Some(b'"') => SqlValue::Text(unquoted(json)),
        Some(b'{' | b'[') => SqlValue::Text(json.into()),
        _ if as_text => SqlValue::Text(json.into()),
        Some(b't') => SqlValue::Integer(1),
        Some(b'f') => SqlValue::Integer(0),
        _ => number(json),
    }
}

/// Converts the name of a member. A name that is not valid Unicode keeps its JSON spelling: with replacement
/// characters, different names could become equal.
pub(super) fn member_name(json: &str) -> Cow<'_, str> {
    let inner = inner(json);
    if !inner.contains('\\') {
        return inner.into();
    }
    serde_json::from_str(json).map_or_else(|_| inner.into(), Cow::Owned)
}

/// Converts a JSON string. A lone surrogate, which is possible in JSON but not in Unicode text, becomes U+FFFD, so that
/// half an emoji doesn't make a row fail.
fn unquoted(json: &str) -> Cow<'_, str> {
    let inner = inner(json);
    if !inner.contains('\\') {
        return inner.into();
    }
    serde_json::Deserializer::from_str(json)
        .deserialize_bytes(LossyTextVisitor)
        .map_or_else(|_| inner.into(), Cow::Owned)
}

/// The text between the quotes.
fn inner(json: &str) -> &str {
    json.strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(json)
}

/// `serde_json` passes on lone surrogates if bytes are requested.
struct LossyTextVisitor;

impl Visitor<'_> for LossyTextVisitor {
    type Value = String;

    fn expecting(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<String, E> {
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_value_is_converted() {
        let text = |text: &'static str| SqlValue::Text(text.into());
        let cases = [
            ("null", false, SqlValue::Null),
            ("null", true, SqlValue::Null),
            ("true", false, SqlValue::Integer(1)),
            ("false", false, SqlValue::Integer(0)),
            ("true", true, text("true")),
            ("7", false, SqlValue::Integer(7)),
            ("1.10", true, text("1.10")),
            ("18446744073709551616", true, text("18446744073709551616")),
            (r#""a\nb\u0000\u00e9""#, false, text("a\nb\0é")),
            (r#""7""#, false, text("7")),
            (r#""""#, true, text("")),
            (r#"{"a": [1.10]}"#, false, text(r#"{"a": [1.10]}"#)),
            ("[ ]", true, text("[ ]")),
            (r#""\ud83d\ude00""#, false, text("😀")),
        ];
        for (json, as_text, value) in cases {
            assert_eq!(read_value(json, as_text), value, "{json} {as_text}");
        }
    }

    #[test]
    fn half_a_character_is_replaced_and_the_rest_is_kept() {
        let read = unquoted(r#""a\ud83d""#);
        assert!(read.starts_with("a\u{fffd}"), "{read}");
    }

    #[test]
    fn names_with_half_characters_stay_distinct() {
        for (json, name) in [
            (r#""a""#, "a"),
            (r#""a\u0062\"""#, "ab\""),
            (r#""\ud83d\ude00""#, "😀"),
            (r#""a\ud83d""#, r"a\ud83d"),
            (r#""a\ud83e""#, r"a\ud83e"),
        ] {
            assert_eq!(member_name(json), name, "{json}");
        }
    }
}
