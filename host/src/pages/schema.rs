//! Converts a guest's tables into Weld's schema.

use weld_protocol::{Field, FieldType, Table, write_schema};

use super::error::PagesError;
use crate::account::Charge;
use crate::bindings::source;
use crate::connectors::GuestSchema;

/// How many bytes a one-byte character takes in JSON at most: `\u0001`.
const LONGEST_ESCAPE: u64 = 6;

/// Writes the schema's JSON, at most `max_bytes`. Also returns the charge for it, which may be larger than needed.
///
/// # Errors
///
/// [`PagesError`]: a name is repeated or too long, a type or default is not JSON, the text is too long, or there is
/// no memory.
pub(super) fn write(schema: GuestSchema, max_bytes: u64) -> Result<(String, Charge), PagesError> {
    let GuestSchema { tables, mut charge } = schema;
    // The text doubles its capacity as it grows.
    let most = charge.bytes().saturating_mul(LONGEST_ESCAPE);
    charge.grow(most.min(max_bytes.saturating_mul(2)))?;
    let tables: Vec<Table> = tables.into_iter().map(table).collect();
    Ok((write_schema(&tables, max_bytes)?, charge))
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
