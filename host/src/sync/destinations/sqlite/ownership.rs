//! Checks whether a file belongs to a sync.

use std::fs;
use std::io::Read;
use std::ops::Range;
use std::path::Path;

use rusqlite::Transaction;

use super::fault::SqliteFault;

/// The application ID of a sync's file: "weld" in ASCII (sqlite.org/pragma.html#pragma_application_id).
const APPLICATION_ID: i32 = 0x7765_6c64;

/// The version of the layout of the sync's own tables.
const LAYOUT: i32 = 1;

/// The position of a file's write and read versions, and their values in a file with a write-ahead log
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

/// Refuses, without opening it, a file that has a write-ahead log and doesn't belong to a sync of this release: SQLite
/// would leave new files next to it. A sync's file gets its application ID before it has a log.
pub(super) fn refuse_foreign_log(path: &Path) -> Result<(), SqliteFault> {
    match FileHeader::read(path) {
        Some(header) if header.has_log() => header.judge(),
        _ => Ok(()),
    }
}

/// Whether a file belongs to a sync of this release, according to its header; `false` if there is no file.
pub(super) fn is_own(path: &Path) -> bool {
    FileHeader::read(path).is_some_and(|header| header.judge().is_ok())
}

/// The header of a file (sqlite.org/fileformat.html).
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

/// Fails unless a file with this application ID, layout version and content belongs to a sync or is empty.
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

/// Checks that the file belongs to a sync. An empty file becomes a sync's, with the tables that it needs.
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
    // Files of earlier releases don't have this table.
    Ok(transaction.execute_batch(NOTES_TABLE)?)
}
