//! What SQLite says, sorted by what a person can do about it.

use std::path::Path;

use rusqlite::{ErrorCode, ffi};

use super::super::DestinationError;

/// What went wrong with a file that only the caller knows by name.
#[derive(Debug)]
pub(super) enum Failure {
    Sqlite(rusqlite::Error),
    /// More columns than [`super::columns::MAX_COLUMNS`].
    TooManyColumns {
        table: String,
        column: String,
    },
    /// Counted from 1.
    Row {
        table: String,
        row: usize,
    },
    KeyChanged {
        table: String,
        was: Vec<String>,
        now: Vec<String>,
    },
    NotAFile,
    Foreign,
    Layout {
        found: i64,
    },
    ReadOnly,
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl Failure {
    /// The error, now that the file is known.
    pub(super) fn of(self, path: &Path) -> DestinationError {
        let path = path.to_owned();
        match self {
            Self::Sqlite(source) => sorted(&path, source),
            Self::TooManyColumns { table, column } => DestinationError::TooManyColumns {
                path,
                table,
                column,
                limit: super::columns::MAX_COLUMNS,
            },
            Self::Row { table, row } => DestinationError::Row { table, row },
            Self::KeyChanged { table, was, now } => DestinationError::KeyChanged {
                path,
                table,
                was,
                now,
            },
            Self::NotAFile => DestinationError::NotAFile { path },
            Self::Foreign => DestinationError::Foreign { path },
            Self::Layout { found } => DestinationError::Layout {
                path,
                found,
                known: super::file::LAYOUT.into(),
            },
            Self::ReadOnly => DestinationError::ReadOnly { path },
        }
    }
}

fn sorted(path: &Path, source: rusqlite::Error) -> DestinationError {
    let path = path.to_owned();
    match source.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            DestinationError::Locked { path }
        }
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            DestinationError::ReadOnly { path }
        }
        Some(ErrorCode::NotADatabase) => DestinationError::NotADatabase { path },
        Some(ErrorCode::DiskFull) => DestinationError::Full {
            path,
            source: source.into(),
        },
        // Of all causes only a full disk has a code of its own: a quota and a limit on the size of files have not.
        Some(ErrorCode::SystemIoFailure)
            if source.sqlite_error().map(|error| error.extended_code)
                == Some(ffi::SQLITE_IOERR_WRITE) =>
        {
            DestinationError::NotWritten { path, source }
        }
        Some(ErrorCode::CannotOpen) => DestinationError::Open {
            path,
            source: source.into(),
        },
        Some(ErrorCode::DatabaseCorrupt) => DestinationError::Damaged {
            path,
            reason: source.to_string(),
        },
        _ => DestinationError::Sqlite { path, source },
    }
}
