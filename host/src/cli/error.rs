//! What a command can end in.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{ExitCode, Termination};

use crate::config::ConfigError;
use crate::connectors::{FolderError, NoDefault};
use crate::sandbox::EngineError;
#[cfg(feature = "demo")]
use crate::sync::SyncError;

/// How the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitStatus {
    /// 0: done.
    Done,
    /// 1: something that the user can mend.
    Mistake,
    /// 2: a fault of the host or the machine.
    Fault,
}

impl Termination for ExitStatus {
    fn report(self) -> ExitCode {
        match self {
            Self::Done => ExitCode::SUCCESS,
            Self::Mistake => ExitCode::from(1),
            Self::Fault => ExitCode::from(2),
        }
    }
}

/// Why a command did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The flags and the environment don't make a configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),

    /// A file named by a flag.
    #[error("the key file {} can't be read", path.display())]
    KeyFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },

    /// `WELD_API_KEY` holds bytes that are no text.
    #[error("WELD_API_KEY is not UTF-8")]
    KeyNotText,

    /// `PORT` is set to something else than a port.
    #[error("PORT is `{0}`, which is no port number")]
    Port(String),

    /// The address can't be listened on.
    #[error(
        "{address} can't be listened on; is another server running there? --listen takes another address"
    )]
    Listen {
        /// What was asked for.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: io::Error,
    },

    /// The plugins folder can't be used.
    #[error(transparent)]
    Folder(#[from] FolderError),

    /// `--default` names nothing.
    #[error(transparent)]
    NoDefault(#[from] NoDefault),

    /// The sandbox's engine did not start.
    #[error(transparent)]
    Engine(#[from] EngineError),

    /// The async runtime did not start.
    #[error("the runtime did not start")]
    Runtime(#[source] io::Error),

    /// Signals can't be caught.
    #[error("signals can't be waited for")]
    Signals(#[source] io::Error),

    /// The demo's own files or API.
    #[cfg(feature = "demo")]
    #[error("the demo could not be set up")]
    DemoSetUp(#[source] io::Error),

    /// The demo's connector did not load.
    #[cfg(feature = "demo")]
    #[error("the example connector did not load: {0}")]
    DemoConnector(String),

    /// The demo's sync ended early.
    #[cfg(feature = "demo")]
    #[error("the demo's sync failed")]
    DemoSync(#[from] SyncError),
}

impl CliError {
    /// Whose move it is.
    #[must_use]
    pub fn exit_status(&self) -> ExitStatus {
        match self {
            Self::Config(_)
            | Self::KeyFile { .. }
            | Self::KeyNotText
            | Self::Port(_)
            | Self::Listen { .. }
            | Self::Folder(_)
            | Self::NoDefault(_) => ExitStatus::Mistake,
            Self::Engine(_) | Self::Runtime(_) | Self::Signals(_) => ExitStatus::Fault,
            #[cfg(feature = "demo")]
            Self::DemoSetUp(_) | Self::DemoConnector(_) | Self::DemoSync(_) => ExitStatus::Fault,
        }
    }
}
