//! Why a file was not read.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::limit::{FILE_TIME, MAX_THREADS, ReadLimit};
use crate::config::quantity::{duration_text, size_text};

/// Why a file was not read. Names no path: the setting or error around it does.
#[derive(Debug, thiserror::Error)]
pub enum FileFault {
    /// What the system says.
    #[error(transparent)]
    Io(#[from] io::Error),

    /// A folder, pipe, socket or device, or a link to one.
    #[error("it is {0}, not a regular file")]
    NotRegular(&'static str),

    /// It is larger, or grows while it is read.
    #[error("it is larger than {} ({})", size_text(.0.bytes), .0.set_by)]
    TooLarge(ReadLimit),

    /// It answers, but too slowly.
    #[error(
        "it could not be read within {}, the most that one file may take",
        duration_text(FILE_TIME)
    )]
    TooSlow,

    /// It does not answer at all.
    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),
}

impl FileFault {
    /// Whether there is no such file.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Io(error) if error.kind() == io::ErrorKind::NotFound)
    }
}

/// Why nothing is known of a file: its file system hangs, and the thread that asked was given up.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// The file, and for how long it did not answer.
    #[error(
        "{} has not answered for {}; does its file system hang? It is read again once it answers",
        path.display(),
        duration_text(*waited)
    )]
    GivenUp {
        /// The file.
        path: PathBuf,
        /// How long the host waited.
        waited: Duration,
    },

    /// A thread that was given up earlier still waits for the same file.
    #[error("{} still does not answer; it is read again once it does", path.display())]
    Still {
        /// The file.
        path: PathBuf,
    },

    /// As many threads as may be given up wait for files.
    #[error(
        "{MAX_THREADS} files do not answer, the most that the host waits for; this one is read once one of them answers"
    )]
    TooMany,

    /// The system gave no thread, or the thread broke down.
    #[error("the thread that reads files broke down")]
    Thread(#[source] io::Error),
}
