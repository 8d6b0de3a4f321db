//! Why a connector can't be run natively.

use std::io;
use std::path::PathBuf;

use crate::author::build::{BuildError, quoted};
use crate::config::ConfigError;

/// Why a connector can't be run natively. The author can fix all of these but `Listen` and `Randomness`.
#[derive(Debug, thiserror::Error)]
pub enum NativeError {
    /// The folder contains no connector.
    #[error(transparent)]
    Project(#[from] BuildError),

    /// The language has no worker.
    #[error(
        "{} is a connector in C, which only runs as a component: use `weld-host build {word}`, then \
         `weld-host sync {word}`",
        .0.display(), word = quoted(.0)
    )]
    NoWorker(PathBuf),

    /// The packages of a JavaScript project are not installed.
    #[error("{} has no node_modules/weld-connector; run `npm ci` there first", .0.display())]
    NoPackages(PathBuf),

    /// A Rust project has no `examples/live.rs`.
    #[error(
        "{} has no examples/live.rs, which runs the connector natively; copy it from a folder that \
         `weld-host new NAME --lang rust` has made",
        .0.display()
    )]
    NoExample(PathBuf),

    /// The kit in the folder is older than this command.
    #[error(
        "the kit in {} is too old to run natively; replace it with the one in a folder that `weld-host new` has made",
        .0.display()
    )]
    OldKit(PathBuf),

    /// The configuration file of `--config` doesn't exist.
    #[error("there is no file {}; --config names the connector's NAME.toml", .0.display())]
    NoConfig(PathBuf),

    /// The configuration is not valid.
    #[error(transparent)]
    Config(#[from] ConfigError),

    /// The configuration's certificates can't be used.
    #[error("the certificates in the configuration can't be used: {0}")]
    Certificates(String),

    /// No port of 127.0.0.1 can be opened.
    #[error("can't listen on 127.0.0.1")]
    Listen(#[source] io::Error),

    /// The system gave no random bytes.
    #[error("the system gave no random bytes for a key")]
    Randomness(#[source] io::Error),
}

impl NativeError {
    /// Whether the machine is at fault, as opposed to something that the author can fix.
    #[must_use]
    pub fn is_fault(&self) -> bool {
        matches!(self, Self::Listen(_) | Self::Randomness(_))
    }
}
