//! The file: whose it is, who may write it, and how it is written.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, MAIN_DB, OpenFlags, Transaction, TransactionBehavior};

use super::fault::SqliteFault;

/// Marks a file as a sync's: "weld" in ASCII (sqlite.org/pragma.html#pragma_application_id).
const APPLICATION_ID: i32 = 0x7765_6c64;

/// The layout of our own tables.
const LAYOUT: i32 = 1;

/// How much of the file is kept in memory. Upserts by keys in no order read all over the index.
const CACHE_KIBIBYTES: i32 = 32 << 10;

/// A row of a few kilobytes and its index entries touch fewer, larger pages.
const PAGE_BYTES: i32 = 8 << 10;

/// How many pages the write-ahead log collects before they are copied into the file: 64 MB, so that a page that is
/// written by many commits is copied once.
const CHECKPOINT_PAGES: i32 = 8 << 10;

const OWN_TABLES: &str = "
    CREATE TABLE _weld_tables (
        name TEXT PRIMARY KEY,
        sql_name TEXT NOT NULL UNIQUE COLLATE NOCASE,
        primary_key TEXT NOT NULL
    );
    CREATE TABLE _weld_columns (
        table_name TEXT NOT NULL,
        name TEXT NOT NULL,
        sql_name TEXT NOT NULL COLLATE NOCASE,
        PRIMARY KEY (table_name, name)
    );
    CREATE TABLE _weld_state (
        table_name TEXT PRIMARY KEY,
        state TEXT NOT NULL,
        updated_at TEXT NOT NULL
    );
";

/// Opens or makes the file, and holds it until the connection is dropped or the process ends.
///
/// The write-ahead log keeps a commit whole whatever ends the process. With `synchronous=NORMAL` a power cut may take
/// the last commits, rows and state together, and never the file (sqlite.org/wal.html).
pub(super) fn open(path: &Path) -> Result<Connection, SqliteFault> {
    // An absolute path is never read as a URI, nor as the name of a database in memory.
    let path =
        std::path::absolute(path).map_err(|_| rusqlite::Error::InvalidPath(path.to_owned()))?;
    // SQLite would call a pipe or a device a broken disk.
    if std::fs::metadata(&path).is_ok_and(|found| !found.is_file()) {
        return Err(SqliteFault::NotAFile);
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::ZERO)?;
    // Another program's file must stay as it is, down to its log.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    // Only counts before the first page is written, so for a new file.
    connection.pragma_update(None, "page_size", PAGE_BYTES)?;
    if connection.is_readonly(MAIN_DB)? {
        return Err(SqliteFault::ReadOnly);
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Exclusive)?;
    claim(&transaction)?;
    transaction.commit()?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    // The switch needs no lock beyond the one that is held since the transaction.
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "cache_size", -CACHE_KIBIBYTES)?;
    connection.pragma_update_and_check(None, "wal_autocheckpoint", CHECKPOINT_PAGES, |_| Ok(()))?;
    Ok(connection)
}

/// Checks whose file it is; an empty one becomes ours.
fn claim(transaction: &Transaction<'_>) -> Result<(), SqliteFault> {
    let pragma = |name| transaction.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let (application, layout) = (pragma("application_id")?, pragma("user_version")?);
    if application == i64::from(APPLICATION_ID) {
        return if layout == i64::from(LAYOUT) {
            Ok(())
        } else {
            Err(SqliteFault::Layout {
                found: layout,
                known: LAYOUT.into(),
            })
        };
    }
    let objects: i64 =
        transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application != 0 || layout != 0 || objects != 0 {
        return Err(SqliteFault::Foreign);
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", LAYOUT)?;
    Ok(transaction.execute_batch(OWN_TABLES)?)
}
