//! Why a token can't be had or kept.

use std::io;
use std::path::{Path, PathBuf};

/// Why a token can't be had from the store, or kept there. No text of it holds one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Nothing is kept that isn't encrypted.
    #[error(
        "the token store needs a key: set WELD_TOKEN_KEY or --token-key-file; `weld-host auth key` makes one"
    )]
    NoKey,

    /// A name that can't be a file's.
    #[error("`{0}` can't be the name of a token's file")]
    Name(String),

    /// The file was changed or cut, or belongs to another credential.
    #[error(
        "{} is damaged or not this credential's; remove it with `weld-host auth logout`, then log in again", .0.display()
    )]
    Corrupt(PathBuf),

    /// It can be read only with the key it was written with.
    #[error(
        "{} was encrypted with another key; give the host that key, or remove the file with `weld-host auth logout`", .0.display()
    )]
    AnotherKey(PathBuf),

    /// A later host wrote it.
    #[error("{} has the form {version}, of a newer weld-host", path.display())]
    NewerVersion {
        /// The file.
        path: PathBuf,
        /// The form's number.
        version: u8,
    },

    /// It is there, but can't be read.
    #[error("{} can't be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },

    /// This user may not write there.
    #[error("{} can't be written to: the folder must be writable for the host's user", path.display())]
    ReadOnly {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },

    /// There is no room.
    #[error("{} can't be written: the disk is full", path.display())]
    Full {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },

    /// Another process renews this credential, and comes to no end.
    #[error("{} is held by another process", .0.display())]
    Held(PathBuf),

    /// Anything else that keeps a file from being written.
    #[error("{} can't be written", path.display())]
    Unwritable {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },

    /// A fault of the host's own.
    #[error("a token's file was left alone because of a fault of the host; its log says more")]
    Interrupted,

    /// The system has no random numbers, or its clock is out of all measure.
    #[error("{} can't be encrypted: the system has no random numbers, or its clock is wrong", .0.display())]
    Unsealed(PathBuf),
}

impl TokenError {
    /// The same for whoever may not know the host's folders: without the path, and what the system said of it. The host's
    /// log has both.
    pub(crate) fn without_path(&self) -> String {
        let text = match self {
            Self::NoKey | Self::Name(_) | Self::Interrupted => return self.to_string(),
            Self::Corrupt(_) => {
                "its file is damaged or not this credential's; remove it with `weld-host auth logout`, then log in again"
            }
            Self::AnotherKey(_) => {
                "its file was encrypted with another key; give the host that key, or remove the file with `weld-host auth \
                 logout`"
            }
            Self::NewerVersion { .. } => "its file is that of a newer weld-host",
            Self::Unreadable { .. } => "its file can't be read; the host's log says why",
            Self::ReadOnly { .. } => {
                "its file can't be written: the folder of tokens must be writable for the host's user"
            }
            Self::Full { .. } => "its file can't be written: the disk is full",
            Self::Held(_) => "its file is held by another process",
            Self::Unwritable { .. } => "its file can't be written; the host's log says why",
            Self::Unsealed(_) => {
                "its file can't be encrypted: the system has no random numbers, or its clock is wrong"
            }
        };
        text.to_owned()
    }

    /// A failed write, by what an operator can do about it.
    pub(super) fn of_write(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::ReadOnly { path, source }
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::Full { path, source }
            }
            _ => Self::Unwritable { path, source },
        }
    }
}
