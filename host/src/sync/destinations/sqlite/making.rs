//! A new file.

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

/// A row of a few kilobytes and its index entries touch fewer, larger pages.
pub(super) const PAGE_BYTES: i32 = 8 << 10;

/// For reading and writing, by one thread at a time.
pub(super) fn open_flags() -> OpenFlags {
    OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

/// Makes the file where there is none, under another name until it is ready: a program that reads it at once finds
/// its tables, and no lock. The caller has the lock of the destination.
///
/// Where the file system can't move a file so that it replaces none, there is none afterwards, as is where somebody made
/// one meanwhile; that is for the caller.
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

/// Whether nobody has a file of this name, once what a killed sync left of it is removed.
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
    // Until it has its name nothing is lost with it, and nothing must stand beside it.
    connection.pragma_update_and_check(None, "journal_mode", "MEMORY", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    let transaction = connection.transaction()?;
    claim(&transaction)?;
    transaction.commit()?;
    connection.close().map_err(|(_, error)| error)?;
    // As `journal_mode=WAL` would, which makes a log.
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
