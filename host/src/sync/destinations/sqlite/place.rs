//! Checks that the file and its log are still at their paths.

use std::fs;
use std::path::{Path, PathBuf};

use super::super::error::DestinationError;
use super::super::identity::{FileChange, FileIdentity, LostPages};

/// The file at its path, and the write-ahead log next to it.
#[derive(Debug)]
pub(super) struct FilePlace {
    path: PathBuf,
    identity: FileIdentity,
    /// The file's length at the last check. Only another program can make it shorter.
    length: u64,
    log: PathBuf,
    /// `None` before there is a log.
    log_identity: Option<FileIdentity>,
}

impl FilePlace {
    /// The place of the file that was just opened at `path`.
    pub(super) fn of(path: PathBuf) -> Result<Self, DestinationError> {
        let of_file = |error| DestinationError::of_file(&path, error);
        let identity = FileIdentity::at(&path).map_err(of_file)?;
        let log = beside(&path, "-wal");
        Ok(Self {
            identity,
            length: 0,
            log_identity: None,
            log,
            path,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Verifies that both paths still lead to the file and the log.
    ///
    /// # Errors
    ///
    /// `Changed`, or `File` if the system doesn't say.
    pub(super) fn verify(&mut self) -> Result<(), DestinationError> {
        DestinationError::unless_changed(&self.path, self.identity, self.length)?;
        let metadata = fs::metadata(&self.path);
        self.length = metadata.map_or(self.length, |found| found.len());
        match self.log_identity {
            Some(identity) => {
                DestinationError::unless_changed(&self.log, identity, 0).map_err(with_log)
            }
            None => {
                self.log_identity = FileIdentity::at(&self.log).ok();
                Ok(())
            }
        }
    }

    /// The current length of the log in bytes; 0 if there is none.
    pub(super) fn log_length(&self) -> u64 {
        fs::metadata(&self.log).map_or(0, |found| found.len())
    }

    /// Verifies that a log of `length` bytes has at least `needed` bytes. Readers of the file would miss the pages in a
    /// truncated part.
    ///
    /// # Errors
    ///
    /// `Changed`.
    pub(super) fn verify_log(&self, length: u64, needed: u64) -> Result<(), DestinationError> {
        if self.log_identity.is_none() || length >= needed {
            return Ok(());
        }
        Err(DestinationError::Changed {
            path: self.log.clone(),
            change: FileChange::Truncation,
            lost: LostPages::OfLog,
        })
    }

    /// Removes the log, if it is still the one that was written.
    pub(super) fn remove_log(&self) {
        let found = FileIdentity::at(&self.log).ok();
        if found.is_some() && found == self.log_identity {
            let _ = fs::remove_file(&self.log);
            let _ = fs::remove_file(beside(&self.path, "-shm"));
        }
    }
}

/// The error for a changed log. If the log was only removed, its pages are still copied into the file at the end.
fn with_log(error: DestinationError) -> DestinationError {
    match error {
        DestinationError::Changed { path, change, .. } if change != FileChange::Removal => {
            DestinationError::Changed {
                path,
                change,
                lost: LostPages::OfLog,
            }
        }
        error => error,
    }
}

/// The path with a suffix, as SQLite names the files next to a database.
pub(super) fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}
