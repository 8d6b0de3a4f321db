//! What a command can end in.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{ExitCode, Termination};

use crate::author::adapt::AdaptError;
use crate::author::auth::AuthCommandError;
use crate::author::build::BuildError;
use crate::author::new::NewError;
use crate::config::{ConfigError, FileFault, HostMapError};
use crate::connectors::StartError;
use crate::sandbox::{CompilerProcessError, EngineError};
use crate::sync::{DestinationError, SyncError};
use crate::tokens::TokenKeyError;

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
        /// Why.
        #[source]
        source: FileFault,
    },

    /// A file named by a flag holds bytes that are no text.
    #[error("the key file {} is not UTF-8", .0.display())]
    KeyFileNotText(PathBuf),

    /// `WELD_API_KEY` holds bytes that are no text.
    #[error("WELD_API_KEY is not UTF-8")]
    KeyNotText,

    /// `WELD_TOKEN_KEY` holds bytes that are no text.
    #[error("WELD_TOKEN_KEY is not UTF-8")]
    TokenKeyNotText,

    /// The key of the token store.
    #[error(transparent)]
    TokenKey(#[from] TokenKeyError),

    /// No folder is named, and the user has none by default.
    #[error("there is no folder for tokens; name one with --tokens")]
    NoTokens,

    /// A command about credentials failed.
    #[error(transparent)]
    Auth(#[from] AuthCommandError),

    /// What was to be synced is neither a URL nor a component.
    #[error("{} is no component; name a NAME.wasm, or the URL of a connector such as http://127.0.0.1:8080/beers", .0.display())]
    NoConnector(PathBuf),

    /// The component to sync from did not load.
    #[error("{} was not loaded: {reason}", path.display())]
    NotLoaded {
        /// The component.
        path: PathBuf,
        /// Why.
        reason: String,
    },

    /// Rows and events can't share stdout.
    #[error("rows and --json can't both go to stdout; name another destination with --to")]
    TwoOutputs,

    /// Two maps.
    #[error("--map: {0}")]
    Map(HostMapError),

    /// A host at a URL makes its own requests.
    #[error(
        "--map holds for a component that is served by this command; the connector at a URL is served by another host"
    )]
    MapOfUrl,

    /// There are no states where nothing was synced.
    #[error("{} does not exist; nothing was synced there", .0.display())]
    NoDestination(PathBuf),

    /// Stdout remembers nothing.
    #[error("stdout keeps no states; name the SQLite file or folder of a sync")]
    NoStates,

    /// The table has no state there.
    #[error("there is no state of the table `{table}`")]
    NoState {
        /// The table.
        table: String,
    },

    /// A state given by hand.
    #[error("the state must be a JSON object or null: {0}")]
    State(String),

    /// The destination can't be opened.
    #[error(transparent)]
    Destination(#[from] DestinationError),

    /// There is no new connector.
    #[error(transparent)]
    New(#[from] NewError),

    /// The function was not adapted.
    #[error(transparent)]
    Adapt(#[from] AdaptError),

    /// The sync ended early.
    #[error(transparent)]
    Sync(#[from] SyncError),

    /// What `check` has found.
    #[error("{} did not pass", if *.failed == 1 { "1 connector".to_owned() } else { format!("{} connectors", .failed) })]
    CheckFailed {
        /// How many connectors have errors, or under `--strict` warnings.
        failed: usize,
    },

    /// The API and the configuration of a check.
    #[error("the check could not be set up")]
    CheckSetUp(#[source] io::Error),

    /// A file to check.
    #[error("{} can't be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: FileFault,
    },

    /// The findings can't be written.
    #[error("stdout can't be written")]
    Stdout(#[source] io::Error),

    /// A signal stopped the sync.
    #[error("stopped by a signal; the same command goes on from the last whole page")]
    SyncStopped,

    /// The connector was not built.
    #[error(transparent)]
    Build(#[from] BuildError),

    /// A signal stopped the build, or that of an adapted function.
    #[error("stopped by a signal")]
    BuildStopped,

    /// A signal stopped the demo's sync.
    #[cfg(feature = "demo")]
    #[error("stopped by a signal before all tables were synced")]
    DemoStopped,

    /// The system gave no random bytes.
    #[error("no random bytes for a key")]
    Randomness(#[source] io::Error),

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

    /// The plugins folder can't be used, or `--default` names nothing.
    #[error(transparent)]
    Plugins(#[from] StartError),

    /// The sandbox's engine did not start.
    #[error(transparent)]
    Engine(#[from] EngineError),

    /// The process was to compile for a host.
    #[error(transparent)]
    Compiler(#[from] CompilerProcessError),

    /// The async runtime did not start.
    #[error("the runtime did not start")]
    Runtime(#[source] io::Error),

    /// The threads that write the server's output did not start.
    #[error("stdout and stderr can't be written to")]
    Output(#[source] io::Error),

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
}

impl CliError {
    /// Whose move it is.
    #[must_use]
    pub fn exit_status(&self) -> ExitStatus {
        match self {
            Self::Config(_)
            | Self::KeyFile { .. }
            | Self::KeyFileNotText(_)
            | Self::KeyNotText
            | Self::TokenKeyNotText
            | Self::TokenKey(_)
            | Self::NoTokens
            | Self::Auth(_)
            | Self::NoConnector(_)
            | Self::NotLoaded { .. }
            | Self::TwoOutputs
            | Self::Map(_)
            | Self::MapOfUrl
            | Self::NoDestination(_)
            | Self::NoStates
            | Self::NoState { .. }
            | Self::State(_)
            | Self::SyncStopped
            | Self::Build(_)
            | Self::BuildStopped
            | Self::CheckFailed { .. }
            | Self::Unreadable { .. }
            | Self::Stdout(_)
            | Self::Port(_)
            | Self::Listen { .. }
            | Self::New(_)
            | Self::Adapt(_)
            | Self::Plugins(_) => ExitStatus::Mistake,
            Self::Destination(error) => of_fault(error.is_fault()),
            Self::Sync(error) => of_fault(error.is_fault()),
            Self::Engine(_)
            | Self::Compiler(_)
            | Self::Runtime(_)
            | Self::Output(_)
            | Self::Signals(_)
            | Self::CheckSetUp(_)
            | Self::Randomness(_) => ExitStatus::Fault,
            #[cfg(feature = "demo")]
            Self::DemoStopped => ExitStatus::Mistake,
            #[cfg(feature = "demo")]
            Self::DemoSetUp(_) | Self::DemoConnector(_) => ExitStatus::Fault,
        }
    }
}

fn of_fault(is_fault: bool) -> ExitStatus {
    if is_fault {
        ExitStatus::Fault
    } else {
        ExitStatus::Mistake
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sync_that_ends_early_is_a_mistake_unless_this_program_failed() {
        let not_prepared = || DestinationError::NotPrepared {
            table: "rows".to_owned(),
        };
        let destination = |source| SyncError::Destination {
            table: "rows".to_owned(),
            source: Box::new(source),
        };
        for (error, status) in [
            (SyncError::NoTables.into(), ExitStatus::Mistake),
            (DestinationError::ClosedPipe.into(), ExitStatus::Mistake),
            (
                destination(DestinationError::ClosedPipe).into(),
                ExitStatus::Mistake,
            ),
            (CliError::SyncStopped, ExitStatus::Mistake),
            (SyncError::Writer("gone".into()).into(), ExitStatus::Fault),
            (
                SyncError::Tls("no ciphers".into()).into(),
                ExitStatus::Fault,
            ),
            (not_prepared().into(), ExitStatus::Fault),
            (destination(not_prepared()).into(), ExitStatus::Fault),
        ] {
            assert_eq!(CliError::exit_status(&error), status, "{error:?}");
        }
    }
}
