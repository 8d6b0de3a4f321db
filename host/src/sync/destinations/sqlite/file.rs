//! The file: who may write it, and how it is written.

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

/// How much of the file is kept in memory. Upserts by keys in no order read all over the index.
const CACHE_KIBIBYTES: i32 = 32 << 10;

/// How many pages the write-ahead log collects before they are copied into the file: 64 MB, so that a page that is
/// written by many commits is copied once.
const CHECKPOINT_PAGES: i32 = 8 << 10;

/// What the log has before its frames, and a frame before its page (sqlite.org/fileformat.html#the_write_ahead_log).
const LOG_HEADER_BYTES: u64 = 32;
const FRAME_HEADER_BYTES: u64 = 24;

/// How long the end waits for programs that read the file.
const LAST_WAIT: Duration = Duration::from_millis(500);

/// How long another program may keep the file locked.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

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

    /// Waits for a moment until nobody else has the file open, since the last one to close it removes the log, and one that
    /// only reads can't.
    fn wait_for_readers(&self) {
        let end = Instant::now() + LAST_WAIT;
        while Instant::now() < end && has_readers(self.place.path()) {
            std::thread::sleep(LAST_WAIT / 25);
        }
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
    make(&path)?;
    let mut connection = Connection::open_with_flags(&path, open_flags())?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // Another program's file must stay as it is, down to its log.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    // Only counts before the first page is written, so for an empty file.
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
            self.wait_for_readers();
        }
        if verified.is_err() {
            // The log belongs to the file that was there, and would spoil another one of its name.
            let option = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
            let _ = self.connection.set_db_config(option, true);
            self.place.remove_log();
        }
    }
}
