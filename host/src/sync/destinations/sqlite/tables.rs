//! The schema's tables as tables of the file. Their names are stored for later runs.

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension};
use serde_json::value::RawValue;
use weld_protocol::{FieldType, Table};

use super::columns::{Column, Layout, NewColumn};
use super::fault::SqliteFault;
use super::keys;
use super::names::{KEY_KINDS, Names, quoted, table_name};
use super::states;

/// A table that is ready for rows.
#[derive(Debug)]
pub(super) struct PreparedTable {
    pub(super) layout: Layout,
    /// The default values of fields, by column index.
    pub(super) defaults: Vec<(usize, Box<RawValue>)>,
}

/// Finds or creates the table with the columns of its key and fields, within the caller's transaction.
pub(super) fn prepare(
    connection: &Connection,
    table: &Table,
) -> Result<PreparedTable, SqliteFault> {
    let recorded = connection
        .query_row(
            "SELECT sql_name, primary_key FROM _weld_tables WHERE name = ?1",
            [&table.name],
            |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)),
        )
        .optional()?;
    let (sql_table, recorded_key) = match recorded {
        Some((sql_table, key)) => (sql_table, key_of_json(&key)?),
        None => (register(connection, table)?, table.primary_key.clone()),
    };
    let (columns, taken) = known_columns(connection, &table.name, &sql_table)?;
    let key = table.primary_key.clone();
    let mut layout = Layout::new(table.name.clone(), sql_table, key, columns, taken);
    let fields = table.fields.iter().map(|field| NewColumn {
        name: field.name.clone(),
        is_text: is_string(&field.field_type),
    });
    let undeclared = table
        .primary_key
        .iter()
        .filter(|name| table.fields.iter().all(|field| field.name != **name))
        .map(|name| NewColumn {
            name: name.clone(),
            is_text: false,
        });
    layout.has_key_kinds = connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM pragma_table_info(?1) WHERE name = ?2)",
        [&layout.sql_table, KEY_KINDS],
        |row| row.get(0),
    )?;
    layout.add(connection, undeclared.chain(fields))?;
    if recorded_key == layout.key {
        keys::index(connection, &layout)?;
    } else if is_empty(connection, &layout)? {
        change_key(connection, &layout)?;
    } else {
        layout.old_key = Some(recorded_key);
    }
    let defaults = table.fields.iter().filter_map(|field| {
        let json = field.default.clone()?;
        Some((
            layout.place(&field.name)?,
            RawValue::from_string(json).ok()?,
        ))
    });
    Ok(PreparedTable {
        defaults: defaults.collect(),
        layout,
    })
}

/// Removes all rows and the state, within the caller's transaction. An old key is replaced by the schema's.
pub(super) fn clear(connection: &Connection, layout: &Layout) -> Result<(), SqliteFault> {
    if !layout.columns().is_empty() {
        connection.execute_batch(&format!("DELETE FROM {}", quoted(&layout.sql_table)))?;
    }
    states::reset(connection, &layout.table)?;
    states::set_notes(connection, &layout.table, None)?;
    if layout.old_key.is_some() {
        change_key(connection, layout)?;
    }
    Ok(())
}

/// Stores a unique SQL name for the table. It must differ from the names of all other objects in the file.
fn register(connection: &Connection, table: &Table) -> Result<String, SqliteFault> {
    let mut taken = Names::default();
    let mut names = connection
        .prepare("SELECT name FROM sqlite_schema UNION ALL SELECT sql_name FROM _weld_tables")?;
    for name in names.query_map([], |row| row.get::<_, String>(0))? {
        taken.insert(&name?);
    }
    let sql_table = taken.take(table_name(&table.name));
    connection.execute(
        "INSERT INTO _weld_tables (name, sql_name, primary_key) VALUES (?1, ?2, ?3)",
        [&table.name, &sql_table, &key_json(&table.primary_key)?],
    )?;
    Ok(sql_table)
}

/// The stored columns that still exist, and all names in use. If someone dropped the table, its state is removed too;
/// otherwise the dropped rows would never be synced again.
fn known_columns(
    connection: &Connection,
    table: &str,
    sql_table: &str,
) -> Result<(Vec<Column>, Names), SqliteFault> {
    let mut taken = Names::of_a_table();
    let mut actual = connection.prepare("SELECT name FROM pragma_table_info(?1)")?;
    for name in actual.query_map([sql_table], |row| row.get::<_, String>(0))? {
        taken.insert(&name?);
    }
    let removed = connection.execute(
        "DELETE FROM _weld_columns WHERE table_name = ?1
            AND sql_name NOT IN (SELECT name FROM pragma_table_info(?2))",
        [table, sql_table],
    )?;
    let mut remembered = connection.prepare(
        "SELECT known.name, known.sql_name, actual.type = 'TEXT'
            FROM _weld_columns known
            JOIN pragma_table_info(?2) actual ON known.sql_name = actual.name
            WHERE known.table_name = ?1 ORDER BY actual.cid",
    )?;
    let columns = remembered
        .query_map([table, sql_table], |row| {
            Ok(Column {
                name: row.get(0)?,
                sql_name: row.get(1)?,
                is_text: row.get(2)?,
            })
        })?
        .collect::<Result<Vec<_>, _>>()?;
    if columns.is_empty() && removed > 0 {
        states::reset(connection, table)?;
    }
    Ok((columns, taken))
}

/// Replaces the key by the schema's. The table must be empty.
fn change_key(connection: &Connection, layout: &Layout) -> Result<(), SqliteFault> {
    connection.execute_batch(&format!("DROP INDEX IF EXISTS {}", layout.index_sql()))?;
    keys::index(connection, layout)?;
    connection.execute(
        "UPDATE _weld_tables SET primary_key = ?2 WHERE name = ?1",
        [&layout.table, &key_json(&layout.key)?],
    )?;
    Ok(())
}

fn is_empty(connection: &Connection, layout: &Layout) -> Result<bool, SqliteFault> {
    if layout.columns().is_empty() {
        return Ok(true);
    }
    let sql = format!(
        "SELECT NOT EXISTS (SELECT 1 FROM {})",
        quoted(&layout.sql_table)
    );
    Ok(connection.query_row(&sql, [], |row| row.get(0))?)
}

/// Whether a field's type is string, with or without null.
fn is_string(field_type: &FieldType) -> bool {
    match field_type {
        FieldType::Named(name) => name == "string",
        FieldType::Described(json) => {
            serde_json::from_str::<Vec<String>>(json).is_ok_and(|names| {
                let mut names = names.iter().filter(|name| *name != "null").peekable();
                names.peek().is_some() && names.all(|name| name == "string")
            })
        }
    }
}

fn key_json(key: &[String]) -> Result<String, SqliteFault> {
    Ok(serde_json::to_string(key)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?)
}

fn key_of_json(json: &str) -> Result<Vec<String>, SqliteFault> {
    Ok(serde_json::from_str(json)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, error.into()))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn string_fields_are_recognized() {
        let named = |name: &str| FieldType::Named(name.to_owned());
        let described = |json: &str| FieldType::Described(json.to_owned());
        let cases = [
            (named("string"), true),
            (named("integer"), false),
            (named("strings"), false),
            (described(r#"["null", "string"]"#), true),
            (described(r#"["string"]"#), true),
            (described(r#"["string", "integer"]"#), false),
            (described(r#"["null"]"#), false),
            (described("[]"), false),
            (described(r#"{"type": "string"}"#), false),
        ];
        for (field_type, expected) in cases {
            assert_eq!(is_string(&field_type), expected, "{field_type:?}");
        }
    }
}
