//! Walks through one level of a JSON text.

use std::fmt::{self, Formatter};

use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::kind::JsonKind;
use super::string::{is_name, trim};

/// Why a text is not JSON, and where. The message quotes nothing from the text, which may contain secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {reason}")]
pub struct SyntaxError {
    /// Counted from 1.
    pub line: usize,
    /// In bytes, counted from 1: the faulty byte or the one before it; 0 before the first byte of a line.
    pub column: usize,
    /// Such as "EOF while parsing an object".
    pub reason: String,
}

impl From<serde_json::Error> for SyntaxError {
    fn from(error: serde_json::Error) -> Self {
        let (line, column, text) = (error.line(), error.column(), error.to_string());
        let position = format!(" at line {line} column {column}");
        let reason = text.strip_suffix(&position).unwrap_or(&text).to_owned();
        Self {
            line,
            column,
            reason,
        }
    }
}

/// Why a text is not the object or array that the caller expected.
#[derive(Debug)]
pub(crate) enum ShapeFault {
    /// It is not JSON.
    Syntax(SyntaxError),
    /// It is JSON, but another kind of value.
    Kind(JsonKind),
}

impl From<serde_json::Error> for ShapeFault {
    fn from(error: serde_json::Error) -> Self {
        Self::Syntax(error.into())
    }
}

/// Checks that the whole text is one JSON value.
pub(crate) fn check(text: &str) -> Result<JsonKind, SyntaxError> {
    serde_json::from_str::<IgnoredAny>(text)?;
    Ok(JsonKind::of(text))
}

/// Checks that the whole text is one JSON array, and calls `visit` with each element until it returns an error.
pub(crate) fn each_element<'a>(
    text: &'a str,
    visit: impl FnMut(&'a RawValue),
) -> Result<(), ShapeFault> {
    if !trim(text).starts_with('[') {
        return Err(ShapeFault::Kind(check(text).map_err(ShapeFault::Syntax)?));
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    deserializer.deserialize_seq(Elements(visit))?;
    Ok(deserializer.end()?)
}

/// Checks that the whole text is one JSON object, and calls `visit` with each member until it returns an error. Names
/// are still quoted and escaped: compare them with [`is_name`].
pub(crate) fn each_member<'a>(
    text: &'a str,
    visit: impl FnMut(&'a str, &'a RawValue),
) -> Result<(), ShapeFault> {
    if !trim(text).starts_with('{') {
        return Err(ShapeFault::Kind(check(text).map_err(ShapeFault::Syntax)?));
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    deserializer.deserialize_map(Members(visit))?;
    Ok(deserializer.end()?)
}

/// Checks that the whole text is one JSON object, and returns the members with these names. If a name occurs several
/// times, the last member counts.
pub(crate) fn pick<'a, const N: usize>(
    text: &'a str,
    names: [&str; N],
) -> Result<[Option<&'a RawValue>; N], ShapeFault> {
    let mut found = [None; N];
    each_member(text, |quoted, value| {
        for (name, slot) in names.iter().zip(&mut found) {
            if is_name(quoted, name) {
                *slot = Some(value);
            }
        }
    })?;
    Ok(found)
}

struct Elements<F>(F);

impl<'de, F: FnMut(&'de RawValue)> Visitor<'de> for Elements<F> {
    type Value = ();

    fn expecting(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut elements: A) -> Result<(), A::Error> {
        while let Some(element) = elements.next_element()? {
            self.0(element);
        }
        Ok(())
    }
}

struct Members<F>(F);

impl<'de, F: FnMut(&'de str, &'de RawValue)> Visitor<'de> for Members<F> {
    type Value = ();

    fn expecting(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<(), A::Error> {
        while let Some((name, value)) = members.next_entry::<&RawValue, _>()? {
            self.0(name.get(), value);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_are_not_json_are_refused_with_their_place() {
        let cases = [
            ("", 1, 0, "EOF while parsing a value"),
            ("{\"a\":1", 1, 6, "EOF while parsing an object"),
            ("[1,]", 1, 4, "expected value"),
            ("{}\n{}", 2, 1, "trailing characters"),
            ("[01]", 1, 3, "invalid number"),
            (
                "[\"\u{1}\"]",
                1,
                2,
                "control character (\\u0000-\\u001F) found while parsing a string",
            ),
            ("NaN", 1, 1, "expected value"),
            ("\u{a0}[]", 1, 1, "expected value"),
        ];
        for (text, line, column, reason) in cases {
            let error = check(text).unwrap_err();
            assert_eq!(
                (error.line, error.column, error.reason.as_str()),
                (line, column, reason),
                "{text:?}"
            );
        }
    }

    #[test]
    fn walks_refuse_what_a_check_refuses() {
        for text in [
            "{\"a\":1,}",
            "{\"a\"}",
            "{1:2}",
            "{\"a\":1}]",
            "{\"a\":[}",
            "{",
            "{\"\\x\":1}",
        ] {
            assert!(
                matches!(each_member(text, |_, _| {}), Err(ShapeFault::Syntax(_))),
                "{text}"
            );
        }
        for text in ["[1,]", "[1 2]", "[[]", "[]]", "[", "[tru]"] {
            assert!(
                matches!(each_element(text, |_| {}), Err(ShapeFault::Syntax(_))),
                "{text}"
            );
        }
        assert!(matches!(
            each_member("[]", |_, _| {}),
            Err(ShapeFault::Kind(JsonKind::Array))
        ));
        assert!(matches!(
            each_element("1", |_| {}),
            Err(ShapeFault::Kind(JsonKind::Number))
        ));
        assert!(matches!(
            each_element("nul", |_| {}),
            Err(ShapeFault::Syntax(_))
        ));
    }

    #[test]
    fn the_last_of_several_members_is_picked_in_every_spelling() {
        let text = r#"{"a": 1, "b": [2], "\u0061": 3.50, "c": 4}"#;
        let [a, b, missing] = pick(text, ["a", "b", "z"]).unwrap();
        assert_eq!(a.map(RawValue::get), Some("3.50"));
        assert_eq!(b.map(RawValue::get), Some("[2]"));
        assert!(missing.is_none());
    }
}
