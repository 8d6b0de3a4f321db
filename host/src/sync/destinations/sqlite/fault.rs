//! SQLite's errors, classified by how to fix them.

use std::path::Path;

use rusqlite::{ErrorCode, ffi};

use super::super::error::DestinationError;
use super::holders::holders;

/// Why an operation with SQLite failed. The caller adds the file's path.
#[derive(Debug)]
pub(super) enum SqliteFault {
    Sqlite(rusqlite::Error),
    /// A complete error about a file.
    File(Box<DestinationError>),
    /// The table already has `limit` columns.
    TooManyColumns {
        table: String,
        column: String,
        limit: usize,
    },
    /// A row, counted from 1, is not an object.
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
    Linked,
    Foreign,
    /// The file has layout `found`; this release reads `known`.
    Layout {
        found: i64,
        known: i64,
    },
    ReadOnly,
}

impl From<rusqlite::Error> for SqliteFault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<DestinationError> for SqliteFault {
    fn from(error: DestinationError) -> Self {
        Self::File(Box::new(error))
    }
}

impl SqliteFault {
    /// The error with the file's path.
    pub(super) fn into_error(self, path: &Path) -> DestinationError {
        let path = path.to_owned();
        match self {
            Self::Sqlite(source) => classified(&path, source),
            Self::File(error) => *error,
            Self::TooManyColumns {
                table,
                column,
                limit,
            } => DestinationError::TooManyColumns {
                path,
                table,
                column,
                limit,
            },
            Self::Row { table, row } => DestinationError::Row { table, row },
            Self::KeyChanged { table, was, now } => DestinationError::KeyChanged {
                path,
                table,
                was,
                now,
            },
            Self::NotAFile => DestinationError::NotAFile { path },
            Self::Linked => DestinationError::Linked { path },
            Self::Foreign => DestinationError::Foreign { path },
            Self::Layout { found, known } => DestinationError::Layout { path, found, known },
            Self::ReadOnly => DestinationError::ReadOnly { path },
        }
    }
}

fn classified(path: &Path, source: rusqlite::Error) -> DestinationError {
    let path = path.to_owned();
    match source.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            let holder = holders(&path);
            DestinationError::Locked { path, holder }
        }
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            DestinationError::ReadOnly { path }
        }
        Some(ErrorCode::NotADatabase) => DestinationError::NotADatabase { path },
        // Its cause says the same once more.
        Some(ErrorCode::DiskFull) => DestinationError::Full {
            path,
            source: format!("SQLite: {source}").into(),
        },
        // Only a full disk has its own code. A quota and a limit on file sizes have none.
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
