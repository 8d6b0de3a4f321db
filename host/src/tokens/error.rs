//! Why a token can't be read or kept.

use std::io;
use std::path::{Path, PathBuf};

/// Why a token can't be read from the store or kept in it. Messages contain no tokens.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// There is no key, and tokens are kept only encrypted.
    #[error(
        "the token store has no key: set WELD_TOKEN_KEY or --token-key-file to a key made by `weld-host auth key`"
    )]
    NoKey,

    /// A rotation needs a place for the new key, and there is no key file.
    #[error(
        "WELD_TOKEN_KEY can't be changed from here: either name the key's file with --token-key-file, or put a new key made \
         by `weld-host auth key` before the current one, with a space between them, restart the hosts with both, and run \
         this command with both"
    )]
    NoPlaceForKey,

    /// Someone else changed the key file during a rotation.
    #[error(
        "{} was changed during the rotation, which has removed none of its keys: check that each of its lines is a key, and \
         run the command again",
        .0.display()
    )]
    KeyFileChanged(PathBuf),

    /// The file for previous keys has something else in it.
    #[error(
        "{} is not a file of keys, so the previous keys can't be put there: move it elsewhere, and run the command again",
        .0.display()
    )]
    NotOfKeys(PathBuf),

    /// Another process rotates the key.
    #[error("another `weld-host auth key --rotate` is running")]
    RotationRunning,

    /// The name of a connector or credential can't be part of a file name.
    #[error("`{0}` can't be used in the name of a token file")]
    Name(String),

    /// The file was changed or truncated, or belongs to another credential.
    #[error(
        "{} is damaged or belongs to another credential: remove it with `weld-host auth logout`, then log in again", .0.display()
    )]
    Corrupt(PathBuf),

    /// The file was encrypted with another key.
    #[error(
        "{} was encrypted with another key: give the host that key, or remove the file with `weld-host auth logout`", .0.display()
    )]
    AnotherKey(PathBuf),

    /// A newer version of the host wrote the file.
    #[error("{} has version {version} of the file format, which needs a newer weld-host", path.display())]
    NewerVersion {
        /// The file.
        path: PathBuf,
        /// The version of the file format.
        version: u8,
    },

    /// The file exists, but can't be read.
    #[error("{} can't be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },

    /// The host's user may not write to the file or folder.
    #[error("{} can't be written (make the folder writable for the host's user)", path.display())]
    ReadOnly {
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },

    /// The disk is full.
    #[error("{} can't be written: the disk is full", path.display())]
    Full {
        /// The file.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },

    /// Another process is renewing this credential and doesn't finish.
    #[error("{} is locked by another process", .0.display())]
    Held(PathBuf),

    /// Any other reason why a file can't be written.
    #[error("{} can't be written", path.display())]
    Unwritable {
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },

    /// A bug in the host.
    #[error("the token file was not changed because of an error in the host: see its log")]
    Interrupted,

    /// The system has no random numbers, or its clock is far off.
    #[error("{} can't be encrypted: the system has no random numbers, or its clock is wrong", .0.display())]
    Unsealed(PathBuf),
}

impl TokenError {
    /// The message for readers who may not know the host's folders: without the path, and without the system's error.
    /// The host's log has both.
    pub(crate) fn without_path(&self) -> String {
        let text = match self {
            Self::NoKey
            | Self::NoPlaceForKey
            | Self::RotationRunning
            | Self::Name(_)
            | Self::Interrupted => return self.to_string(),
            Self::Corrupt(_) => {
                "its file is damaged or belongs to another credential: remove it with `weld-host auth logout`, then log in again"
            }
            Self::AnotherKey(_) => {
                "its file was encrypted with another key: give the host that key, or remove the file with `weld-host auth \
                 logout`"
            }
            Self::KeyFileChanged(_) => "the key file was changed during the rotation: run it again",
            Self::NotOfKeys(_) => "the file of previous keys has something else in it",
            Self::NewerVersion { .. } => "its file needs a newer weld-host",
            Self::Unreadable { .. } => "its file can't be read: see the host's log",
            Self::ReadOnly { .. } => {
                "its file can't be written: make the tokens folder writable for the host's user"
            }
            Self::Full { .. } => "its file can't be written: the disk is full",
            Self::Held(_) => "its file is locked by another process",
            Self::Unwritable { .. } => "its file can't be written: see the host's log",
            Self::Unsealed(_) => {
                "its file can't be encrypted: the system has no random numbers, or its clock is wrong"
            }
        };
        text.to_owned()
    }

    /// Whether the store may be usable later although nobody has changed anything.
    pub(crate) fn may_pass(&self) -> bool {
        matches!(self, Self::Held(_) | Self::Interrupted)
    }

    /// The error for a failed write, according to what an operator can do about it.
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
