//! The key of the admin listener, for the server and for the commands that ask it.

use std::env::VarError;
use std::path::PathBuf;

use clap::Args;
use clap::builder::ValueHint;

use super::api_keys::keys_in;
use super::error::CliError;
use crate::config::{Secret, headings};

#[derive(Debug, Args)]
pub(super) struct AdminKeyFlags {
    /// A file with the key of the admin listener, instead of WELD_ADMIN_KEY
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, env = "WELD_ADMIN_KEY_FILE", help_heading = headings::KEYS)]
    admin_key_file: Option<PathBuf>,
}

impl AdminKeyFlags {
    /// The key: the first one of the file, or else the environment's; `None` if neither is given. An empty `WELD_ADMIN_KEY` is an
    /// invalid key rather than none, since a deployment that forgets to set the secret must not open the listener.
    pub(super) fn key(&self) -> Result<Option<Secret>, CliError> {
        if let Some(path) = &self.admin_key_file {
            return Ok(keys_in(path)?.into_iter().next());
        }
        match std::env::var("WELD_ADMIN_KEY") {
            Ok(key) => Ok(Some(Secret::new(key))),
            Err(VarError::NotPresent) => Ok(None),
            Err(VarError::NotUnicode(_)) => Err(CliError::AdminKeyNotText),
        }
    }
}
