//! Why a destination can't take rows.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

use super::holder::LockHolder;
use super::identity::{FileChange, FileIdentity, LostPages};

/// Why a destination can't be opened, read or written. What was committed before is kept in each case.
#[derive(Debug, thiserror::Error)]
pub enum DestinationError {
    /// The file or folder can't be opened or made.
    #[error(
        "{} can't be opened or made: check that its folder exists and may be written in", path.display()
    )]
    Open {
        /// The destination.
        path: PathBuf,
        /// What the system or SQLite said.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },

    /// Another process holds it: a sync at once, another program after 5 s.
    #[error(
        "{} is in use by {holder}{}: wait for its end, or name another destination",
        path.display(),
        if matches!(holder, LockHolder::Sync(_)) { "" } else { ", which kept it locked for 5 s" }
    )]
    Locked {
        /// The destination.
        path: PathBuf,
        /// Who.
        holder: LockHolder,
    },

    /// Something else took it away while it was written to. Earlier pages than the lost ones are where it went, if anywhere.
    #[error(
        "{} was {} while the sync was writing to it: {lost}; leave it in place and run the sync again",
        path.display(),
        change.verb()
    )]
    Changed {
        /// The file or folder.
        path: PathBuf,
        /// What became of it.
        change: FileChange,
        /// Which pages.
        lost: LostPages,
    },

    /// It may be read but not written.
    #[error("{} is read-only: allow writing, or name another destination", path.display())]
    ReadOnly {
        /// The file or folder.
        path: PathBuf,
    },

    /// The disk or the quota has no room for the page.
    #[error(
        "there is no room left for {}: all whole pages are kept, free some space and run the sync again",
        path.display()
    )]
    Full {
        /// The destination.
        path: PathBuf,
        /// What the system or SQLite said.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },

    /// The system took no more of a file, and SQLite doesn't tell why.
    #[error(
        "{} takes no more: check its disk, your quota and the limit on the size of files (ulimit -f); all whole pages \
         are kept, then run the sync again",
        path.display()
    )]
    NotWritten {
        /// The destination.
        path: PathBuf,
        /// What SQLite said.
        #[source]
        source: rusqlite::Error,
    },

    /// It exists and is no file, but such as a device or a pipe.
    #[error(
        "{} is no file: name a SQLite file, a folder of JSON Lines (DIR/), or - for stdout", path.display()
    )]
    NotAFile {
        /// What stands there, left as it was.
        path: PathBuf,
    },

    /// The file has more than one name, by hard links.
    #[error(
        "{} has other names (hard links), by which another program could spoil it: remove those, or name a copy of it",
        path.display()
    )]
    Linked {
        /// The file, left as it was.
        path: PathBuf,
    },

    /// The file exists and is no SQLite database.
    #[error("{} is no SQLite database: name another file", path.display())]
    NotADatabase {
        /// The file, left as it was.
        path: PathBuf,
    },

    /// The file exists and is not a sync's.
    #[error(
        "{} exists and was not made by a sync; it is left as it is: name another destination, or move it away",
        path.display()
    )]
    Foreign {
        /// The file, left as it was.
        path: PathBuf,
    },

    /// It was made by another release whose layout this one can't read.
    #[error(
        "{} has the layout {found}, this release reads the layout {known}: use the release that made it, or name \
         another destination",
        path.display()
    )]
    Layout {
        /// The file, left as it was.
        path: PathBuf,
        /// The number in the file.
        found: i64,
        /// The number of this release.
        known: i64,
    },

    /// The table holds rows by another primary key than the schema's.
    #[error(
        "the table {table:?} in {} has rows by the key {was:?}, the schema now says {now:?}: sync it anew (--full), or name \
         another destination",
        path.display()
    )]
    KeyChanged {
        /// The destination.
        path: PathBuf,
        /// As the schema names it.
        table: String,
        /// The columns of the key by which rows were kept; empty where they were appended.
        was: Vec<String>,
        /// The columns of the schema's key.
        now: Vec<String>,
    },

    /// SQLite allows no more columns.
    #[error(
        "the table {table:?} in {} has {limit} columns, the most that SQLite allows: no room for the column {column:?}",
        path.display()
    )]
    TooManyColumns {
        /// The destination.
        path: PathBuf,
        /// As the schema names it.
        table: String,
        /// The first column that found no room.
        column: String,
        /// How many columns a table may have.
        limit: usize,
    },

    /// A row is no JSON object; nothing of its page is kept.
    #[error("row {row} of a page of {table:?} is no JSON object")]
    Row {
        /// As the schema names it.
        table: String,
        /// Counted from 1 within the page.
        row: usize,
    },

    /// Rows came for a table that was not prepared.
    #[error("the table {table:?} was not prepared")]
    NotPrepared {
        /// As the caller named it.
        table: String,
    },

    /// The files contradict each other or can't be read: something else changed them.
    #[error("{} is damaged ({reason}): move it away and sync anew", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },

    /// Whoever read the stream has closed it.
    #[error("the reader of the rows has closed the stream")]
    ClosedPipe,

    /// The stream of rows can't be written.
    #[error("the rows can't be written")]
    Stream(#[source] io::Error),

    /// A file can't be read or written, for another cause.
    #[error("{} can't be read or written", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },

    /// SQLite refused, for another cause.
    #[error("SQLite can't read or write {}", path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        #[source]
        source: rusqlite::Error,
    },
}

impl DestinationError {
    /// Whether it is the caller that failed, rather than the destination.
    #[must_use]
    pub fn is_fault(&self) -> bool {
        matches!(self, Self::NotPrepared { .. })
    }

    /// The error if a file that stood at `path`, with at least `length` bytes, no longer does.
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

    /// Sorts what the system said of a file.
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
                Self::ReadOnly { path }
            }
            _ => Self::File { path, source },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_says_is_sorted() {
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
                matches!(error, DestinationError::ReadOnly { .. })
            }),
            (io::ErrorKind::PermissionDenied, |error| {
                matches!(error, DestinationError::ReadOnly { .. })
            }),
            (io::ErrorKind::TimedOut, |error| {
                matches!(error, DestinationError::File { .. })
            }),
        ];
        for (kind, expected) in cases {
            let error = DestinationError::of_file(Path::new("rows/a.jsonl"), kind.into());
            assert!(expected(&error), "{kind}: {error:?}");
            assert!(error.to_string().contains("rows/a.jsonl"), "{error}");
        }
    }
}
