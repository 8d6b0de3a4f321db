//! Picks values out of an answer, each with its place for error messages.

use std::fmt::Display;

use serde_json::value::RawValue;

use crate::json::{self, JsonKind, ShapeFault, SyntaxError};

/// Why an answer does not follow the protocol. The message names the place, such as `schema["beers"].fields[2].type`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// The body is empty or only white space.
    #[error("the answer is empty")]
    Empty,
    /// The body begins like HTML or XML, as from a proxy, a login page or a server's own error page.
    #[error("the answer is HTML or XML, not JSON: is this the connector's URL?")]
    Markup,
    /// A byte is not valid UTF-8.
    #[error("the answer is not UTF-8 at byte {offset}")]
    NotUtf8 {
        /// Counted from 0.
        offset: usize,
    },
    /// The text is not one JSON value.
    #[error("the answer is not JSON, {0}")]
    NotJson(SyntaxError),
    /// A member is missing.
    #[error("the answer has no {place}")]
    Missing {
        /// Where it should be.
        place: String,
    },
    /// A value has the wrong kind.
    #[error("{place} is {found}, not {expected}")]
    WrongKind {
        /// The value's place.
        place: String,
        /// The expected kind, such as "an object".
        expected: &'static str,
        /// The actual kind.
        found: JsonKind,
    },
    /// A string or a name contains half of a surrogate pair, such as `"\ud800"`, which is not valid in a text.
    #[error("{place} has an escape that is not a valid character")]
    NotUnicode {
        /// The string's place.
        place: String,
    },
    /// The schema has two tables with the same name.
    #[error("{place} occurs twice")]
    Twice {
        /// The tables' place.
        place: String,
    },
}

/// The body as text, unless it clearly isn't JSON.
pub(super) fn text(body: &[u8]) -> Result<&str, AnswerError> {
    match body.trim_ascii_start().first() {
        None => Err(AnswerError::Empty),
        // Checked before UTF-8, since such pages come in any encoding.
        Some(b'<') => Err(AnswerError::Markup),
        Some(_) => str::from_utf8(body).map_err(|error| AnswerError::NotUtf8 {
            offset: error.valid_up_to(),
        }),
    }
}

pub(super) fn pick<'a, const N: usize>(
    place: &str,
    object: &'a str,
    names: [&str; N],
) -> Result<[Option<&'a RawValue>; N], AnswerError> {
    json::pick(object, names).map_err(shape_error(place, "an object"))
}

pub(super) fn elements<'a>(
    place: &str,
    list: &'a RawValue,
) -> Result<Vec<&'a RawValue>, AnswerError> {
    let mut elements = Vec::new();
    json::each_element(list.get(), |element| elements.push(element))
        .map_err(shape_error(place, "a list"))?;
    Ok(elements)
}

pub(super) fn string(place: &str, quoted: &str) -> Result<String, AnswerError> {
    match JsonKind::of(quoted) {
        JsonKind::String => json::unquote(quoted).ok_or_else(|| AnswerError::NotUnicode {
            place: place.to_owned(),
        }),
        found => Err(AnswerError::WrongKind {
            place: place.to_owned(),
            expected: "a string",
            found,
        }),
    }
}

pub(super) fn required<'a>(
    place: &str,
    value: Option<&'a RawValue>,
) -> Result<&'a RawValue, AnswerError> {
    value.ok_or_else(|| AnswerError::Missing {
        place: place.to_owned(),
    })
}

pub(super) fn of_kind(
    place: &dyn Display,
    value: &RawValue,
    expected: &'static str,
    kinds: &[JsonKind],
) -> Result<(), AnswerError> {
    let found = JsonKind::of(value.get());
    if kinds.contains(&found) {
        Ok(())
    } else {
        Err(AnswerError::WrongKind {
            place: place.to_string(),
            expected,
            found,
        })
    }
}

fn shape_error(place: &str, expected: &'static str) -> impl FnOnce(ShapeFault) -> AnswerError {
    move |fault| match fault {
        ShapeFault::Syntax(error) => AnswerError::NotJson(error),
        ShapeFault::Kind(found) => AnswerError::WrongKind {
            place: place.to_owned(),
            expected,
            found,
        },
    }
}

/// The members of an object, their names still quoted.
pub(super) fn members<'a>(
    place: &str,
    object: &'a RawValue,
) -> Result<Vec<(&'a str, &'a RawValue)>, AnswerError> {
    let mut members = Vec::new();
    json::each_member(object.get(), |name, value| members.push((name, value)))
        .map_err(shape_error(place, "an object"))?;
    Ok(members)
}
