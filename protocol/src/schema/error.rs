//! Why tables are not a valid schema.

use super::table::MAX_NAME_BYTES;
use crate::json::SyntaxError;

/// Why tables are not a valid schema. The message names the place, for the connector's author.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// A table has no name.
    #[error("table {index}, counted from 0, has an empty name")]
    EmptyTableName {
        /// Counted from 0.
        index: usize,
    },
    /// Two tables have the same name.
    #[error("there are two tables named {table:?}")]
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
    /// Two fields of a table have the same name.
    #[error("table {table:?} has two fields named {field:?}")]
    FieldTwice {
        /// The table's name.
        table: String,
        /// The fields' name.
        field: String,
    },
    /// A name is longer than [`MAX_NAME_BYTES`].
    #[error("{place} has a name of {bytes} bytes, the limit is {MAX_NAME_BYTES}")]
    NameTooLong {
        /// What has this name.
        place: String,
        /// The name's length.
        bytes: usize,
    },
    /// The schema's text would be longer than its limit.
    #[error("the schema is larger than its limit of {limit_bytes} bytes")]
    TooLarge {
        /// The limit.
        limit_bytes: u64,
    },
    /// A described type or a default is not valid JSON.
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
