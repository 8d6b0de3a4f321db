//! The lock that keeps other syncs out of a destination.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::error::DestinationError;
use super::holder::LockHolder;
use super::identity::FileIdentity;

/// Longer than any process ID.
const MAX_PID_BYTES: u64 = 20;

/// A lock file next to or in a destination, locked while the value lives. The system holds the lock, so a killed
/// process doesn't keep it. The file contains the process ID.
#[derive(Debug)]
pub(super) struct DestinationLock {
    path: PathBuf,
    identity: FileIdentity,
    /// Whether the file is removed when the value is dropped.
    is_temporary: bool,
    _file: File,
}

impl DestinationLock {
    /// Locks the file at `path`, which is created if it is missing, for the destination `locked`. If `is_temporary`,
    /// the file is removed at the end.
    ///
    /// # Errors
    ///
    /// [`DestinationError`]: `Locked` while another sync holds it, `Open`, `ReadOnly` or `File`.
    pub(super) fn take(
        path: PathBuf,
        locked: &Path,
        is_temporary: bool,
    ) -> Result<Self, DestinationError> {
        let of_file = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => DestinationError::Open {
                path: locked.to_owned(),
                source: error.into(),
            },
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                if path.exists() {
                    DestinationError::ReadOnly {
                        path: locked.to_owned(),
                    }
                } else if locked.is_dir() {
                    DestinationError::ReadOnlyFolder {
                        path: locked.to_owned(),
                    }
                } else {
                    DestinationError::not_writable(path.clone())
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
            // The previous holder may have removed the file after it was opened here.
            if FileIdentity::at(&path).is_ok_and(|found| found == identity) {
                file.set_len(0)
                    .and_then(|()| writeln!(file, "{}", std::process::id()))
                    .map_err(of_file)?;
                return Ok(Self {
                    path,
                    identity,
                    is_temporary,
                    _file: file,
                });
            }
        }
    }

    /// Verifies that no other sync can have locked the destination.
    ///
    /// # Errors
    ///
    /// [`DestinationError`]: `Changed` if the file is gone, or `File`.
    pub(super) fn verify(&self) -> Result<(), DestinationError> {
        DestinationError::unless_changed(&self.path, self.identity, 0)
    }
}

impl Drop for DestinationLock {
    fn drop(&mut self) {
        // Removed while it is locked, so that no other process uses it.
        if self.is_temporary
            && FileIdentity::at(&self.path).is_ok_and(|found| found == self.identity)
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
    fn a_second_sync_is_refused_and_sees_the_holder() {
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
    fn a_lock_file_of_a_killed_process_can_be_locked() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("lock");
        fs::write(&path, "4194304999\n").unwrap();
        drop(DestinationLock::take(path.clone(), Path::new("rows"), false).unwrap());
        let written = fs::read_to_string(&path).unwrap();
        assert_eq!(written, format!("{}\n", std::process::id()));
    }

    #[test]
    fn a_removed_lock_file_is_noticed_and_can_be_locked_again() {
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
