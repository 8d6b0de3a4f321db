//! Opens and locks the file.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, MAIN_DB, TransactionBehavior};

use super::super::error::DestinationError;
use super::super::identity::FileChange;
use super::super::lock::DestinationLock;
use super::fault::SqliteFault;
use super::holders::has_readers;
use super::making::{PAGE_BYTES, make, open_flags};
use super::ownership::{claim, refuse_foreign_log};
use super::place::{FilePlace, beside};

/// How much of the file is cached in memory. Upserts with unsorted keys read the whole index.
const CACHE_KIBIBYTES: i32 = 32 << 10;

/// How many pages the write-ahead log collects before they are copied into the file: 64 MB, so that a page that many
/// commits write is copied once.
const CHECKPOINT_PAGES: i32 = 8 << 10;

/// The sizes of the log's header and of a frame's header (sqlite.org/fileformat.html#the_write_ahead_log).
const LOG_HEADER_BYTES: u64 = 32;
const FRAME_HEADER_BYTES: u64 = 24;

/// How long closing waits for programs that read the file.
const LAST_WAIT: Duration = Duration::from_millis(500);

/// How long another program may keep the file locked.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// An open file of a sync.
#[derive(Debug)]
pub(super) struct OpenFile {
    pub(super) connection: Connection,
    pub(super) place: FilePlace,
    page_bytes: u64,
    /// Released after the connection is closed.
    lock: DestinationLock,
}

impl OpenFile {
    /// Verifies that the path still leads to the file that is written.
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
        // Another program may write, or checkpoint and truncate the log, between the two calls.
        let before = self.log_bytes();
        let length = self.place.log_length();
        self.place.verify_log(length, before.min(self.log_bytes()))
    }

    /// Waits a moment for other programs to close the file: the last one to close it removes the log, and a program
    /// that only reads can't.
    fn wait_for_readers(&self) {
        let end = Instant::now() + LAST_WAIT;
        while Instant::now() < end && has_readers(self.place.path()) {
            std::thread::sleep(LAST_WAIT / 25);
        }
    }

    /// The minimum size of the log, from SQLite's count of its frames; 0 after any checkpoint that truncates it, and if
    /// SQLite doesn't say.
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

/// Opens or creates the file, and locks it against other syncs until the value is dropped or the process ends. Other
/// programs may read it meanwhile; each sees the commits from before its read began.
///
/// The write-ahead log keeps commits atomic even if the process is killed. With `synchronous=NORMAL`, a power cut may
/// undo the last commits, with rows and state together, but never damages the file (sqlite.org/wal.html).
pub(super) fn open(path: &Path) -> Result<OpenFile, SqliteFault> {
    // An absolute path is never read as a URI or as the name of an in-memory database. Links are resolved, since the
    // lock belongs to the actual file.
    let named = path;
    let path = fs::canonicalize(named)
        .or_else(|_| std::path::absolute(named))
        .map_err(|_| rusqlite::Error::InvalidPath(named.to_owned()))?;
    // SQLite would report a pipe or a device as a disk error.
    let found = fs::metadata(&path).ok();
    if found.as_ref().is_some_and(|found| !found.is_file()) {
        return Err(SqliteFault::NotAFile);
    }
    let lock = DestinationLock::take(beside(&path, "-lock"), named, true)?;
    refuse_foreign_log(&path)?;
    make(&path)?;
    let mut connection = Connection::open_with_flags(&path, open_flags())?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // Another program's file must stay unchanged, including its log.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    // Only effective for an empty file, before the first page is written.
    connection.pragma_update(None, "page_size", PAGE_BYTES)?;
    if connection.is_readonly(MAIN_DB)? {
        return Err(SqliteFault::ReadOnly);
    }
    // Under each name it would have its own lock and its own log, which could corrupt it
    // (sqlite.org/howtocorrupt.html).
    if found.is_some_and(|found| found.nlink() > 1) {
        return Err(SqliteFault::Linked);
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    claim(&transaction)?;
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
    /// Copies the log into the file, as far as readers permit. The last connection to close removes the log.
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
            self.wait_for_readers();
        }
        if verified.is_err() {
            // The log belongs to the original file, and would corrupt another file with its name.
            let option = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
            let _ = self.connection.set_db_config(option, true);
            self.place.remove_log();
        }
    }
}
