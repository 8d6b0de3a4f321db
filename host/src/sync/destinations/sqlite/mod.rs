//! A SQLite file with a table for each table of the schema.
//!
//! | JSON | SQLite |
//! |---|---|
//! | integer of 64 bits | INTEGER |
//! | number with a fraction or an exponent that a 64-bit float represents exactly | REAL |
//! | any other number | TEXT, with its digits as received |
//! | boolean | INTEGER, 0 or 1 |
//! | string | TEXT |
//! | array, object | TEXT, its JSON as received |
//! | null | NULL |
//!
//! Columns have no type, so that SQLite converts nothing. Columns that the schema declares as strings are TEXT; other
//! values in them are stored as JSON. A row with an existing primary key replaces the values that it has. A missing
//! field gets the schema's default, if there is one. A row with a null or missing key column is appended, as are all
//! rows of a table without a key.
//!
//! Keys that differ as JSON stay distinct: `1`, `"1"` and `true`, `[1]` and `"[1]"`, `"\ud800"` and `"\udfff"`. Equal
//! JSON in different spellings is the same key: `1` and `1.0`, `[1]` and `[1.0]`, or objects in different orders. Such
//! JSON is stored in a canonical spelling (`keys.rs`).
//!
//! Tables and columns keep their names if SQLite accepts them (`names.rs`). If SQLite treats two names as equal, the
//! later one gets a number.
//!
//! `_weld_tables`, `_weld_columns`, `_weld_state` and `_weld_notes` are the sync's own tables. They contain the names
//! of tables and columns, the key of each table, the state of its last page, and the notes on it.

mod columns;
mod fault;
mod file;
mod holders;
mod inserts;
mod json;
mod keys;
mod making;
mod names;
mod numbers;
mod ownership;
mod place;
mod rows;
mod states;
mod tables;
mod value;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, TransactionBehavior};
use serde_json::value::RawValue;
use weld_protocol::Table;

use self::fault::SqliteFault;
use self::file::OpenFile;
use self::holders::holders;
use self::place::beside;
use self::tables::PreparedTable;
use super::destination::{Destination, States, Upserts};
use super::error::DestinationError;
use super::holder::LockHolder;

/// A destination that writes to a SQLite file, which other programs may read meanwhile.
#[derive(Debug)]
pub struct Sqlite {
    file: OpenFile,
    path: PathBuf,
    /// The prepared tables, by the schema's name.
    tables: HashMap<String, PreparedTable>,
    /// New notes to commit, by table.
    notes: HashMap<String, String>,
}

impl Sqlite {
    /// Opens or creates the file, and keeps other syncs out until the value is dropped.
    ///
    /// # Errors
    ///
    /// [`DestinationError`]: `Locked` if another sync or program has locked the file, `NotAFile`, `Linked`,
    /// `NotADatabase`, `Foreign` or `Layout` if it is not a sync's, `ReadOnly`, `Open`, or an error of SQLite.
    pub fn open(path: &Path) -> Result<Self, DestinationError> {
        Ok(Self {
            file: file::open(path).map_err(|fault| fault.into_error(path))?,
            path: path.to_owned(),
            tables: HashMap::new(),
            notes: HashMap::new(),
        })
    }

    /// The log that remains next to the file at `path` once its [`Sqlite`] is dropped, while another program has the
    /// file open. `None` if there is none.
    #[must_use]
    pub fn left_log(path: &Path) -> Option<LeftLog> {
        let path = std::fs::canonicalize(path).ok()?;
        let log = beside(&path, "-wal");
        log.exists().then(|| LeftLog {
            log,
            holder: holders(&path),
        })
    }
}

/// A log next to a file, with the programs that keep it there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{} remains while {holder} has the file open; a program that opened it only for reading leaves the log behind, and the \
     next sync removes it",
    log.display()
)]
pub struct LeftLog {
    /// The log, which is empty: all rows are in the file.
    pub log: PathBuf,
    /// The programs that have the file open.
    pub holder: LockHolder,
}

impl Destination for Sqlite {
    fn prepare(&mut self, table: &Table) -> Result<Option<String>, DestinationError> {
        let (prepared, state) = in_transaction(&mut self.file.connection, |connection| {
            let prepared = tables::prepare(connection, table)?;
            Ok((prepared, states::get(connection, &table.name)?))
        })
        .map_err(|fault| fault.into_error(&self.path))?;
        self.tables.insert(table.name.clone(), prepared);
        Ok(state)
    }

    fn clear(&mut self, table: &str) -> Result<(), DestinationError> {
        let prepared = prepared(&mut self.tables, table)?;
        in_transaction(&mut self.file.connection, |connection| {
            tables::clear(connection, &prepared.layout)
        })
        .map_err(|fault| fault.into_error(&self.path))?;
        prepared.layout.old_key = None;
        Ok(())
    }

    fn commit(
        &mut self,
        table: &str,
        rows: &[Box<RawValue>],
        state: &RawValue,
    ) -> Result<Option<Upserts>, DestinationError> {
        // Before writing, since SQLite would write to whatever is left of the file.
        self.file.verify()?;
        let prepared = prepared(&mut self.tables, table)?;
        let known = prepared.layout.columns().len();
        let had_key_kinds = prepared.layout.has_key_kinds;
        let committed = in_transaction(&mut self.file.connection, |connection| {
            if let Some(was) = &prepared.layout.old_key {
                return Err(SqliteFault::KeyChanged {
                    table: table.to_owned(),
                    was: was.clone(),
                    now: prepared.layout.key.clone(),
                });
            }
            let upserts = rows::write(connection, prepared, rows)?;
            if let Some(notes) = self.notes.get(table) {
                states::set_notes(connection, table, Some(notes))?;
            }
            states::set(connection, table, state)?;
            Ok(upserts)
        });
        let upserts = committed.map_err(|fault| {
            prepared.layout.forget_after(known);
            prepared.layout.has_key_kinds = had_key_kinds;
            fault.into_error(&self.path)
        })?;
        self.notes.remove(table);
        // A commit to a file that was removed doesn't count.
        self.file.verify()?;
        Ok(Some(upserts))
    }

    fn notes(&mut self, table: &str) -> Result<Option<String>, DestinationError> {
        states::notes(&self.file.connection, table).map_err(|fault| fault.into_error(&self.path))
    }

    fn set_notes(&mut self, table: &str, notes: String) {
        self.notes.insert(table.to_owned(), notes);
    }

    fn verify(&mut self) -> Result<(), DestinationError> {
        self.file.verify()
    }
}

impl States for Sqlite {
    fn states(&mut self) -> Result<Vec<(String, String)>, DestinationError> {
        states::all(&self.file.connection).map_err(|fault| fault.into_error(&self.path))
    }

    fn tables(&mut self) -> Result<Vec<String>, DestinationError> {
        states::tables(&self.file.connection).map_err(|fault| fault.into_error(&self.path))
    }

    fn set_state(&mut self, table: &str, state: &RawValue) -> Result<(), DestinationError> {
        states::set(&self.file.connection, table, state)
            .map_err(|fault| fault.into_error(&self.path))
    }

    fn reset_state(&mut self, table: &str) -> Result<bool, DestinationError> {
        states::reset(&self.file.connection, table).map_err(|fault| fault.into_error(&self.path))
    }
}

fn prepared<'a>(
    tables: &'a mut HashMap<String, PreparedTable>,
    table: &str,
) -> Result<&'a mut PreparedTable, DestinationError> {
    tables
        .get_mut(table)
        .ok_or_else(|| DestinationError::NotPrepared {
            table: table.to_owned(),
        })
}

/// Does the work in a transaction, which is rolled back after an error.
fn in_transaction<T>(
    connection: &mut Connection,
    work: impl FnOnce(&Connection) -> Result<T, SqliteFault>,
) -> Result<T, SqliteFault> {
    // Immediate: a transaction that starts by reading would fail if another program had written meanwhile.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let value = work(&transaction)?;
    transaction.commit()?;
    Ok(value)
}
