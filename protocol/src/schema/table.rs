//! A table and its columns.

/// The longest name of a table, a column or a type, in bytes: 1 KiB. What Weld's destinations take is far less.
pub const MAX_NAME_BYTES: usize = 1 << 10;

/// One table of a connector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Not empty, not longer than [`MAX_NAME_BYTES`], and no other table's.
    pub name: String,
    /// The columns that identify a row; empty where rows have no identity.
    pub primary_key: Vec<String>,
    /// The columns that Weld need not infer; may be empty.
    pub fields: Vec<Field>,
}

/// One column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Not empty, not longer than [`MAX_NAME_BYTES`], and no other field's of the table.
    pub name: String,
    /// How Weld reads the column.
    pub field_type: FieldType,
    /// The value of rows that lack the field, as JSON text.
    pub default: Option<String>,
}

/// How Weld reads a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldType {
    /// A type by its name, such as `string`. Which names there are is Weld's to say.
    Named(String),
    /// Any other type as JSON text, such as `["null", "string"]`.
    Described(String),
}
