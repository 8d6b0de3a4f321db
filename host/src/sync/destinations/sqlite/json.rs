//! JSON texts as SQLite's values and as names of columns.

use std::borrow::Cow;
use std::fmt::{self, Formatter};

use serde::de::{Deserializer, Visitor};

use super::numbers::number;
use super::value::SqlValue;

/// Reads a JSON text. Objects and arrays stay JSON, booleans become 0 and 1. `as_text` is for a column that the
/// schema calls a string: any other value stays JSON there too, since SQLite would round a number on its way into a
/// column of text.
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

/// Reads the name of a member. One that no text can hold keeps the spelling that it has in JSON: to replace what is
/// wrong with it would make one name of several.
pub(super) fn member_name(json: &str) -> Cow<'_, str> {
    let inner = inner(json);
    if !inner.contains('\\') {
        return inner.into();
    }
    serde_json::from_str(json).map_or_else(|_| inner.into(), Cow::Owned)
}

/// Reads a JSON string. A lone surrogate, which JSON can spell and no text can hold, becomes U+FFFD: a row must not be
/// lost to half an emoji.
fn unquoted(json: &str) -> Cow<'_, str> {
    let inner = inner(json);
    if !inner.contains('\\') {
        return inner.into();
    }
    serde_json::Deserializer::from_str(json)
        .deserialize_bytes(LossyTextVisitor)
        .map_or_else(|_| inner.into(), Cow::Owned)
}

/// What stands between the quotes.
fn inner(json: &str) -> &str {
    json.strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(json)
}

/// `serde_json` hands over lone surrogates where bytes are asked for.
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
    fn each_kind_of_value_has_its_place() {
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
    fn half_a_character_is_marked_and_the_rest_is_kept() {
        let read = unquoted(r#""a\ud83d""#);
        assert!(read.starts_with("a\u{fffd}"), "{read}");
    }

    #[test]
    fn names_of_half_characters_stay_apart() {
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
