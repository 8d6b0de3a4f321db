//! The flags of the token store, and opening the store.

use std::env::VarError;
use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::ValueHint;
use zeroize::Zeroizing;

use super::error::CliError;
use crate::config::{ReadLimit, headings, read_in_time};
use crate::tokens::{Store, TokenKey};

/// The variable with the key that tokens are encrypted with.
pub(super) const TOKEN_KEY_VARIABLE: &str = "WELD_TOKEN_KEY";

#[derive(Debug, Args)]
pub(super) struct TokenFlags {
    /// The folder of credentials' tokens [default: the user's state folder]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, env = "WELD_TOKENS", help_heading = headings::FOLDERS)]
    tokens: Option<PathBuf>,
    /// A file with the key that tokens are encrypted with, instead of WELD_TOKEN_KEY
    #[arg(long, value_name = "FILE", env = "WELD_TOKEN_KEY_FILE", help_heading = headings::KEYS)]
    token_key_file: Option<PathBuf>,
}

impl TokenFlags {
    /// The store; `None` if the user has no state folder, as in some containers.
    pub(super) fn store(self) -> Result<Option<Store>, CliError> {
        let key = key(self.token_key_file.as_deref())?;
        Ok(self.folder().map(|folder| Store::open(folder, key)))
    }

    /// The same with this key.
    pub(super) fn store_with(self, key: Option<TokenKey>) -> Option<Store> {
        self.folder().map(|folder| Store::open(folder, key))
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

/// The key; `None` if none is set.
fn key(file: Option<&Path>) -> Result<Option<TokenKey>, CliError> {
    match file {
        Some(path) => key_in(path).map(Some),
        None => environment_key(),
    }
}

/// The key in a file.
pub(super) fn key_in(path: &Path) -> Result<TokenKey, CliError> {
    Ok(TokenKey::parse(&Zeroizing::new(key_file(path)?))?)
}

/// The key in `WELD_TOKEN_KEY`; `None` if it is not set. An empty variable is an invalid key, so that a deployment that
/// forgets to set the secret fails.
pub(super) fn environment_key() -> Result<Option<TokenKey>, CliError> {
    match std::env::var(TOKEN_KEY_VARIABLE) {
        Ok(text) => Ok(Some(TokenKey::parse(&Zeroizing::new(text))?)),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(CliError::TokenKeyNotText),
    }
}

/// Reads a file with a key.
pub(super) fn key_file(path: &Path) -> Result<String, CliError> {
    let content = read_in_time(path, ReadLimit::KEY).map_err(|source| CliError::KeyFile {
        path: path.to_owned(),
        source,
    })?;
    String::from_utf8(content).map_err(|_| CliError::KeyFileNotText(path.to_owned()))
}
