//! Why a file could not be read.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::limit::{FILE_TIME, MAX_THREADS, ReadLimit};
use crate::config::quantity::duration_text;
use crate::report::size_text;

/// Why a file could not be read. Messages don't name the path: the setting or error that contains this one does.
#[derive(Debug, thiserror::Error)]
pub enum FileFault {
    /// The operating system's error.
    #[error(transparent)]
    Io(#[from] io::Error),

    /// The path is a folder, pipe, socket or device, or a link to one.
    #[error("it is {0}, not a regular file")]
    NotRegular(&'static str),

    /// The file is larger than the limit, or grew beyond it while it was read.
    #[error("it is larger than {} ({})", size_text(.0.bytes), .0.set_by)]
    TooLarge(ReadLimit),

    /// The operator's policy doesn't permit the file at this path, which has no links.
    #[error("it is {}, which the operator's policy doesn't permit", .0.display())]
    NotPermitted(PathBuf),

    /// The file system responds, but too slowly.
    #[error(
        "it could not be read within {}, the time limit for one file",
        duration_text(FILE_TIME)
    )]
    TooSlow,

    /// The file system does not respond.
    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),
}

impl FileFault {
    /// Whether the file does not exist.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Io(error) if error.kind() == io::ErrorKind::NotFound)
    }
}

/// Why a file's state is unknown: its file system hangs, and the host stopped waiting for the thread that reads it.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// The file did not respond in time.
    #[error(
        "{} has not responded for {}: its file system may be hanging; the host reads the file again once it responds",
        path.display(),
        duration_text(*waited)
    )]
    GivenUp {
        /// The file.
        path: PathBuf,
        /// How long the host waited.
        waited: Duration,
    },

    /// An abandoned thread still waits for the same file.
    #[error("{} still does not respond; the host reads the file again once it does", path.display())]
    Still {
        /// The file.
        path: PathBuf,
    },

    /// The maximum number of abandoned threads are waiting for files.
    #[error(
        "{MAX_THREADS} files do not respond, which is the limit; the host reads this one once one of them responds"
    )]
    TooMany,

    /// The thread could not be created, or it panicked.
    #[error("the thread that reads files failed")]
    Thread(#[source] io::Error),
}
