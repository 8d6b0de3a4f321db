//! Why a connector was not built.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;

use crate::config::NameError;

/// Why a connector was not built. All of it is for the author to mend.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// There are no sources.
    #[error("{} is no folder", .0.display())]
    NoFolder(PathBuf),

    /// The language can't be told.
    #[error(
        "{} holds no connector: none of Cargo.toml (Rust), app.py (Python), package.json (JavaScript or TypeScript) and *.c (C)",
        .0.display()
    )]
    UnknownLanguage(PathBuf),

    /// `Cargo.toml` or `package.json` doesn't say what the connector is called.
    #[error("{} names no package: {reason}", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },

    /// The connector's name could not be routed.
    #[error("`{name}`, of {}, can't be a connector's name", path.display())]
    Name {
        /// The name.
        name: String,
        /// What it was taken from.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: NameError,
    },

    /// A tool could not be found.
    #[error("{tool} is missing; to get it: {get}")]
    Missing {
        /// What is missing.
        tool: String,
        /// A command that brings it.
        get: &'static str,
    },

    /// A tool is too old.
    #[error("{tool} is of version {found}, and {needed} or later is needed; to get it: {get}")]
    Version {
        /// Which tool.
        tool: &'static str,
        /// The version that it tells.
        found: String,
        /// The least that works.
        needed: &'static str,
        /// A command that brings it.
        get: &'static str,
    },

    /// A tool ended badly; its own words stand before this.
    #[error("`{command}` failed ({status})")]
    Failed {
        /// The call.
        command: String,
        /// How it ended.
        status: ExitStatus,
    },

    /// The connector can't be one; the text has file and line.
    #[error("{0}")]
    NotServed(String),

    /// A tool could not be started or heard.
    #[error("`{command}` can't be run")]
    NotRun {
        /// The call.
        command: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },

    /// The tools ended well, but where is the component?
    #[error("`{command}` made no component: {expected}")]
    NoOutput {
        /// The call.
        command: String,
        /// What was expected of it.
        expected: String,
    },

    /// The core module of a C connector is none that can become a component.
    #[error("the module can't be made a component: {0}")]
    NotEncoded(String),

    /// What the tools have made is not for this host.
    #[error("{} is no connector: {reason}", path.display())]
    NoConnector {
        /// The component.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },

    /// A file that is read or written.
    #[error("{} can't be read or written", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}
