//! The file: whose it is, who may write it, and how it is written.

use std::fs;
use std::io::Read;
use std::ops::Range;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, MAIN_DB, OpenFlags, Transaction, TransactionBehavior};

use super::super::error::DestinationError;
use super::super::identity::FileChange;
use super::super::lock::DestinationLock;
use super::fault::SqliteFault;
use super::place::{FilePlace, beside};

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

/// What the log has before its frames, and a frame before its page (sqlite.org/fileformat.html#the_write_ahead_log).
const LOG_HEADER_BYTES: u64 = 32;
const FRAME_HEADER_BYTES: u64 = 24;

/// How long another program may keep the file locked.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

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

/// A file of a sync, open.
#[derive(Debug)]
pub(super) struct OpenFile {
    pub(super) connection: Connection,
    pub(super) place: FilePlace,
    page_bytes: u64,
    /// Given up after the connection is closed.
    lock: DestinationLock,
}

impl OpenFile {
    /// Whether what is written goes where the path leads.
    ///
    /// # Errors
    ///
    /// `Changed`, or `File`.
    pub(super) fn verify(&mut self) -> Result<(), DestinationError> {
        self.verify_files()?;
        self.lock.verify()
    }

    fn verify_files(&mut self) -> Result<(), DestinationError> {
        self.place.verify()?;
        // Another program may write, or checkpoint and truncate the log, between one look and the next.
        let before = self.log_bytes();
        let length = self.place.log_length();
        self.place.verify_log(length, before.min(self.log_bytes()))
    }

    /// How long the log must be at least, by SQLite's own count of its frames: nothing after a checkpoint that
    /// truncates it, whoever made that, and nothing where SQLite doesn't say.
    fn log_bytes(&self) -> u64 {
        let count = "PRAGMA wal_checkpoint(NOOP)";
        let frames = self
            .connection
            .query_row(count, [], |row| row.get::<_, u32>(1));
        match frames {
            Ok(frames) if frames > 0 => {
                let frame = self.page_bytes.saturating_add(FRAME_HEADER_BYTES);
                u64::from(frames)
                    .saturating_mul(frame)
                    .saturating_add(LOG_HEADER_BYTES)
            }
            _ => 0,
        }
    }
}

/// Opens or makes the file, and locks it against other syncs until the value is dropped or the process ends. Other
/// programs may read it meanwhile, each what was committed when it began.
///
/// The write-ahead log keeps a commit whole whatever ends the process. With `synchronous=NORMAL` a power cut may take
/// the last commits, rows and state together, and never the file (sqlite.org/wal.html).
pub(super) fn open(path: &Path) -> Result<OpenFile, SqliteFault> {
    // An absolute path is never read as a URI, nor as the name of a database in memory. Behind a link stands the file
    // that its lock belongs to.
    let named = path;
    let path = fs::canonicalize(named)
        .or_else(|_| std::path::absolute(named))
        .map_err(|_| rusqlite::Error::InvalidPath(named.to_owned()))?;
    // SQLite would call a pipe or a device a broken disk.
    let found = fs::metadata(&path).ok();
    if found.as_ref().is_some_and(|found| !found.is_file()) {
        return Err(SqliteFault::NotAFile);
    }
    let lock = DestinationLock::take(beside(&path, "-lock"), named, true)?;
    refuse_foreign_log(&path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(&path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // Another program's file must stay as it is, down to its log.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    // Only counts before the first page is written, so for a new file.
    connection.pragma_update(None, "page_size", PAGE_BYTES)?;
    if connection.is_readonly(MAIN_DB)? {
        return Err(SqliteFault::ReadOnly);
    }
    // By each name it would have another lock and another log, which spoil it (sqlite.org/howtocorrupt.html).
    if found.is_some_and(|found| found.nlink() > 1) {
        return Err(SqliteFault::Linked);
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    claim(&transaction)?;
    // Files of earlier releases lack it.
    transaction.execute_batch(NOTES_TABLE)?;
    transaction.commit()?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "cache_size", -CACHE_KIBIBYTES)?;
    connection.pragma_update_and_check(None, "wal_autocheckpoint", CHECKPOINT_PAGES, |_| Ok(()))?;
    let page_bytes: u32 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
    let place = FilePlace::of(path)?;
    Ok(OpenFile {
        connection,
        place,
        page_bytes: page_bytes.into(),
        lock,
    })
}

impl Drop for OpenFile {
    /// Brings the log into the file, as far as readers let it. The last connection that is closed removes the log.
    fn drop(&mut self) {
        let verified = self.verify_files();
        let is_removed = matches!(
            verified,
            Err(DestinationError::Changed {
                change: FileChange::Removal,
                ..
            })
        );
        if verified.is_ok() || is_removed {
            let _ = self.connection.busy_timeout(Duration::ZERO);
            let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
            let _ = self.connection.query_row(checkpoint, [], |_| Ok(()));
        }
        if verified.is_err() {
            // The log belongs to the file that was there, and would spoil another one of its name.
            let option = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
            let _ = self.connection.set_db_config(option, true);
            self.place.remove_log();
        }
    }
}

/// Refuses a file that has a write-ahead log and is not a sync's of this release, unopened: SQLite would leave files
/// beside it that were not there. That of a sync was marked before it had a log.
fn refuse_foreign_log(path: &Path) -> Result<(), SqliteFault> {
    let mut header = [0; 100];
    let read = fs::File::open(path).and_then(|mut file| file.read_exact(&mut header));
    // The format's header (sqlite.org/fileformat.html): its versions for writing and reading.
    if read.is_err() || header.get(18..20) != Some(&[2, 2]) {
        return Ok(());
    }
    let number = |range: Range<usize>| {
        let bytes = header
            .get(range)
            .and_then(|bytes| <[u8; 4]>::try_from(bytes).ok());
        i64::from(bytes.map_or(0, i32::from_be_bytes))
    };
    judge(number(68..72), number(60..64), false)
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

/// Checks whose file it is; an empty one becomes ours.
fn claim(transaction: &Transaction<'_>) -> Result<(), SqliteFault> {
    let pragma = |name| transaction.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let (application, layout) = (pragma("application_id")?, pragma("user_version")?);
    let objects: i64 =
        transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    judge(application, layout, objects == 0)?;
    if application == i64::from(APPLICATION_ID) {
        return Ok(());
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", LAYOUT)?;
    Ok(transaction.execute_batch(OWN_TABLES)?)
}
