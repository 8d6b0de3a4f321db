//! A SQLite file with a table for each table of the schema.
//!
//! | JSON | SQLite |
//! |---|---|
//! | integer of 64 bits | INTEGER |
//! | number with a fraction or an exponent that a 64-bit float holds to the last digit | REAL |
//! | any other number | TEXT, with its digits as they came |
//! | boolean | INTEGER, 0 or 1 |
//! | string | TEXT |
//! | array, object | TEXT, its JSON as it came |
//! | null | NULL |
//!
//! Columns have no type, so that SQLite converts nothing; those that the schema calls strings are TEXT, and hold what
//! is no string as JSON. A row with a known primary key replaces the values that it has, and a field that it lacks
//! gets the schema's default, if there is one. A row whose key is null or missing in part is appended, as are all rows
//! of a table without a key.
//!
//! A key keeps apart what differs as JSON: `1`, `"1"` and `true`, `[1]` and `"[1]"`, `"\ud800"` and `"\udfff"`; not `1` and
//! `1.0`, nor `[1]` and `[1.0]`, nor objects in other orders: there the JSON is kept in one spelling (`keys.rs`).
//!
//! Tables and columns keep their names where SQLite can hold them (`names.rs`); of names that it takes for one, the
//! later is numbered.
//!
//! `_weld_tables`, `_weld_columns`, `_weld_state` and `_weld_notes` are our own tables: the names that tables and columns
//! got, the key of each table, the state of its last page, and the notes on it.

mod columns;
mod fault;
mod file;
mod holders;
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
use super::destination::{Destination, States};
use super::error::DestinationError;
use super::holder::LockHolder;

/// Rows in a SQLite file, which other programs may read meanwhile.
#[derive(Debug)]
pub struct Sqlite {
    file: OpenFile,
    path: PathBuf,
    /// By the schema's name.
    tables: HashMap<String, PreparedTable>,
    /// Of which tables new notes are to be committed.
    notes: HashMap<String, String>,
}

impl Sqlite {
    /// Opens the file, or makes it, and keeps other syncs out until the value is dropped.
    ///
    /// # Errors
    ///
    /// [`DestinationError`]: `Locked` where another sync has it open or another program locks it, `NotAFile`, `Linked`, `NotADatabase`, `Foreign` or `Layout` where
    /// it is not a sync's, `ReadOnly`, `Open`, or what SQLite reported.
    pub fn open(path: &Path) -> Result<Self, DestinationError> {
        Ok(Self {
            file: file::open(path).map_err(|fault| fault.into_error(path))?,
            path: path.to_owned(),
            tables: HashMap::new(),
            notes: HashMap::new(),
        })
    }

    /// What stays beside the file at `path` after a sync, once its [`Sqlite`] is dropped: its log, while another program has
    /// the file open. `None` where nothing does.
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

/// A log beside a file, and who keeps it there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{} stays for as long as {holder} has the file open; a program that opened it for reading alone leaves it there, and the \
     next sync removes it",
    log.display()
)]
pub struct LeftLog {
    /// The log, which is empty: all rows are in the file.
    pub log: PathBuf,
    /// Who has the file open.
    pub holder: LockHolder,
}

impl Destination for Sqlite {
    fn prepare(&mut self, table: &Table) -> Result<Option<String>, DestinationError> {
        let (prepared, state) = within(&mut self.file.connection, |connection| {
            let prepared = tables::prepare(connection, table)?;
            Ok((prepared, states::get(connection, &table.name)?))
        })
        .map_err(|fault| fault.into_error(&self.path))?;
        self.tables.insert(table.name.clone(), prepared);
        Ok(state)
    }

    fn clear(&mut self, table: &str) -> Result<(), DestinationError> {
        let prepared = prepared(&mut self.tables, table)?;
        within(&mut self.file.connection, |connection| {
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
    ) -> Result<(), DestinationError> {
        // Before, since SQLite would write to whatever is left of it.
        self.file.verify()?;
        let prepared = prepared(&mut self.tables, table)?;
        let known = prepared.layout.columns().len();
        let had_key_kinds = prepared.layout.has_key_kinds;
        let committed = within(&mut self.file.connection, |connection| {
            if let Some(was) = &prepared.layout.old_key {
                return Err(SqliteFault::KeyChanged {
                    table: table.to_owned(),
                    was: was.clone(),
                    now: prepared.layout.key.clone(),
                });
            }
            rows::write(connection, prepared, rows)?;
            if let Some(notes) = self.notes.get(table) {
                states::set_notes(connection, table, Some(notes))?;
            }
            states::set(connection, table, state)
        });
        committed.map_err(|fault| {
            prepared.layout.forget_after(known);
            prepared.layout.has_key_kinds = had_key_kinds;
            fault.into_error(&self.path)
        })?;
        self.notes.remove(table);
        // A commit into a file without a name is none.
        self.file.verify()
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

/// Does all of it in one transaction, or, after an error, nothing.
fn within<T>(
    connection: &mut Connection,
    work: impl FnOnce(&Connection) -> Result<T, SqliteFault>,
) -> Result<T, SqliteFault> {
    // One that only reads at first would fail where somebody else has written meanwhile.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let value = work(&transaction)?;
    transaction.commit()?;
    Ok(value)
}
