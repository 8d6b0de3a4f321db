//! Detects whether a path still leads to the file that was opened there.

use std::fmt::{self, Display, Formatter};
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// The identity of a file or folder, independent of its name: device and inode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileIdentity {
    device: u64,
    inode: u64,
}

/// What happened to a file during a sync that writes to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileChange {
    /// Nothing is at its path.
    Removal,
    /// Another file is at its path.
    Replacement,
    /// It is shorter than before.
    Truncation,
}

/// The pages that are missing in a destination, or at its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LostPages {
    /// The page that was being written.
    Last,
    /// The pages in the truncated part.
    Cut,
    /// All pages that were only in SQLite's log, possibly all pages of the sync.
    OfLog,
}

impl LostPages {
    /// The pages that are lost after this change.
    pub(super) fn of(change: FileChange) -> Self {
        match change {
            FileChange::Removal | FileChange::Replacement => Self::Last,
            FileChange::Truncation => Self::Cut,
        }
    }
}

impl Display for LostPages {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Last => "the last page is missing",
            Self::Cut => "the pages in the truncated part are lost",
            Self::OfLog => {
                "all pages that were only in this log are lost, possibly all since the sync began"
            }
        })
    }
}

impl FileIdentity {
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
        }
    }

    /// The identity of the file at the path, following links.
    pub(super) fn at(path: &Path) -> io::Result<Self> {
        fs::metadata(path).map(|metadata| Self::of(&metadata))
    }

    pub(super) fn inode(self) -> u64 {
        self.inode
    }

    /// What happened to this file, which was at `path` with at least `length` bytes; `None` if nothing did.
    pub(super) fn change(self, path: &Path, length: u64) -> io::Result<Option<FileChange>> {
        let metadata = match fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                return Ok(Some(FileChange::Removal));
            }
            Err(error) => return Err(error),
        };
        Ok(if Self::of(&metadata) != self {
            Some(FileChange::Replacement)
        } else if metadata.len() < length {
            Some(FileChange::Truncation)
        } else {
            None
        })
    }
}

impl FileChange {
    /// The change as a participle, for messages.
    pub(super) fn verb(self) -> &'static str {
        match self {
            Self::Removal => "deleted or moved",
            Self::Replacement => "replaced by another file",
            Self::Truncation => "truncated",
        }
    }
}
