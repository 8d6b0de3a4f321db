//! Why a body is not a valid request.

use crate::json::{JsonKind, SyntaxError};
use crate::schema::MAX_NAME_BYTES;
use crate::waiting::WaitingError;

const EXAMPLE: &str = r#"send {"name": "TABLE", "state": {}}"#;

/// Why a body is not a request for a page. The message says what to send instead and quotes nothing from the body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The body is empty or only white space.
    #[error("the body is empty: {example}", example = EXAMPLE)]
    Empty,
    /// A byte is not valid UTF-8.
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
        /// The actual kind.
        found: JsonKind,
    },
    /// The object has no `name`.
    #[error("the body has no \"name\": {example}", example = EXAMPLE)]
    NoName,
    /// `name` is another kind of value.
    #[error("\"name\" is {found}: send the name of a table")]
    NameNotAString {
        /// The actual kind.
        found: JsonKind,
    },
    /// `name` is the empty string.
    #[error("\"name\" is empty: send the name of a table")]
    EmptyName,
    /// `name` is longer than [`MAX_NAME_BYTES`].
    #[error("\"name\" has {bytes} bytes, the limit is {MAX_NAME_BYTES}: send the name of a table")]
    NameTooLong {
        /// The name's length.
        bytes: usize,
    },
    /// `name` contains half of a surrogate pair, such as `"\ud800"`, which is not valid in a text.
    #[error("\"name\" has an escape that is not a valid character: send the name of a table")]
    NameNotUnicode,
    /// `state` is neither an object nor `null`.
    #[error(
        "\"state\" is {found}: send the unchanged state of the table's last page, \
         or {{}} to start from the beginning"
    )]
    StateNotAnObject {
        /// The actual kind.
        found: JsonKind,
    },
    /// The state's [reserved key](crate::RESERVED_KEY) does not have the form that the host writes.
    #[error(
        "\"weld-host\" in the state is malformed, {0}: \
         send the unchanged state of the table's last page, or {{}} to start from the beginning"
    )]
    ReservedKey(WaitingError),
}
