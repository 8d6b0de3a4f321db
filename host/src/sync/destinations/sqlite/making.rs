//! Creates a new file.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use super::super::error::DestinationError;
use super::fault::SqliteFault;
use super::ownership::{VERSIONS, WITH_LOG, claim, is_own};
use super::place::beside;

/// Larger than the default: a row of a few kilobytes and its index entries then touch fewer pages.
pub(super) const PAGE_BYTES: i32 = 8 << 10;

/// Flags for reading and writing, by one thread at a time.
pub(super) fn open_flags() -> OpenFlags {
    OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

/// Creates the file if there is none. It has another name until it is ready, so that a program that reads it at once
/// finds its tables and no lock. The caller must hold the destination's lock.
///
/// If the file system can't rename without replacing, no file is created. If another process created one meanwhile, it
/// is left alone. The caller handles both cases.
pub(super) fn make(path: &Path) -> Result<(), SqliteFault> {
    let new = beside(path, "-new");
    if fs::symlink_metadata(path).is_ok() || !is_free(&new) {
        return Ok(());
    }
    let made = build(&new).and_then(|()| {
        match renameat_with(CWD, &new, CWD, path, RenameFlags::NOREPLACE) {
            Ok(()) => Ok(()),
            Err(Errno::EXIST | Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => remove(&new),
            Err(error) => Err(of_file(path, error.into())),
        }
    });
    if made.is_err() {
        let _ = fs::remove_file(&new);
    }
    made
}

/// Whether the name is free, after removing a file that a killed sync left.
fn is_free(new: &Path) -> bool {
    match fs::symlink_metadata(new) {
        Err(error) => error.kind() == io::ErrorKind::NotFound,
        Ok(found) => {
            found.is_file() && (found.len() == 0 || is_own(new)) && fs::remove_file(new).is_ok()
        }
    }
}

fn build(new: &Path) -> Result<(), SqliteFault> {
    let mut connection = Connection::open_with_flags(new, open_flags())?;
    connection.pragma_update(None, "page_size", PAGE_BYTES)?;
    // Until the file has its final name, nothing is lost with it, and other files must not appear next to it.
    connection.pragma_update_and_check(None, "journal_mode", "MEMORY", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    let transaction = connection.transaction()?;
    claim(&transaction)?;
    transaction.commit()?;
    connection.close().map_err(|(_, error)| error)?;
    // The same as `journal_mode=WAL`, but without creating a log.
    let file = OpenOptions::new().write(true).open(new);
    file.and_then(|file| {
        file.write_all_at(&WITH_LOG, VERSIONS.start as u64)?;
        file.sync_all()
    })
    .map_err(|error| of_file(new, error))
}

fn remove(path: &Path) -> Result<(), SqliteFault> {
    fs::remove_file(path).map_err(|error| of_file(path, error))
}

fn of_file(path: &Path, error: io::Error) -> SqliteFault {
    DestinationError::of_file(path, error).into()
}
