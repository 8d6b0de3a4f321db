//! A guest's tables as Weld's schema.

use weld_protocol::{Field, FieldType, SchemaError, Table, write_schema};

use crate::bindings::source;

/// Writes the schema's JSON.
///
/// # Errors
///
/// [`SchemaError`] where a name comes twice or a type or default is no JSON.
pub(super) fn write(tables: Vec<source::Table>) -> Result<String, SchemaError> {
    let tables: Vec<Table> = tables.into_iter().map(table).collect();
    write_schema(&tables)
}

fn table(table: source::Table) -> Table {
    Table {
        name: table.name,
        primary_key: table.primary_key,
        fields: table.fields.into_iter().map(field).collect(),
    }
}

fn field(field: source::Field) -> Field {
    Field {
        name: field.name,
        field_type: match field.type_ {
            source::FieldType::Named(name) => FieldType::Named(name),
            source::FieldType::Described(json) => FieldType::Described(json),
        },
        default: field.default,
    }
}
