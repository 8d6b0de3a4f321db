//! The files of a cache: they count only if nobody but this user or root can have written them.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

/// Write permission of the group and of others.
const FOREIGN_WRITE: u32 = 0o022;
const REGULAR_FILE: u32 = 0o100_000;
const FILE_KIND: u32 = 0o170_000;

/// Why someone else could have written a folder or file.
#[derive(Debug, thiserror::Error)]
pub enum TrustFault {
    /// Another user owns it.
    #[error("it belongs to user {0}, but must belong to this user or root")]
    Owner(u32),
    /// Its group or everyone may write to it.
    #[error("others may write to it (mode {0:o}): remove that permission")]
    Mode(u32),
}

/// Why an entry was not used or not written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EntryFault {
    #[error("it can't be read")]
    Read(#[source] io::Error),
    #[error("it can't be written (choose another folder with --cache)")]
    Write(#[source] io::Error),
    #[error("it is not a regular file")]
    NotAFile,
    #[error(transparent)]
    Untrusted(#[from] TrustFault),
    #[error("its digest differs from the recorded one")]
    Digest,
    #[error("the engine refuses it")]
    Engine(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Opens a regular file that can be trusted, without following links and without waiting.
pub(super) fn open_trusted(path: &Path) -> Result<File, EntryFault> {
    let file = File::options()
        .read(true)
        .custom_flags((rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK).bits() as i32)
        .open(path)
        .map_err(EntryFault::Read)?;
    check_regular(&file)?;
    Ok(file)
}

/// Whether an open file is regular, and only this user or root may have written it.
pub(super) fn check_regular(file: &File) -> Result<(), EntryFault> {
    let metadata = file.metadata().map_err(EntryFault::Read)?;
    if metadata.mode() & FILE_KIND != REGULAR_FILE {
        return Err(EntryFault::NotAFile);
    }
    check_owner(&metadata)?;
    Ok(())
}

/// Whether only this user or root may have written what has this metadata.
pub(super) fn check_owner(metadata: &Metadata) -> Result<(), TrustFault> {
    let owner = metadata.uid();
    if owner != 0 && owner != rustix::process::geteuid().as_raw() {
        return Err(TrustFault::Owner(owner));
    }
    if metadata.mode() & FOREIGN_WRITE != 0 {
        return Err(TrustFault::Mode(metadata.mode() & 0o7777));
    }
    Ok(())
}
