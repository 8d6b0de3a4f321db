//! Keys of several kinds and spellings of JSON values, which SQLite would take for one or for several.
//!
//! A boolean is kept as 0 or 1, JSON and long numbers as text, and half of a surrogate pair as U+FFFD. In a key `true` and
//! `1` must stay apart, and `[1]` and `"[1]"`. So a table gets a column for the kinds of a key's values, as part of the key,
//! with the first row whose key has such a value; most tables never do. What is no plain value is kept in one spelling:
//! `{"a":1,"b":2}` and `{"b":2,"a":1}` are one key, and so are `[1]` and `[1.0]`.

use std::borrow::Cow;

use rusqlite::Connection;
use weld_protocol::canonical_key;

use super::columns::Layout;
use super::fault::SqliteFault;
use super::names::{KEY_KINDS, quoted};
use super::numbers::number;
use super::value::SqlValue;

/// Any number of so many characters, without an exponent, is kept in one way however it is spelled.
const SHORT_CHARACTERS: usize = 15;

/// An integer of so many fits into 64 bits.
const SHORT_INTEGER_CHARACTERS: usize = 18;

/// A key's value that is not plain.
#[derive(Debug)]
pub(super) struct KeyValue {
    /// What tells it from others of the same SQL value; empty where nothing has to.
    pub(super) kind: Cow<'static, str>,
    /// What is kept in place of the value as it came; `None` where that is kept.
    pub(super) value: Option<SqlValue<'static>>,
}

impl KeyValue {
    /// Reads a JSON text; `None` for a plain value, as most are. `is_text` as for
    /// [`read_value`](super::json::read_value).
    pub(super) fn read(json: &str, is_text: bool) -> Option<Self> {
        let in_one_spelling = || SqlValue::Text(canonical_key(json).into_owned().into());
        let (kind, value) = match json.as_bytes().first() {
            None | Some(b'n') => return None,
            Some(b'"') if !json.contains('\\') => return None,
            Some(b'"') => match serde_json::from_str::<String>(json) {
                Ok(_) => return None,
                // What is kept of it would be the same for each half.
                Err(_) => (canonical_key(json).into_owned().into(), None),
            },
            Some(b't' | b'f') => ("boolean".into(), None),
            Some(b'{') => ("object".into(), Some(in_one_spelling())),
            Some(b'[') => ("array".into(), Some(in_one_spelling())),
            _ if is_text => ("number".into(), Some(in_one_spelling())),
            _ if is_short(json) => return None,
            _ => match number(&canonical_key(json)) {
                SqlValue::Text(text) => (
                    "number".into(),
                    Some(SqlValue::Text(text.into_owned().into())),
                ),
                SqlValue::Integer(integer) => ("".into(), Some(SqlValue::Integer(integer))),
                SqlValue::Real(real) => ("".into(), Some(SqlValue::Real(real))),
                SqlValue::Null => return None,
            },
        };
        Some(Self { kind, value })
    }
}

/// Whether a number's length alone says that it is kept as a number, whose spelling is not kept, which spares reading it.
fn is_short(json: &str) -> bool {
    let has_no = |found: fn(&u8) -> bool| !json.as_bytes().iter().any(found);
    match json.len() {
        0..=SHORT_CHARACTERS => has_no(|byte| matches!(byte, b'e' | b'E')),
        16..=SHORT_INTEGER_CHARACTERS => has_no(|byte| matches!(byte, b'e' | b'E' | b'.')),
        _ => false,
    }
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
