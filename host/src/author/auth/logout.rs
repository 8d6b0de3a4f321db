//! A logout: removes a credential's stored token.

use std::path::Path;

use super::error::AuthCommandError;
use super::lookup::{oauth2_credential, read_config};
use crate::config::ConnectorName;
use crate::tokens::Store;

/// The result of a logout.
#[derive(Clone, Debug)]
pub struct Logout {
    /// The credential's name.
    pub credential: String,
    /// Whether there was a stored token.
    pub was_kept: bool,
}

/// Removes the stored token of a connector's credential; if none is named, of the only one of kind `oauth2`. Waits
/// while another process renews the token. Needs no key.
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
