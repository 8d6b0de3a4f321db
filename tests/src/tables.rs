//! The contents of a database that a sync has written.

use rusqlite::Connection;
use rusqlite::types::Value as Sql;
use serde_json::Value;
use weld_host::demo::Table;

/// A table of a database: its columns, and its rows ordered by key.
#[derive(Debug, PartialEq)]
pub struct Rows {
    /// Their names, in the table's order.
    pub columns: Vec<String>,
    /// Their values.
    pub rows: Vec<Vec<Sql>>,
}

/// Reads a table, ordered by a column.
///
/// # Panics
/// If there is no such table.
pub fn rows(database: &Connection, table: &str, order: &str) -> Rows {
    let sql = format!("SELECT * FROM \"{table}\" ORDER BY \"{order}\"");
    let mut query = database.prepare(&sql).expect("the table is there");
    let columns: Vec<String> = query.column_names().map(str::to_owned).collect();
    let rows = query
        .query_map([], |row| {
            (0..columns.len()).map(|place| row.get(place)).collect()
        })
        .expect("it can be read")
        .collect::<Result<_, _>>()
        .expect("it can be read");
    Rows { columns, rows }
}

/// The states stored next to the rows, by table.
///
/// # Panics
/// If there are none.
pub fn states(database: &Connection) -> Vec<(String, String)> {
    database
        .prepare("SELECT table_name, state FROM _weld_state ORDER BY table_name")
        .expect("states")
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .expect("states")
        .collect::<Result<_, _>>()
        .expect("states")
}

/// Checks that a table equals the API's, value by value.
///
/// # Panics
/// If it doesn't.
pub fn assert_synced(database: &Connection, table: Table, scale: u32) {
    let name = table.name();
    let stored = rows(database, name, "id");
    assert_eq!(stored.rows.len() as u64, table.count(scale), "{name}");
    for (row, sent) in stored.rows.iter().zip(table.rows(scale)) {
        let sent: Value = serde_json::from_str(&sent).expect("a row is JSON");
        let sent = sent.as_object().expect("an object");
        assert!(
            sent.keys().all(|column| stored.columns.contains(column)),
            "{name}: {:?}",
            stored.columns
        );
        for (column, value) in stored.columns.iter().zip(row) {
            let expected = sent.get(column).unwrap_or_else(|| {
                assert_eq!(
                    column, "newsletter",
                    "{name}: every other field is in every row"
                );
                // The value that the schema declares for rows without the field.
                &Value::Bool(false)
            });
            assert!(
                is_same(value, expected),
                "{name}.{column}: {value:?} for {expected}"
            );
        }
    }
}

fn is_same(stored: &Sql, sent: &Value) -> bool {
    match (stored, sent) {
        (Sql::Null, Value::Null) => true,
        (Sql::Integer(stored), Value::Bool(sent)) => *stored == i64::from(*sent),
        (Sql::Integer(stored), Value::Number(sent)) => sent.as_i64() == Some(*stored),
        (Sql::Real(stored), Value::Number(sent)) => sent.as_f64() == Some(*stored),
        (Sql::Text(stored), Value::String(sent)) => stored == sent,
        (Sql::Text(stored), Value::Array(_) | Value::Object(_) | Value::Number(_)) => {
            serde_json::from_str::<Value>(stored).is_ok_and(|stored| stored == *sent)
        }
        _ => false,
    }
}
