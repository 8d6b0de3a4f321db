//! The states and notes, in their own tables.

use rusqlite::{Connection, OptionalExtension};
use serde_json::value::RawValue;

use super::fault::SqliteFault;

/// The state of the table's last page.
pub(super) fn get(connection: &Connection, table: &str) -> Result<Option<String>, SqliteFault> {
    Ok(connection
        .query_row(
            "SELECT state FROM _weld_state WHERE table_name = ?1",
            [table],
            |row| row.get(0),
        )
        .optional()?)
}

/// The notes on the table.
pub(super) fn notes(connection: &Connection, table: &str) -> Result<Option<String>, SqliteFault> {
    let sql = "SELECT notes FROM _weld_notes WHERE table_name = ?1";
    Ok(connection
        .query_row(sql, [table], |row| row.get(0))
        .optional()?)
}

/// Replaces the notes; `None` removes them.
pub(super) fn set_notes(
    connection: &Connection,
    table: &str,
    notes: Option<&str>,
) -> Result<(), SqliteFault> {
    match notes {
        Some(notes) => connection.execute(
            "INSERT OR REPLACE INTO _weld_notes (table_name, notes) VALUES (?1, ?2)",
            [table, notes],
        )?,
        None => connection.execute("DELETE FROM _weld_notes WHERE table_name = ?1", [table])?,
    };
    Ok(())
}

/// All states, sorted by table.
pub(super) fn all(connection: &Connection) -> Result<Vec<(String, String)>, SqliteFault> {
    let mut states =
        connection.prepare("SELECT table_name, state FROM _weld_state ORDER BY table_name")?;
    let states = states.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(states.collect::<Result<_, _>>()?)
}

/// The tables that were prepared or have a state, sorted.
pub(super) fn tables(connection: &Connection) -> Result<Vec<String>, SqliteFault> {
    let mut tables = connection.prepare(
        "SELECT name FROM _weld_tables UNION SELECT table_name FROM _weld_state ORDER BY 1",
    )?;
    let tables = tables.query_map([], |row| row.get(0))?;
    Ok(tables.collect::<Result<_, _>>()?)
}

/// Replaces the state.
pub(super) fn set(
    connection: &Connection,
    table: &str,
    state: &RawValue,
) -> Result<(), SqliteFault> {
    connection.execute(
        "INSERT INTO _weld_state (table_name, state, updated_at)
            VALUES (?1, ?2, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
            ON CONFLICT (table_name) DO UPDATE
            SET state = excluded.state, updated_at = excluded.updated_at",
        [table, state.get()],
    )?;
    Ok(())
}

/// Removes the state. Returns whether there was one.
pub(super) fn reset(connection: &Connection, table: &str) -> Result<bool, SqliteFault> {
    let removed = connection.execute("DELETE FROM _weld_state WHERE table_name = ?1", [table])?;
    Ok(removed > 0)
}
