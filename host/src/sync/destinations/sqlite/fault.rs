//! What SQLite says, sorted by what a person can do about it.

use std::path::Path;

use rusqlite::{ErrorCode, ffi};

use super::super::error::DestinationError;
use super::holders::holders;

/// Why SQLite did not do what it was asked to. The file is added by the caller, which knows its path.
#[derive(Debug)]
pub(super) enum SqliteFault {
    Sqlite(rusqlite::Error),
    /// What was found out about a file, complete.
    File(Box<DestinationError>),
    /// The table has `limit` columns already.
    TooManyColumns {
        table: String,
        column: String,
        limit: usize,
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
    Linked,
    Foreign,
    /// The file has the layout `found`, this release knows `known`.
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
    /// The error, which names the file.
    pub(super) fn into_error(self, path: &Path) -> DestinationError {
        let path = path.to_owned();
        match self {
            Self::Sqlite(source) => sorted(&path, source),
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

fn sorted(path: &Path, source: rusqlite::Error) -> DestinationError {
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
