//! Why a command failed.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use super::supervisor::SocketsError;
use super::sync::UnknownTable;
use super::unknown_connector::UnknownConnector;
use crate::admin::{AdminClientError, AdminError};
use crate::author::adapt::AdaptError;
use crate::author::auth::AuthCommandError;
use crate::author::build::BuildError;
use crate::author::native::NativeError;
use crate::author::new::NewError;
use crate::certificates::CertificateError;
use crate::config::{AdminAddress, ConfigError, FileFault, HostMapError, KeyFileError, OtlpError};
use crate::connectors::StartError;
use crate::lambda::{LambdaError, PackageError};
use crate::sandbox::{CompilerProcessError, EngineError};
use crate::sync::{Continuation, DestinationError, SyncError, SyncFailure};
use crate::telemetry::ExporterError;
use crate::tokens::{TokenError, TokenKeyError, TokenKeyFileError};
use crate::traces::TraceClientError;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The flags and the environment don't make a valid configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),

    /// The values of `weld-host.toml` contradict each other or the flags.
    #[error("{} and the flags can't be used together: {problem}", path.display())]
    HostFileFlags {
        /// The file.
        path: PathBuf,
        /// What is wrong, in the words of the command line.
        problem: String,
    },

    /// The arguments can't be read together with the values of `weld-host.toml`.
    #[error("the arguments can't be read together with weld-host.toml")]
    Arguments(#[source] clap::Error),

    /// `config check` found problems, which it has printed.
    #[error("{problems} {} found", if *.problems == 1 { "problem" } else { "problems" })]
    ConfigCheckFailed {
        /// How many.
        problems: usize,
    },

    /// The file of `--api-key-file` can't be used.
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),

    /// `WELD_API_KEY` is not UTF-8.
    #[error("WELD_API_KEY is not UTF-8")]
    KeyNotText,

    /// `WELD_ADMIN_KEY` is not UTF-8.
    #[error("WELD_ADMIN_KEY is not UTF-8")]
    AdminKeyNotText,

    /// A variable of OpenTelemetry can't be used.
    #[error(transparent)]
    Otlp(#[from] OtlpError),

    /// Traces can't be exported.
    #[error(transparent)]
    Traces(#[from] TraceClientError),

    /// The admin listener can't start.
    #[error(transparent)]
    Admin(#[from] AdminError),

    /// Metrics can't be kept.
    #[error(transparent)]
    Metrics(#[from] ExporterError),

    /// `status` without an address.
    #[error(
        "there is no address of an admin listener; name it with --admin or WELD_ADMIN, as the host does"
    )]
    NoAdminAddress,

    /// The host to ask gave no answer.
    #[error(transparent)]
    AdminClient(#[from] AdminClientError),

    /// The answer is not that of an admin listener.
    #[error(
        "the answer of {address} is not a list of connectors; is it the address of a host's --admin?"
    )]
    AdminAnswer {
        /// The address.
        address: AdminAddress,
    },

    /// `WELD_TOKEN_KEY` is not UTF-8.
    #[error("WELD_TOKEN_KEY is not UTF-8")]
    TokenKeyNotText,

    /// The certificate of the server can't be used.
    #[error(transparent)]
    Certificate(#[from] CertificateError),

    /// The key of the token store is not valid.
    #[error(transparent)]
    TokenKey(#[from] TokenKeyError),

    /// The file of `--token-key-file` can't be used.
    #[error(transparent)]
    TokenKeyFile(#[from] TokenKeyFileError),

    /// No tokens folder is given, and the user has no default one.
    #[error("there is no folder for tokens; name one with --tokens")]
    NoTokens,

    /// A rotation of the store's key left tokens that are encrypted with another key.
    #[error(
        "{} can't be encrypted with the new key, so the previous keys stay valid; run the command again once this is \
         fixed:{}", if failures.len() == 1 { "1 token".to_owned() } else { format!("{} tokens", failures.len()) },
        listed(failures)
    )]
    Rotation {
        /// Why, for each token.
        failures: Vec<TokenError>,
    },

    /// A command about credentials failed.
    #[error(transparent)]
    Auth(#[from] AuthCommandError),

    /// The connector to sync or check is neither a file nor a folder nor the name of an installed one. For `sync`, it
    /// isn't a URL either.
    #[error("{0}")]
    NoConnector(UnknownConnector),

    /// The connector to check is running elsewhere.
    #[error(
        "`check` reads a component: NAME.wasm, or the folder that `weld-host build` makes it from; to check the running \
         connector at {0}, read it with `weld-host sync {0} --strict`"
    )]
    CheckOfUrl(String),

    /// The component failed to load.
    #[error("{} failed to load: {reason}", path.display())]
    NotLoaded {
        /// The component.
        path: PathBuf,
        /// Why.
        reason: String,
    },

    /// The file of `--to` has the ending of a format that is not written.
    #[error(
        "--to {}: rows are not written as {}; name a SQLite file (NAME.sqlite or NAME.db), a folder of JSON Lines (DIR/, \
         with a slash at its end), or `-` for JSON Lines on stdout", path.display(), format_name(format)
    )]
    OtherFormat {
        /// The file.
        path: PathBuf,
        /// Its ending, in lower case.
        format: String,
    },

    /// Rows and events can't share stdout.
    #[error("rows and --json can't both go to stdout; name another destination with --to")]
    TwoOutputs,

    /// `--map` maps an origin twice.
    #[error("--map: {0}")]
    Map(HostMapError),

    /// `--map` with a connector at a URL, whose host makes its own requests.
    #[error(
        "--map needs a component file: the connector at a URL is served by another host, whose requests it can't map"
    )]
    MapOfUrl,

    /// The destination, and so its states, doesn't exist.
    #[error("{} does not exist; nothing has been synced to it", .0.display())]
    NoDestination(PathBuf),

    /// Stdout has no states.
    #[error("stdout stores no states; give the SQLite file or folder of a sync")]
    NoStates,

    /// The table has no state in the destination.
    #[error("there is no state for the table `{table}`: its next sync starts from the beginning")]
    NoState {
        /// The table.
        table: String,
    },

    /// The destination doesn't have the table.
    #[error(transparent)]
    UnknownTable(#[from] UnknownTable),

    /// The state given on the command line is not valid.
    #[error("the state must be a JSON object or null: {0}")]
    State(String),

    /// The destination can't be opened.
    #[error(transparent)]
    Destination(#[from] DestinationError),

    /// The new connector was not created.
    #[error(transparent)]
    New(#[from] NewError),

    /// The function was not adapted.
    #[error(transparent)]
    Adapt(#[from] AdaptError),

    /// The sync could not begin.
    #[error(transparent)]
    Sync(#[from] SyncError),

    /// The sync ended early.
    #[error(transparent)]
    SyncFailed(#[from] SyncFailure),

    /// `check` found errors, or warnings under `--strict`.
    #[error("{} did not pass", if *.failed == 1 { "1 connector".to_owned() } else { format!("{} connectors", .failed) })]
    CheckFailed {
        /// How many connectors did not pass.
        failed: usize,
    },

    /// The folder of components, or that of the compiled files, can't be used.
    #[error("{} can't be used", folder.display())]
    CompileFolder {
        /// The folder.
        folder: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },

    /// The folder to compile has no component.
    #[error("{} has no .wasm file; name the plugins folder, or one NAME.wasm", .0.display())]
    NothingToCompile(PathBuf),

    /// Some components were not compiled, for reasons that were printed.
    #[error("{} not compiled", if *.failed == 1 { "1 connector was".to_owned() } else { format!("{} connectors were", .failed) })]
    CompileFailed {
        /// How many.
        failed: usize,
    },

    /// The API or the configuration of a check could not be set up.
    #[error("the check could not be set up")]
    CheckSetUp(#[source] io::Error),

    /// A file to check can't be read.
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

    /// The manual pages can't be written.
    #[error("the manual pages can't be written to {}", folder.display())]
    ManPages {
        /// The folder.
        folder: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },

    /// A signal came before the connector was loaded.
    #[error("stopped by a signal before the sync began")]
    SyncNotBegun,

    /// A signal stopped the sync.
    #[error("stopped by a signal; {}{}", .0, from_the_last_page(*.0))]
    SyncStopped(Continuation),

    /// The connector was not built.
    #[error(transparent)]
    Build(#[from] BuildError),

    /// The connector can't run natively.
    #[error(transparent)]
    Native(#[from] NativeError),

    /// A signal stopped `new`, `build`, `adapt`, `check` or `auth`.
    #[error("stopped by a signal")]
    Stopped,

    /// A signal stopped `auth key --rotate`.
    #[error(
        "stopped by a signal; the tokens stay readable, and the same command encrypts the rest with the new key"
    )]
    RotationStopped,

    /// A signal stopped the demo's sync.
    #[cfg(feature = "demo")]
    #[error("stopped by a signal before all tables were synced")]
    DemoStopped,

    /// The system gave no random bytes.
    #[error("the system gave no random bytes for a key")]
    Randomness(#[source] io::Error),

    /// `PORT` is not a port number.
    #[error(
        "the environment variable PORT is `{0}`, which is not a port number from 0 to 65535; correct or remove it, or \
         choose an address with --listen"
    )]
    Port(String),

    /// A variable for proxies is invalid. The problem doesn't quote its value, which may contain a password.
    #[error(
        "the environment variable {variable} is invalid: {problem}{}",
        alternative(variable, own_variable)
    )]
    Proxy {
        /// The variable.
        variable: String,
        /// What is wrong with it, and what to write.
        problem: String,
        /// The variable of this program, which takes precedence over those of all programs.
        own_variable: &'static str,
    },

    /// The server can't listen on the address.
    #[error(
        "can't listen on {address}{}; {setting} chooses another address",
        unusable(source)
    )]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The flag or the variable that sets it.
        setting: &'static str,
        /// The error of the system.
        #[source]
        source: io::Error,
    },

    /// The sockets that the service manager passed can't be used.
    #[error(transparent)]
    Sockets(#[from] SocketsError),

    /// The function can't run.
    #[error(transparent)]
    Lambda(#[from] LambdaError),

    /// The package of a function was not written.
    #[error(transparent)]
    Package(#[from] PackageError),

    /// The path of this program is unknown.
    #[error("the path of this program is unknown; name the program to pack with --binary")]
    OwnProgram(#[source] io::Error),

    /// The address of the passed socket is unknown.
    #[error("the address of the passed socket can't be read")]
    PassedAddress(#[source] io::Error),

    /// The plugins folder can't be used, or there is no connector of the name in `--default`.
    #[error(transparent)]
    Plugins(#[from] StartError),

    /// The sandbox's engine did not start.
    #[error(transparent)]
    Engine(#[from] EngineError),

    /// The compiler process of a host failed.
    #[error(transparent)]
    Compiler(#[from] CompilerProcessError),

    /// The async runtime did not start.
    #[error("the runtime did not start")]
    Runtime(#[source] io::Error),

    /// The threads that write the server's output did not start.
    #[error("stdout and stderr can't be written to")]
    Output(#[source] io::Error),

    /// Signals can't be caught.
    #[error("can't catch signals")]
    Signals(#[source] io::Error),

    /// The demo's files could not be written.
    #[cfg(feature = "demo")]
    #[error("the demo could not be set up")]
    DemoSetUp(#[source] io::Error),

    /// The demo's connector did not load.
    #[cfg(feature = "demo")]
    #[error("the example connector did not load: {0}")]
    DemoConnector(String),
}

/// The name of the format with an ending.
fn format_name(ending: &str) -> String {
    match ending {
        "jsonl" | "ndjson" => "one file of JSON Lines".to_owned(),
        "txt" => "text".to_owned(),
        "xls" | "xlsx" => "a spreadsheet".to_owned(),
        other => format!("`.{other}`"),
    }
}

/// What to do if a variable must stay as it is for other programs.
fn alternative(variable: &str, own_variable: &str) -> String {
    if variable == own_variable {
        return String::new();
    }
    format!("; {own_variable} takes precedence over it, if other programs need {variable} as it is")
}

/// Why an address can't be listened on, if the system's error alone doesn't tell; it comes after the address.
fn unusable(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::AddrInUse => ", which another server is using",
        io::ErrorKind::AddrNotAvailable => ", which is not an address of this machine",
        io::ErrorKind::PermissionDenied => ", for whose port this user lacks the permission",
        _ => "",
    }
}

/// Each error on a line of its own.
fn listed(errors: &[TokenError]) -> String {
    let lines = errors
        .iter()
        .map(|error| format!("\n  {}", crate::report::chain(error)));
    lines.collect()
}

fn from_the_last_page(continuation: Continuation) -> &'static str {
    match continuation {
        Continuation::SameCommand | Continuation::WithoutFull => " from the last complete page",
        Continuation::FromStart => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_that_cannot_be_listened_on_is_explained() {
        for (kind, expected) in [
            (
                io::ErrorKind::AddrInUse,
                "can't listen on 127.0.0.1:80, which another server is using; PORT chooses another address",
            ),
            (
                io::ErrorKind::AddrNotAvailable,
                "can't listen on 127.0.0.1:80, which is not an address of this machine; PORT chooses another address",
            ),
            (
                io::ErrorKind::PermissionDenied,
                "can't listen on 127.0.0.1:80, for whose port this user lacks the permission; PORT chooses another address",
            ),
            (
                io::ErrorKind::OutOfMemory,
                "can't listen on 127.0.0.1:80; PORT chooses another address",
            ),
        ] {
            let error = CliError::Listen {
                address: ([127, 0, 0, 1], 80).into(),
                setting: "PORT",
                source: kind.into(),
            };
            assert_eq!(error.to_string(), expected);
        }
    }

    #[test]
    fn a_signal_says_how_to_continue() {
        for (continuation, expected) in [
            (
                Continuation::SameCommand,
                "run the same command to continue from the last complete page",
            ),
            (
                Continuation::WithoutFull,
                "run the same command without --full to continue from the last complete page",
            ),
            (
                Continuation::FromStart,
                "the next sync starts from the beginning",
            ),
        ] {
            let error = CliError::SyncStopped(continuation).to_string();
            assert_eq!(error, format!("stopped by a signal; {expected}"));
        }
    }
}
