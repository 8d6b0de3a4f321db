//! Checks and writes the tables that a worker returns.

use serde_json::value::RawValue;
use weld_protocol::{Field, FieldType, Table, write_schema};

use super::fault::{NativeFault, WorkerFault};
use super::message::{FieldLine, TableLine, TypeLine};
use crate::config::Limits;
use crate::secrets::Secrets;

/// The schema as Weld reads it, without secrets.
///
/// # Errors
///
/// [`NativeFault`]: the value is not a list of tables, or they are not valid, or longer than `limits.schema-size`.
pub(super) fn write(
    tables: &RawValue,
    limits: &Limits,
    secrets: &Secrets,
) -> Result<String, NativeFault> {
    let tables: Vec<TableLine> =
        serde_json::from_str(tables.get()).map_err(|source| WorkerFault::Value {
            expected: "schema",
            source,
        })?;
    let tables: Vec<Table> = tables.into_iter().map(table).collect();
    let limit_bytes = limits.max_schema_bytes;
    let text = write_schema(&tables, limit_bytes)?;
    let Some(finder) = secrets.all() else {
        return Ok(text);
    };
    let longest = usize::try_from(limit_bytes).unwrap_or(usize::MAX);
    let replaced = finder.replaced_json(&text, longest);
    let replaced = replaced.map_err(|_| weld_protocol::SchemaError::TooLarge { limit_bytes })?;
    Ok(replaced.unwrap_or(text))
}

fn table(line: TableLine) -> Table {
    Table {
        name: line.name,
        primary_key: line.primary_key,
        fields: line.fields.into_iter().map(field).collect(),
    }
}

fn field(line: FieldLine) -> Field {
    Field {
        name: line.name,
        field_type: match line.kind {
            TypeLine::Named(name) => FieldType::Named(name),
            TypeLine::Described(json) => FieldType::Described(json),
        },
        default: line.default,
    }
}
