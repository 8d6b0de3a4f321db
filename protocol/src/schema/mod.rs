//! The schema: a connector's tables, and how Weld reads their columns.

mod error;
mod table;
mod write;

pub use error::SchemaError;
pub use table::{Field, FieldType, MAX_NAME_BYTES, Table};
pub use write::write_schema;
