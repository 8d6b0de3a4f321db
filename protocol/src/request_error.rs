//! Why a body is no request.

use crate::json::{JsonKind, SyntaxError};
use crate::schema::MAX_NAME_BYTES;
use crate::waiting::WaitingError;

const EXAMPLE: &str = r#"send {"name": "TABLE", "state": {}}"#;

/// Why a body is no request for a page. The message says what to send instead and quotes nothing of
/// the body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// There is nothing but white space.
    #[error("the body is empty: {example}", example = EXAMPLE)]
    Empty,
    /// A byte belongs to no UTF-8 character.
    #[error("the body is not UTF-8 at byte {offset}: send JSON text in UTF-8")]
    NotUtf8 {
        /// Counted from 0.
        offset: usize,
    },
    /// The text is not one JSON value.
    #[error("the body is not JSON, {0}: {example}", example = EXAMPLE)]
    NotJson(SyntaxError),
    /// The body is another kind of value.
    #[error("the body is {found}: {example}", example = EXAMPLE)]
    NotAnObject {
        /// What it is.
        found: JsonKind,
    },
    /// The object has no `name`.
    #[error("the body has no \"name\": {example}", example = EXAMPLE)]
    NoName,
    /// `name` is another kind of value.
    #[error("\"name\" is {found}: send the name of a table")]
    NameNotAString {
        /// What it is.
        found: JsonKind,
    },
    /// `name` is the empty string.
    #[error("\"name\" is empty: send the name of a table")]
    EmptyName,
    /// `name` is longer than [`MAX_NAME_BYTES`].
    #[error("\"name\" has {bytes} bytes, {MAX_NAME_BYTES} are allowed: send the name of a table")]
    NameTooLong {
        /// How long it is.
        bytes: usize,
    },
    /// `name` holds half of a surrogate pair, such as `"\ud800"`, which no text can hold.
    #[error("\"name\" has an escape that stands for no character: send the name of a table")]
    NameNotUnicode,
    /// `state` is neither an object nor `null`.
    #[error(
        "\"state\" is {found}: send the state of the table's last page as it was, \
         or {{}} to begin anew"
    )]
    StateNotAnObject {
        /// What it is.
        found: JsonKind,
    },
    /// The state's [reserved key](crate::RESERVED_KEY) is not as the host wrote it.
    #[error(
        "\"weld-host\" in the state is malformed, {0}: \
         send the state of the table's last page as it was, or {{}} to begin anew"
    )]
    ReservedKey(WaitingError),
}
