//! What a check found.

use std::fmt::{self, Display, Formatter};

use serde::{Deserialize, Serialize};

/// Something in a table that Weld would load, but hardly as its connector's author meant it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("table {table:?}, page {page}: {kind}")]
pub struct Warning {
    /// The table.
    pub table: String,
    /// The page that showed it, counted from 1 in this run.
    pub page: u64,
    /// What was found.
    pub kind: WarningKind,
}

/// What is not as it should be. Each kind is reported once per table and column.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WarningKind {
    /// A row lacks a column of the primary key.
    #[error("row {row} has no {column:?}, which is in the primary key")]
    KeyMissing {
        /// The column.
        column: String,
        /// The row of the page, counted from 1.
        row: usize,
    },
    /// A row has `null` in the primary key.
    #[error("row {row} has null in {column:?}, which is in the primary key")]
    KeyNull {
        /// The column.
        column: String,
        /// The row of the page, counted from 1.
        row: usize,
    },
    /// Two rows of a page have the same primary key: one of them is lost.
    #[error("row {row} has the primary key of an earlier row of the page: {key}")]
    KeyTwice {
        /// The values as JSON, with commas between them, shortened.
        key: String,
        /// The second row, counted from 1.
        row: usize,
    },
    /// A declared field without a default stood in no row of the whole table.
    #[error("the declared field {field:?} never came")]
    FieldNeverCame {
        /// The field.
        field: String,
    },
    /// The values of a column are of several kinds, in this sync or since the one that began the table. `null` is of none.
    #[error("row {row} has {found} in {column:?}, where there was {before} before")]
    KindChanged {
        /// The column.
        column: String,
        /// The first kind that the column had.
        before: ValueKind,
        /// The other kind.
        found: ValueKind,
        /// The row of the page, counted from 1.
        row: usize,
    },
    /// The connector's variables are others than when rows of the table were read: what is behind the state is not read
    /// anew.
    #[error(
        "the connector's variables changed after rows had been read ({}): those rows stay as they are; --full reads the \
         table anew", names.join(", ")
    )]
    VariablesChanged {
        /// The names.
        names: Vec<String>,
    },
    /// The state grows with every page: it keeps what it should forget.
    #[error("the state grew in each of the last {pages} pages, to {bytes} bytes")]
    StateGrows {
        /// How many pages.
        pages: u32,
        /// The state's length.
        bytes: usize,
    },
}

/// What a JSON value is, besides `null`. Integers and other numbers are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ValueKind {
    /// `true` or `false`
    Boolean,
    /// A number.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

impl ValueKind {
    /// The kind of a JSON text without white space around it; none for `null`.
    pub(super) fn of(text: &str) -> Option<Self> {
        match text.as_bytes().first() {
            Some(b'n') => None,
            Some(b't' | b'f') => Some(Self::Boolean),
            Some(b'"') => Some(Self::String),
            Some(b'[') => Some(Self::Array),
            Some(b'{') => Some(Self::Object),
            _ => Some(Self::Number),
        }
    }
}

impl Display for ValueKind {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Boolean => "a boolean",
            Self::Number => "a number",
            Self::String => "a string",
            Self::Array => "an array",
            Self::Object => "an object",
        })
    }
}
