//! Keys of several kinds of JSON values, which SQLite would take for one.
//!
//! A boolean is kept as 0 or 1, and JSON and long numbers as text. In a key `true` and `1` must stay apart, and `[1]` and
//! `"[1]"`. So a table gets a column for the kinds of a key's values, as part of the key, with the first row whose key has
//! such a value; most tables never do.

use rusqlite::Connection;

use super::columns::Layout;
use super::fault::SqliteFault;
use super::json::read_value;
use super::names::{KEY_KINDS, quoted};
use super::value::SqlValue;

/// The kind of a key's value beyond what its SQL value says; empty for most.
pub(super) fn kind(json: &str, is_text: bool) -> &'static str {
    match json.as_bytes().first() {
        Some(b'"' | b'n') | None => "",
        Some(b't' | b'f') => "boolean",
        Some(b'{') => "object",
        Some(b'[') => "array",
        _ if !is_text && is_short_integer(json) => "",
        _ if matches!(read_value(json, is_text), SqlValue::Text(_)) => "number",
        _ => "",
    }
}

/// Whether it fits into 64 bits by its length alone, as most keys do, which spares reading it.
fn is_short_integer(json: &str) -> bool {
    json.len() <= 18 && json.bytes().all(|byte| byte.is_ascii_digit())
}

/// Makes the column, and the key anew with it. Where the caller's transaction is rolled back, the layout must say again
/// that it isn't there.
pub(super) fn add(connection: &Connection, layout: &mut Layout) -> Result<(), SqliteFault> {
    connection.execute_batch(&format!(
        "ALTER TABLE {} ADD COLUMN {} TEXT NOT NULL DEFAULT ''; DROP INDEX IF EXISTS {}",
        quoted(&layout.sql_table),
        quoted(KEY_KINDS),
        layout.index_sql()
    ))?;
    layout.has_key_kinds = true;
    index(connection, layout)
}

/// Makes the index that keeps the key, where it is missing.
pub(super) fn index(connection: &Connection, layout: &Layout) -> Result<(), SqliteFault> {
    if let Some(key) = layout.key_sql() {
        let (name, table) = (layout.index_sql(), quoted(&layout.sql_table));
        connection.execute_batch(&format!(
            "CREATE UNIQUE INDEX IF NOT EXISTS {name} ON {table} ({key})"
        ))?;
    }
    Ok(())
}
