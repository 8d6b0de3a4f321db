//! A logout: a credential's kept token is removed.

use std::path::Path;

use super::error::AuthCommandError;
use super::lookup::{oauth2_credential, read_config};
use crate::config::ConnectorName;
use crate::tokens::Store;

/// What became of a logout.
#[derive(Clone, Debug)]
pub struct Logout {
    /// The credential's name.
    pub credential: String,
    /// Whether there was a token.
    pub was_kept: bool,
}

/// Removes the kept token of a connector's credential, the only one of the kind `oauth2` where none is named. Waits
/// while a process renews it. Needs no key.
///
/// # Errors
///
/// [`AuthCommandError`]: the connector's file has no such credential, or the token can't be removed.
pub fn log_out(
    plugins: &Path,
    connector: &ConnectorName,
    credential: Option<&str>,
    store: &Store,
) -> Result<Logout, AuthCommandError> {
    let (credential, _) =
        oauth2_credential(&read_config(plugins, connector)?, connector, credential)?;
    let entry = store.entry(connector.as_str(), &credential)?;
    let was_kept = entry.exists() && entry.lock()?.remove()?;
    Ok(Logout {
        credential: credential.to_string(),
        was_kept,
    })
}
