//! Whose file it is.

use std::fs;
use std::io::Read;
use std::ops::Range;
use std::path::Path;

use rusqlite::Transaction;

use super::fault::SqliteFault;

/// Marks a file as a sync's: "weld" in ASCII (sqlite.org/pragma.html#pragma_application_id).
const APPLICATION_ID: i32 = 0x7765_6c64;

/// The layout of our own tables.
const LAYOUT: i32 = 1;

/// Where a file has its versions for writing and reading, and what they are of one that is written by a log
/// (sqlite.org/fileformat.html).
pub(super) const VERSIONS: Range<usize> = 18..20;
pub(super) const WITH_LOG: [u8; 2] = [2, 2];

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

const NOTES_TABLE: &str = "
    CREATE TABLE IF NOT EXISTS _weld_notes (
        table_name TEXT PRIMARY KEY,
        notes TEXT NOT NULL
    )
";

/// Refuses a file that has a write-ahead log and is not a sync's of this release, unopened: SQLite would leave files
/// beside it that were not there. That of a sync was marked before it had a log.
pub(super) fn refuse_foreign_log(path: &Path) -> Result<(), SqliteFault> {
    match FileHeader::read(path) {
        Some(header) if header.has_log() => header.judge(),
        _ => Ok(()),
    }
}

/// Whether a file is a sync's of this release, as far as its header says; a missing one is not.
pub(super) fn is_own(path: &Path) -> bool {
    FileHeader::read(path).is_some_and(|header| header.judge().is_ok())
}

/// The beginning of a file (sqlite.org/fileformat.html).
struct FileHeader([u8; 100]);

impl FileHeader {
    fn read(path: &Path) -> Option<Self> {
        let mut header = [0; 100];
        let read = fs::File::open(path).and_then(|mut file| file.read_exact(&mut header));
        read.is_ok().then_some(Self(header))
    }

    fn has_log(&self) -> bool {
        self.0.get(VERSIONS) == Some(&WITH_LOG)
    }

    fn judge(&self) -> Result<(), SqliteFault> {
        judge(self.number(68..72), self.number(60..64), false)
    }

    fn number(&self, range: Range<usize>) -> i64 {
        let bytes = self.0.get(range);
        let bytes = bytes.and_then(|bytes| <[u8; 4]>::try_from(bytes).ok());
        i64::from(bytes.map_or(0, i32::from_be_bytes))
    }
}

/// Whose file it is, by its application, its version, and whether there is nothing in it.
fn judge(application: i64, layout: i64, is_empty: bool) -> Result<(), SqliteFault> {
    let is_ours = application == i64::from(APPLICATION_ID);
    if is_ours && layout != i64::from(LAYOUT) {
        Err(SqliteFault::Layout {
            found: layout,
            known: LAYOUT.into(),
        })
    } else if is_ours || (is_empty && application == 0 && layout == 0) {
        Ok(())
    } else {
        Err(SqliteFault::Foreign)
    }
}

/// Checks whose file it is; an empty one becomes ours, with the tables that a sync needs.
pub(super) fn claim(transaction: &Transaction<'_>) -> Result<(), SqliteFault> {
    let pragma = |name| transaction.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let (application, layout) = (pragma("application_id")?, pragma("user_version")?);
    let objects: i64 =
        transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    judge(application, layout, objects == 0)?;
    if application != i64::from(APPLICATION_ID) {
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", LAYOUT)?;
        transaction.execute_batch(OWN_TABLES)?;
    }
    // Files of earlier releases lack it.
    Ok(transaction.execute_batch(NOTES_TABLE)?)
}
