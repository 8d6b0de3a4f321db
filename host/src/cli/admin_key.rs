//! The key of the admin listener, for the server and for the commands that ask it.

use std::env::VarError;
use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::ValueHint;

use super::api_keys::keys_in;
use super::error::CliError;
use crate::config::{Secret, headings};

/// The variable with the key of the admin listener.
pub(super) const ADMIN_KEY_VARIABLE: &str = "WELD_ADMIN_KEY";

#[derive(Debug, Args)]
pub(super) struct AdminKeyFlags {
    /// A file with the key of the admin listener, or several, one on each line, instead of WELD_ADMIN_KEY
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, env = "WELD_ADMIN_KEY_FILE", help_heading = headings::KEYS)]
    admin_key_file: Option<PathBuf>,
}

impl AdminKeyFlags {
    /// The keys, for the server: those of the file, or else the environment's. An empty `WELD_ADMIN_KEY` is an invalid key
    /// rather than none, since a deployment that forgets to set the secret must not open the listener.
    pub(super) fn keys(&self) -> Result<Vec<Secret>, CliError> {
        if let Some(path) = &self.admin_key_file {
            return keys_in(path);
        }
        match std::env::var(ADMIN_KEY_VARIABLE) {
            Ok(key) => Ok(vec![Secret::new(key)]),
            Err(VarError::NotPresent) => Ok(Vec::new()),
            Err(VarError::NotUnicode(_)) => Err(CliError::AdminKeyNotText),
        }
    }

    /// The key, for a command that asks the server: the first one.
    pub(super) fn key(&self) -> Result<Option<Secret>, CliError> {
        Ok(self.keys()?.into_iter().next())
    }

    /// The file, if it is named.
    pub(super) fn file(&self) -> Option<&Path> {
        self.admin_key_file.as_deref()
    }
}
