//! Finds the credential that a command is for.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::AuthCommandError;
use crate::config::{
    Ceilings, ConnectorConfig, ConnectorName, Credential, CredentialKind, Oauth2Config,
    SystemFiles, UsableConfig,
};

/// Reads a connector's configuration.
pub(super) fn read_config(
    plugins: &Path,
    connector: &ConnectorName,
) -> Result<ConnectorConfig, AuthCommandError> {
    let path = config_path(plugins, connector)?;
    // The server's ceilings, which its flags may raise, are unknown here and don't matter.
    Ok(ConnectorConfig::read(
        &path,
        &Ceilings::UNLIMITED,
        &SystemFiles,
    )?)
}

/// Reads what is right in a connector's configuration. Returns its path, too.
pub(super) fn read_usable_config(
    plugins: &Path,
    connector: &ConnectorName,
) -> Result<(PathBuf, UsableConfig), AuthCommandError> {
    let path = config_path(plugins, connector)?;
    let config = ConnectorConfig::read_usable(&path, &Ceilings::UNLIMITED, &SystemFiles)?;
    Ok((path, config))
}

fn config_path(plugins: &Path, connector: &ConnectorName) -> Result<PathBuf, AuthCommandError> {
    let path = plugins.join(connector.config_file());
    if path.exists() {
        Ok(path)
    } else {
        Err(AuthCommandError::NoConfig(path))
    }
}

/// The credential of this name, or the only one whose tokens are stored.
pub(super) fn oauth2_credential(
    config: &ConnectorConfig,
    connector: &ConnectorName,
    name: Option<&str>,
) -> Result<(Arc<str>, Arc<Oauth2Config>), AuthCommandError> {
    let file = connector.config_file();
    let mut found: Vec<_> = config
        .credentials
        .iter()
        .filter_map(oauth2)
        .filter(|(known, _)| name.is_none_or(|name| name == &**known))
        .collect();
    if found.len() > 1 {
        let names = found.iter().map(|(name, _)| name.to_string()).collect();
        return Err(AuthCommandError::SeveralCredentials { file, names });
    }
    found.pop().ok_or_else(|| {
        let is_other = |credential: &&Credential| Some(&*credential.name) == name;
        match config.credentials.iter().find(is_other) {
            Some(other) => AuthCommandError::NoLogin {
                name: other.name.to_string(),
                file,
            },
            None => AuthCommandError::NoCredential {
                file,
                name: name.map(str::to_owned),
            },
        }
    })
}

/// The credential of this name, or the only one.
pub(super) fn any_credential<'c>(
    config: &'c ConnectorConfig,
    connector: &ConnectorName,
    name: Option<&str>,
) -> Result<&'c Credential, AuthCommandError> {
    let file = connector.config_file();
    let is_meant = |credential: &&Credential| name.is_none_or(|name| name == &*credential.name);
    let found: Vec<&Credential> = config.credentials.iter().filter(is_meant).collect();
    match found[..] {
        [credential] => Ok(credential),
        [] => Err(AuthCommandError::NoCredential {
            file,
            name: name.map(str::to_owned),
        }),
        _ => Err(AuthCommandError::SeveralCredentials {
            file,
            names: found.iter().map(|found| found.name.to_string()).collect(),
        }),
    }
}

fn oauth2(credential: &Credential) -> Option<(Arc<str>, Arc<Oauth2Config>)> {
    match &credential.kind {
        CredentialKind::Oauth2(config) => Some((credential.name.clone(), config.clone())),
        CredentialKind::Fixed(_) | CredentialKind::Jwt(_) => None,
    }
}
