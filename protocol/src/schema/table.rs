//! A table and its columns.

/// The longest name of a table, a column or a type, in bytes: 1 KiB. Weld's destinations allow far less.
pub const MAX_NAME_BYTES: usize = 1 << 10;

/// One table of a connector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Not empty, at most [`MAX_NAME_BYTES`] long, and unique in the schema.
    pub name: String,
    /// The columns that identify a row; empty if rows have no identity.
    pub primary_key: Vec<String>,
    /// The columns whose types Weld doesn't have to infer; may be empty.
    pub fields: Vec<Field>,
}

/// One column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Not empty, at most [`MAX_NAME_BYTES`] long, and unique in the table.
    pub name: String,
    /// How Weld reads the column.
    pub field_type: FieldType,
    /// The value of rows that lack the field, as JSON text.
    pub default: Option<String>,
}

/// How Weld reads a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldType {
    /// A type by its name, such as `string`. Weld defines which names exist.
    Named(String),
    /// Any other type as JSON text, such as `["null", "string"]`.
    Described(String),
}
