//! The flags of the token store, and opening the store.

use std::env::VarError;
use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::ValueHint;
use zeroize::Zeroizing;

use super::error::CliError;
use crate::config::headings;
use crate::tokens::{Store, TokenKeys};

/// The variable with the key that tokens are encrypted with.
pub(super) const TOKEN_KEY_VARIABLE: &str = "WELD_TOKEN_KEY";

#[derive(Debug, Args)]
pub(super) struct TokenFlags {
    /// The folder of credentials' tokens [default: the user's state folder]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, env = "WELD_TOKENS", help_heading = headings::FOLDERS)]
    tokens: Option<PathBuf>,
    /// A file with the key that tokens are encrypted with, and below it previous keys, instead of WELD_TOKEN_KEY
    #[arg(long, value_name = "FILE", env = "WELD_TOKEN_KEY_FILE", help_heading = headings::KEYS)]
    token_key_file: Option<PathBuf>,
}

impl TokenFlags {
    /// The store; `None` if the user has no state folder, as in some containers.
    pub(super) fn store(self) -> Result<Option<Store>, CliError> {
        let keys = keys(self.token_key_file.as_deref())?;
        Ok(self.store_with(keys))
    }

    /// The same with these keys.
    pub(super) fn store_with(self, keys: Option<TokenKeys>) -> Option<Store> {
        let keys = keys.unwrap_or_else(|| None.into());
        self.folder().map(|folder| Store::open(folder, keys))
    }

    /// The folder; `None` if the user has no state folder.
    pub(super) fn folder(&self) -> Option<PathBuf> {
        self.tokens.clone().or_else(default_folder)
    }

    pub(super) fn key_file(&self) -> Option<&Path> {
        self.token_key_file.as_deref()
    }

    /// The same from the environment, for commands without these flags.
    pub(super) fn of_environment() -> Self {
        let path = |name| std::env::var_os(name).map(PathBuf::from);
        Self {
            tokens: path("WELD_TOKENS"),
            token_key_file: path("WELD_TOKEN_KEY_FILE"),
        }
    }
}

/// A folder in the user's state. Not in the cache: a token that is deleted can't be restored.
fn default_folder() -> Option<PathBuf> {
    let folders = directories::ProjectDirs::from("", "", "weld-host")?;
    let state = folders.state_dir().unwrap_or(folders.data_local_dir());
    Some(state.join("tokens"))
}

/// The keys; `None` if none are set.
fn keys(file: Option<&Path>) -> Result<Option<TokenKeys>, CliError> {
    match file {
        Some(path) => keys_in(path).map(Some),
        None => environment_keys(),
    }
}

/// The keys in a file, which is read again whenever it has changed.
pub(super) fn keys_in(path: &Path) -> Result<TokenKeys, CliError> {
    Ok(TokenKeys::read(path.to_owned())?)
}

/// The keys in `WELD_TOKEN_KEY`; `None` if it is not set. An empty variable is an invalid key, so that a deployment that
/// forgets to set the secret fails.
pub(super) fn environment_keys() -> Result<Option<TokenKeys>, CliError> {
    match std::env::var(TOKEN_KEY_VARIABLE) {
        Ok(text) => Ok(Some(TokenKeys::parse(&Zeroizing::new(text))?)),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(CliError::TokenKeyNotText),
    }
}
