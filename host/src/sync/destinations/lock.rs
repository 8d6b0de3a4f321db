//! The lock that keeps a second sync out of a destination.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::error::DestinationError;
use super::holder::LockHolder;
use super::identity::FileIdentity;

/// A process's number has fewer digits.
const MAX_PID_BYTES: u64 = 20;

/// A lock file beside a destination, locked for as long as the value lives: by the system, so that a process that is
/// killed holds nothing. It has the number of the process.
#[derive(Debug)]
pub(super) struct DestinationLock {
    path: PathBuf,
    identity: FileIdentity,
    /// Whether the file goes when the value does.
    is_passing: bool,
    _file: File,
}

impl DestinationLock {
    /// Locks the file at `path`, made where it is missing, for the destination `locked`. One that `is_passing` is
    /// removed at the end.
    ///
    /// # Errors
    ///
    /// [`DestinationError`]: `Locked` while another sync holds it, `Open`, `ReadOnly` or `File`.
    pub(super) fn take(
        path: PathBuf,
        locked: &Path,
        is_passing: bool,
    ) -> Result<Self, DestinationError> {
        let of_file = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => DestinationError::Open {
                path: locked.to_owned(),
                source: error.into(),
            },
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                DestinationError::ReadOnly {
                    path: locked.to_owned(),
                }
            }
            _ => DestinationError::of_file(&path, error),
        };
        loop {
            let mut file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(&path)
                .map_err(of_file)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    let mut pid = String::new();
                    let read = file.take(MAX_PID_BYTES).read_to_string(&mut pid);
                    let pid = read.ok().and_then(|_| pid.trim().parse().ok());
                    return Err(DestinationError::Locked {
                        path: locked.to_owned(),
                        holder: LockHolder::Sync(pid),
                    });
                }
                Err(TryLockError::Error(error)) => return Err(of_file(error)),
            }
            let identity = FileIdentity::of(&file.metadata().map_err(of_file)?);
            // The holder before may have removed it after this one opened it.
            if FileIdentity::at(&path).is_ok_and(|found| found == identity) {
                file.set_len(0)
                    .and_then(|()| writeln!(file, "{}", std::process::id()))
                    .map_err(of_file)?;
                return Ok(Self {
                    path,
                    identity,
                    is_passing,
                    _file: file,
                });
            }
        }
    }

    /// Whether nobody else can have locked the destination.
    ///
    /// # Errors
    ///
    /// [`DestinationError`]: `Changed` where the file is gone, `File`.
    pub(super) fn verify(&self) -> Result<(), DestinationError> {
        DestinationError::unless_changed(&self.path, self.identity, 0)
    }
}

impl Drop for DestinationLock {
    fn drop(&mut self) {
        // While it is locked nobody else takes it for theirs.
        if self.is_passing && FileIdentity::at(&self.path).is_ok_and(|found| found == self.identity)
        {
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn one_holds_it_and_is_named_to_others() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("lock");
        let take = || DestinationLock::take(path.clone(), Path::new("rows"), true);
        let first = take().unwrap();
        let error = take().unwrap_err();
        let pid = std::process::id();
        let words = format!("rows is in use by another sync (process {pid})");
        assert!(error.to_string().starts_with(&words), "{error}");
        first.verify().unwrap();
        drop(first);
        assert!(!path.exists());
        take().unwrap();
    }

    #[test]
    fn a_lock_that_a_killed_process_left_is_taken() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("lock");
        fs::write(&path, "4194304999\n").unwrap();
        drop(DestinationLock::take(path.clone(), Path::new("rows"), false).unwrap());
        let written = fs::read_to_string(&path).unwrap();
        assert_eq!(written, format!("{}\n", std::process::id()));
    }

    #[test]
    fn a_lock_that_was_removed_holds_nobody_out_and_is_noticed() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("lock");
        let take = || DestinationLock::take(path.clone(), Path::new("rows"), true).unwrap();
        let first = take();
        fs::remove_file(&path).unwrap();
        assert!(first.verify().is_err());
        let second = take();
        drop(first);
        second.verify().unwrap();
    }
}
