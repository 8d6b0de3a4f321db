//! Whether a path still leads to the file that was opened there.

use std::fmt::{self, Display, Formatter};
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// A file or folder, whatever its name: device and inode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileIdentity {
    device: u64,
    inode: u64,
}

/// What became of a file that a sync writes to, while it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileChange {
    /// Its path leads nowhere.
    Removal,
    /// Its path leads to another file.
    Replacement,
    /// It is shorter than it was.
    Truncation,
}

/// Which pages are not in a destination, or not where it stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LostPages {
    /// The one that was written.
    Last,
    /// What was cut off.
    Cut,
    /// All that were in SQLite's log alone, which may be those of the whole sync.
    OfLog,
}

impl LostPages {
    /// The pages that are lost with a file of which this became.
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
            Self::Last => "the last page is not there",
            Self::Cut => "what was cut off is gone",
            Self::OfLog => {
                "all pages that were in this log alone are gone, which may be all since the sync began"
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

    /// The identity of what stands at the path, after links.
    pub(super) fn at(path: &Path) -> io::Result<Self> {
        fs::metadata(path).map(|metadata| Self::of(&metadata))
    }

    pub(super) fn inode(self) -> u64 {
        self.inode
    }

    /// What became of this file, which stood at `path` with at least `length` bytes.
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
    /// What was done to it, for a sentence.
    pub(super) fn verb(self) -> &'static str {
        match self {
            Self::Removal => "deleted or moved",
            Self::Replacement => "replaced by another file",
            Self::Truncation => "cut short",
        }
    }
}
