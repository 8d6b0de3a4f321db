//! Why a connector was not built.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;

use crate::config::NameError;

/// Why a connector was not built. The author can fix all of these.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The folder doesn't exist, or is not a folder.
    #[error("there is no folder {}", .0.display())]
    NoFolder(PathBuf),

    /// The language is not recognized.
    #[error(
        "{} contains no connector: it has no Cargo.toml (Rust), app.py (Python), package.json (JavaScript or TypeScript) or *.c (C)",
        .0.display()
    )]
    UnknownLanguage(PathBuf),

    /// `Cargo.toml` or `package.json` has no name for the connector.
    #[error("{} has no package name: {reason}", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },

    /// The name is not valid for a connector.
    #[error("`{name}`, from {}, can't be a connector's name", path.display())]
    Name {
        /// The name.
        name: String,
        /// The file or folder with the name.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: NameError,
    },

    /// A tool could not be found.
    #[error("{tool} is missing; to get it: {get}")]
    Missing {
        /// The tool.
        tool: String,
        /// A command or page to get it.
        get: &'static str,
    },

    /// A tool is too old.
    #[error("{tool} has version {found}, but {needed} or later is needed; to get it: {get}")]
    Version {
        /// The tool.
        tool: &'static str,
        /// The version that it reports.
        found: String,
        /// The oldest version that works.
        needed: &'static str,
        /// A command or page to get it.
        get: &'static str,
    },

    /// A tool failed. Its own output precedes this message.
    #[error("`{command}` failed ({status})")]
    Failed {
        /// The call.
        command: String,
        /// How it ended.
        status: ExitStatus,
    },

    /// The sources can't become a component. The text has the file and line, the cause, and what to do.
    #[error("{0}")]
    Source(String),

    /// A tool could not be started, or its output could not be read.
    #[error("`{command}` can't be run")]
    NotRun {
        /// The call.
        command: String,
        /// The error of the system.
        #[source]
        source: io::Error,
    },

    /// The tools succeeded, but there is no component.
    #[error("`{command}` produced no component: {expected}")]
    NoOutput {
        /// The call.
        command: String,
        /// Why there is no component.
        expected: String,
    },

    /// The core module of a C connector can't become a component.
    #[error("the module can't be turned into a component: {0}")]
    NotEncoded(String),

    /// The component is not a connector for this host.
    #[error("{} is not a connector: {reason}", path.display())]
    NoConnector {
        /// The component.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },

    /// A file can't be read or written.
    #[error("{} can't be read or written", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// The error of the system.
        #[source]
        source: io::Error,
    },
}
