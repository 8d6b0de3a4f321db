//! Why a destination can't store rows.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

use super::holder::LockHolder;
use super::identity::{FileChange, FileIdentity, LostPages};
use crate::config::folder_of;

/// Why a destination can't be opened, read or written. Earlier commits are kept in each case.
#[derive(Debug, thiserror::Error)]
pub enum DestinationError {
    /// The file or folder can't be opened or created.
    #[error(
        "{} can't be opened or created: check that its folder exists and is writable", path.display()
    )]
    Open {
        /// The destination.
        path: PathBuf,
        /// The error of the system or of SQLite.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },

    /// Another process has locked it. A lock of a sync is reported at once, one of another program after 5 s.
    #[error(
        "{} is in use by {holder}{}: wait until it ends, or choose another destination",
        path.display(),
        if matches!(holder, LockHolder::Sync(_)) { "" } else { ", which kept it locked for 5 s" }
    )]
    Locked {
        /// The destination.
        path: PathBuf,
        /// The process.
        holder: LockHolder,
    },

    /// Something else removed or changed it during the sync. Pages before the lost ones are in the file wherever it is
    /// now.
    #[error(
        "{} was {} while the sync was writing to it: {lost}; leave it in place and run the sync again",
        path.display(),
        change.verb()
    )]
    Changed {
        /// The file or folder.
        path: PathBuf,
        /// The change.
        change: FileChange,
        /// The lost pages.
        lost: LostPages,
    },

    /// It can be read but not written.
    #[error("{} is read-only: make it writable, or choose another destination", path.display())]
    ReadOnly {
        /// The file or folder.
        path: PathBuf,
    },

    /// A file can't be created in the folder.
    #[error("the folder {} is not writable: make it writable, or choose another destination", path.display())]
    ReadOnlyFolder {
        /// The folder.
        path: PathBuf,
    },

    /// The disk or the quota has no space for the page.
    #[error(
        "there is no space left for {}: complete pages are kept; free some space and run the sync again",
        path.display()
    )]
    Full {
        /// The destination.
        path: PathBuf,
        /// The error of the system or of SQLite.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },

    /// The system refused to write to the file, and SQLite doesn't say why.
    #[error(
        "{} can't be written: check its disk, your quota and the limit on file sizes (ulimit -f), then run the sync again; \
         complete pages are kept",
        path.display()
    )]
    NotWritten {
        /// The destination.
        path: PathBuf,
        /// The error of SQLite.
        #[source]
        source: rusqlite::Error,
    },

    /// It exists but is not a regular file, such as a device or a pipe.
    #[error(
        "{} is not a regular file: give a SQLite file, a folder of JSON Lines (DIR/), or - for stdout", path.display()
    )]
    NotAFile {
        /// The path; it was left unchanged.
        path: PathBuf,
    },

    /// The file has more than one name, through hard links.
    #[error(
        "{} has other names (hard links), through which another program could damage it: remove them, or use a copy",
        path.display()
    )]
    Linked {
        /// The file; it was left unchanged.
        path: PathBuf,
    },

    /// The file exists but is not a SQLite database.
    #[error("{} is not a SQLite database: choose another file", path.display())]
    NotADatabase {
        /// The file; it was left unchanged.
        path: PathBuf,
    },

    /// The file exists, and no sync created it.
    #[error(
        "{} was not created by a sync, and was left unchanged: choose another destination, or move it away",
        path.display()
    )]
    Foreign {
        /// The file; it was left unchanged.
        path: PathBuf,
    },

    /// Another release created it, with a layout that this release can't read.
    #[error(
        "{} has layout {found}, but this release reads layout {known}: use the release that created it, or choose \
         another destination",
        path.display()
    )]
    Layout {
        /// The file; it was left unchanged.
        path: PathBuf,
        /// The layout's number in the file.
        found: i64,
        /// The layout's number in this release.
        known: i64,
    },

    /// The table has rows with a different primary key than the schema's.
    #[error(
        "the table {table:?} in {} has the primary key {was:?}, but the schema now has {now:?}: use --full, or choose \
         another destination",
        path.display()
    )]
    KeyChanged {
        /// The destination.
        path: PathBuf,
        /// The name in the schema.
        table: String,
        /// The columns of the stored rows' key; empty if rows were appended.
        was: Vec<String>,
        /// The columns of the schema's key.
        now: Vec<String>,
    },

    /// The table has the most columns that SQLite allows.
    #[error(
        "the table {table:?} in {} has {limit} columns, the most that SQLite allows: the column {column:?} can't be added",
        path.display()
    )]
    TooManyColumns {
        /// The destination.
        path: PathBuf,
        /// The name in the schema.
        table: String,
        /// The first column that can't be added.
        column: String,
        /// The maximum number of columns of a table.
        limit: usize,
    },

    /// A row is not a JSON object; nothing of its page is stored.
    #[error("row {row} of a page of {table:?} is not a JSON object")]
    Row {
        /// The name in the schema.
        table: String,
        /// The row of the page, counted from 1.
        row: usize,
    },

    /// Rows were committed for a table that was not prepared.
    #[error("the table {table:?} was not prepared")]
    NotPrepared {
        /// The table's name.
        table: String,
    },

    /// The files are inconsistent or can't be read, since something else changed them.
    #[error("{} is damaged ({reason}): move it away and sync again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },

    /// The reader of the stream closed it.
    #[error("the reader of the rows closed the stream")]
    ClosedPipe,

    /// The stream of rows can't be written.
    #[error("the rows can't be written")]
    Stream(#[source] io::Error),

    /// A file can't be read or written, for another reason.
    #[error("{} can't be read or written", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        #[source]
        source: io::Error,
    },

    /// SQLite failed, for another reason.
    #[error("SQLite can't read or write {}", path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// The error of SQLite.
        #[source]
        source: rusqlite::Error,
    },
}

impl DestinationError {
    /// Whether the caller is at fault rather than the destination.
    #[must_use]
    pub fn is_fault(&self) -> bool {
        matches!(self, Self::NotPrepared { .. })
    }

    /// Fails if the file is no longer at `path` or has less than `length` bytes.
    pub(super) fn unless_changed(
        path: &Path,
        identity: FileIdentity,
        length: u64,
    ) -> Result<(), Self> {
        let changed = identity.change(path, length);
        match changed.map_err(|error| Self::of_file(path, error))? {
            None => Ok(()),
            Some(change) => Err(Self::Changed {
                path: path.to_owned(),
                change,
                lost: LostPages::of(change),
            }),
        }
    }

    /// The error for a file that can't be written, or for its folder if there is no such file.
    pub(super) fn not_writable(path: PathBuf) -> Self {
        if path.symlink_metadata().is_ok() {
            return Self::ReadOnly { path };
        }
        Self::ReadOnlyFolder {
            path: folder_of(&path).to_owned(),
        }
    }

    /// The error for the system's error about a file.
    pub(super) fn of_file(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::FileTooLarge => Self::Full {
                path,
                source: source.into(),
            },
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
                Self::not_writable(path)
            }
            _ => Self::File { path, source },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_errors_are_classified() {
        type Expected = fn(&DestinationError) -> bool;
        let cases: [(io::ErrorKind, Expected); 6] = [
            (io::ErrorKind::StorageFull, |error| {
                matches!(error, DestinationError::Full { .. })
            }),
            (io::ErrorKind::QuotaExceeded, |error| {
                matches!(error, DestinationError::Full { .. })
            }),
            (io::ErrorKind::FileTooLarge, |error| {
                matches!(error, DestinationError::Full { .. })
            }),
            (io::ErrorKind::ReadOnlyFilesystem, |error| {
                matches!(error, DestinationError::ReadOnlyFolder { .. })
            }),
            (io::ErrorKind::PermissionDenied, |error| {
                matches!(error, DestinationError::ReadOnlyFolder { .. })
            }),
            (io::ErrorKind::TimedOut, |error| {
                matches!(error, DestinationError::File { .. })
            }),
        ];
        for (kind, expected) in cases {
            let error = DestinationError::of_file(Path::new("rows/a.jsonl"), kind.into());
            assert!(expected(&error), "{kind}: {error:?}");
            assert!(error.to_string().contains("rows"), "{error}");
        }
        let file = tempfile::NamedTempFile::new().unwrap();
        let denied = io::ErrorKind::PermissionDenied.into();
        let error = DestinationError::of_file(file.path(), denied);
        assert!(
            matches!(error, DestinationError::ReadOnly { .. }),
            "{error:?}"
        );
        let here = DestinationError::not_writable("a.jsonl".into()).to_string();
        assert!(here.starts_with("the folder . is not writable"), "{here}");
    }
}
