//! What is wrong with tables that make no schema.

use super::table::MAX_NAME_BYTES;
use crate::json::SyntaxError;

/// Why tables make no schema. The message names the place, for the connector's author.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// A table has no name.
    #[error("table {index}, counted from 0, has an empty name")]
    EmptyTableName {
        /// Counted from 0.
        index: usize,
    },
    /// Two tables have one name.
    #[error("there are two tables {table:?}")]
    TableTwice {
        /// The tables' name.
        table: String,
    },
    /// A column of a primary key has no name.
    #[error("the primary key of table {table:?} has a column with an empty name")]
    EmptyKeyColumn {
        /// The table's name.
        table: String,
    },
    /// A primary key names a column twice.
    #[error("the primary key of table {table:?} has the column {column:?} twice")]
    KeyColumnTwice {
        /// The table's name.
        table: String,
        /// The column's name.
        column: String,
    },
    /// A field has no name.
    #[error("field {index}, counted from 0, of table {table:?} has an empty name")]
    EmptyFieldName {
        /// The table's name.
        table: String,
        /// Counted from 0.
        index: usize,
    },
    /// Two fields of a table have one name.
    #[error("table {table:?} has two fields {field:?}")]
    FieldTwice {
        /// The table's name.
        table: String,
        /// The fields' name.
        field: String,
    },
    /// A name is longer than [`MAX_NAME_BYTES`].
    #[error("{place} has a name of {bytes} bytes, {MAX_NAME_BYTES} are allowed")]
    NameTooLong {
        /// Whose name it is.
        place: String,
        /// How long it is.
        bytes: usize,
    },
    /// The text would be longer than it may.
    #[error("the schema has more than the {limit_bytes} bytes that are allowed")]
    TooLarge {
        /// How long it may be.
        limit_bytes: u64,
    },
    /// A described type or a default is not one JSON value.
    #[error("the {part} of field {field:?} of table {table:?} is not JSON, {error}")]
    NotJson {
        /// "type" or "default".
        part: &'static str,
        /// The table's name.
        table: String,
        /// The field's name.
        field: String,
        /// Where and why.
        error: SyntaxError,
    },
}
