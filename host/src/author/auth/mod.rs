//! The tokens of credentials: how they are got, what is known of them, how they are removed.

mod callback;
mod login;
mod status;

pub use login::Login;
pub use status::{Status, status};

use std::path::Path;
use std::sync::Arc;

use super::error::AuthorError;
use crate::config::{
    Ceilings, ConnectorConfig, ConnectorName, Credential, CredentialKind, Oauth2Config,
};
use crate::tokens::Store;

/// What became of a logout.
#[derive(Clone, Debug)]
pub struct LoggedOut {
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
/// [`AuthorError`]: the connector's file has no such credential, or the token can't be removed.
pub fn log_out(
    plugins: &Path,
    connector: &ConnectorName,
    credential: Option<&str>,
    store: &Store,
) -> Result<LoggedOut, AuthorError> {
    let (credential, _) = chosen(&read(plugins, connector)?, connector, credential)?;
    let entry = store.entry(connector.as_str(), &credential)?;
    let was_kept = entry.exists() && entry.lock()?.remove()?;
    Ok(LoggedOut {
        credential: credential.to_string(),
        was_kept,
    })
}

/// The configuration beside the component.
fn read(plugins: &Path, connector: &ConnectorName) -> Result<ConnectorConfig, AuthorError> {
    let path = plugins.join(connector.config_file());
    if !path.exists() {
        return Err(AuthorError::NoConfig(path));
    }
    // The host's own ceilings, which its flags may raise, are not known here and don't matter.
    let ceilings = Ceilings {
        memory_bytes: u64::MAX,
        cpu_time: std::time::Duration::MAX,
        page_timeout: std::time::Duration::MAX,
        component_bytes: u64::MAX,
        state_bytes: u64::MAX,
        concurrency: u32::MAX,
    };
    Ok(ConnectorConfig::read(&path, &ceilings)?)
}

/// The credential of this name, or the only one that has tokens to keep.
fn chosen(
    config: &ConnectorConfig,
    connector: &ConnectorName,
    name: Option<&str>,
) -> Result<(Arc<str>, Arc<Oauth2Config>), AuthorError> {
    let file = connector.config_file();
    let mut found: Vec<_> = config
        .credentials
        .iter()
        .filter_map(oauth2)
        .filter(|(known, _)| name.is_none_or(|name| name == &**known))
        .collect();
    if found.len() > 1 {
        let names = found.iter().map(|(name, _)| name.to_string()).collect();
        return Err(AuthorError::SeveralCredentials { file, names });
    }
    found.pop().ok_or_else(|| {
        let is_other = |credential: &&Credential| Some(&*credential.name) == name;
        match config.credentials.iter().find(is_other) {
            Some(other) => AuthorError::NoLogin {
                name: other.name.to_string(),
                file,
            },
            None => AuthorError::NoCredential {
                file,
                name: name.map(str::to_owned),
            },
        }
    })
}

fn oauth2(credential: &Credential) -> Option<(Arc<str>, Arc<Oauth2Config>)> {
    match &credential.kind {
        CredentialKind::Oauth2(config) => Some((credential.name.clone(), config.clone())),
        CredentialKind::Fixed(_) | CredentialKind::Jwt(_) => None,
    }
}
