//! Primary keys with values of several JSON kinds or spellings, which SQLite would not compare as JSON does.
//!
//! A boolean is stored as 0 or 1, JSON and long numbers as text, and half of a surrogate pair as U+FFFD. In a key,
//! `true` must differ from `1`, and `[1]` from `"[1]"`. So when the first such value appears, the table gets a column
//! for the kinds of a key's values, as part of the key. Most tables never need it. Values that are not plain are stored
//! in a canonical spelling: `{"a":1,"b":2}` and `{"b":2,"a":1}` are the same key, and so are `[1]` and `[1.0]`.

use std::borrow::Cow;

use rusqlite::Connection;
use weld_protocol::canonical_key;

use super::columns::Layout;
use super::fault::SqliteFault;
use super::names::{KEY_KINDS, quoted};
use super::numbers::number;
use super::value::SqlValue;

/// A number with at most this many characters and no exponent is stored the same way in any spelling.
const SHORT_CHARACTERS: usize = 15;

/// An integer with at most this many characters fits into 64 bits.
const SHORT_INTEGER_CHARACTERS: usize = 18;

/// A key's value that is not plain.
#[derive(Debug)]
pub(super) struct KeyValue {
    /// The kind that distinguishes it from others with the same SQL value; empty if that is not needed.
    pub(super) kind: Cow<'static, str>,
    /// The value to store instead of the original one; `None` to store the original.
    pub(super) value: Option<SqlValue<'static>>,
}

impl KeyValue {
    /// Reads a JSON text; `None` for a plain value, as most are. `is_text` is the same as `as_text` of
    /// [`read_value`](super::json::read_value).
    pub(super) fn read(json: &str, is_text: bool) -> Option<Self> {
        let canonical = || SqlValue::Text(canonical_key(json).into_owned().into());
        let (kind, value) = match json.as_bytes().first() {
            None | Some(b'n') => return None,
            Some(b'"') if !json.contains('\\') => return None,
            Some(b'"') => match serde_json::from_str::<String>(json) {
                Ok(_) => return None,
                // The stored text would be the same for each half.
                Err(_) => (canonical_key(json).into_owned().into(), None),
            },
            Some(b't' | b'f') => ("boolean".into(), None),
            Some(b'{') => ("object".into(), Some(canonical())),
            Some(b'[') => ("array".into(), Some(canonical())),
            _ if is_text => ("number".into(), Some(canonical())),
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

/// Whether a number's length shows that it is stored as a number, without its spelling. This saves parsing it.
fn is_short(json: &str) -> bool {
    let has_no = |found: fn(&u8) -> bool| !json.as_bytes().iter().any(found);
    match json.len() {
        0..=SHORT_CHARACTERS => has_no(|byte| matches!(byte, b'e' | b'E')),
        16..=SHORT_INTEGER_CHARACTERS => has_no(|byte| matches!(byte, b'e' | b'E' | b'.')),
        _ => false,
    }
}

/// Adds the column and recreates the key with it. If the caller's transaction is rolled back, the caller must reset
/// `has_key_kinds` in the layout.
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

/// Creates the key's index, if it is missing.
pub(super) fn index(connection: &Connection, layout: &Layout) -> Result<(), SqliteFault> {
    if let Some(key) = layout.key_sql() {
        let (name, table) = (layout.index_sql(), quoted(&layout.sql_table));
        connection.execute_batch(&format!(
            "CREATE UNIQUE INDEX IF NOT EXISTS {name} ON {table} ({key})"
        ))?;
    }
    Ok(())
}
