//! The warnings of the checks.

use std::fmt::{self, Display, Formatter};

use serde::{Deserialize, Serialize};

/// A problem in a table that Weld would load, but probably not as the connector's author intended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("table {table:?}, page {page}: {kind}")]
pub struct Warning {
    /// The table.
    pub table: String,
    /// The page's number in this run, from 1.
    pub page: u64,
    /// The kind of the problem.
    pub kind: WarningKind,
}

/// The kind of a problem. Each kind is reported once per table and column.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WarningKind {
    /// A row lacks a column of the primary key.
    #[error("row {row} has no {column:?}, which is in the primary key{}", meant(near.as_deref()))]
    KeyMissing {
        /// The column.
        column: String,
        /// The row's column with a similar name, if it has one.
        near: Option<String>,
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
    /// A declared field without a default is missing in all rows of the table.
    #[error("no row has the declared field {field:?}")]
    FieldNeverCame {
        /// The field.
        field: String,
    },
    /// The values of a column have several kinds, in this sync or since the sync that started the table. `null` has no
    /// kind.
    #[error("row {row} has {found} in {column:?}, where earlier rows have {before}")]
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
    /// The connector's variables have changed since rows of the table were read. Rows before the state are not read
    /// again.
    #[error(
        "the connector's variables changed after rows had been read ({}): those rows stay unchanged; --full reads the \
         table again", names.join(", ")
    )]
    VariablesChanged {
        /// The names.
        names: Vec<String>,
    },
    /// A field has a type that is not one of Weld's.
    #[error("{0}")]
    UnknownType(String),
    /// Pages have no new key: the connector probably requests the same ones from its API again.
    #[error(
        "the last {pages} pages have only rows that came before in this sync: the pages probably repeat; check that each \
         request asks for the page that the state names"
    )]
    PagesRepeat {
        /// The number of pages.
        pages: u32,
    },
    /// The state grows with every page: it probably collects what it should forget.
    #[error("the state grew in each of the last {pages} pages, to {bytes} bytes")]
    StateGrows {
        /// The number of pages.
        pages: u32,
        /// The size of the state in bytes.
        bytes: usize,
    },
}

/// The kind of a JSON value that is not `null`. Integers are numbers.
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

/// The column that was probably meant, as a question.
fn meant(near: Option<&str>) -> String {
    near.map_or_else(String::new, |near| format!("; did you mean {near:?}?"))
}

impl ValueKind {
    /// The kind of a JSON text without white space around it; `None` for `null`.
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
