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

/// How long its texts are together, in bytes.
pub(super) fn bytes(tables: &[source::Table]) -> usize {
    let of_field = |field: &source::Field| {
        let kind = match &field.type_ {
            source::FieldType::Named(text) | source::FieldType::Described(text) => text.len(),
        };
        field.name.len() + kind + field.default.as_ref().map_or(0, String::len)
    };
    let of_table = |table: &source::Table| {
        let keys = table.primary_key.iter().map(String::len);
        table.name.len() + keys.sum::<usize>() + table.fields.iter().map(of_field).sum::<usize>()
    };
    tables.iter().map(of_table).sum()
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
