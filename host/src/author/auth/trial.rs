//! A trial of a credential: whether there is a token for it, and whether an API accepts it.

use std::path::Path;
use std::sync::Arc;

use super::error::AuthCommandError;
use super::lookup::{any_credential, read_config};
use crate::account::HostAccount;
use crate::config::{ConnectorName, CredentialKind, Grant, Limits};
use crate::egress::{Egress, Request, Upstreams};
use crate::report;
use crate::scope::CallScope;
use crate::tokens::{Store, TokenError};

/// What may be held for a trial, in bytes.
const MAX_HELD_BYTES: u64 = 256 << 20;

/// What came of a trial.
#[derive(Clone, Debug)]
pub struct Trial {
    /// The credential's name.
    pub credential: String,
    /// Whether a token was obtained for it: other kinds stand in the configuration.
    pub has_token: bool,
    /// What the API answered, if it was asked.
    pub status: Option<u16>,
}

/// Obtains a token of a connector's credential, the only one if none is named, and asks for the URL with it. All of it goes
/// the connector's way, under its rules.
///
/// # Errors
///
/// [`AuthCommandError`]: there is no such credential, no token for it, or nothing to try; the URL can't be called, or the
/// API refuses the credential.
pub async fn try_credential(
    plugins: &Path,
    connector: &ConnectorName,
    credential: Option<&str>,
    url: Option<&str>,
    store: &Store,
) -> Result<Trial, AuthCommandError> {
    let config = read_config(plugins, connector)?;
    let credential = any_credential(&config, connector, credential)?;
    let name = credential.name.to_string();
    let has_token = match &credential.kind {
        // A token that replaces the refresh token must have its place.
        CredentialKind::Oauth2(config)
            if matches!(config.grant, Grant::RefreshToken(_)) && !store.has_key() =>
        {
            return Err(TokenError::NoKey.into());
        }
        CredentialKind::Oauth2(_) => true,
        CredentialKind::Fixed(_) | CredentialKind::Jwt(_) => false,
    };
    if !has_token && url.is_none() {
        return Err(AuthCommandError::NothingToTry { name });
    }
    let upstreams = Upstreams::default().with_tokens(store.clone());
    let file = connector.config_file();
    let egress = Egress::new(connector.as_str(), &config, file, &upstreams, None)
        .map_err(|error| AuthCommandError::Certificates(error.to_string()))?;
    let limits = Limits {
        page_timeout: config.limits.page_timeout,
        ..Limits::default()
    };
    let account = HostAccount::new(MAX_HELD_BYTES);
    let scope = Arc::new(CallScope::of_a_page(&limits, &account));
    let failed = |error| AuthCommandError::NoToken(report::chain(&error));
    if has_token {
        egress.obtain_token(&name, &scope).await.map_err(failed)?;
    }
    let status = match url {
        None => None,
        Some(url) => {
            let request = Request {
                credential: Some(name.clone()),
                ..Request::get(url)
            };
            Some(egress.fetch(request, &scope).await.map_err(failed)?.status)
        }
    };
    match status {
        Some(status @ (401 | 403)) => Err(AuthCommandError::TrialRefused { name, status }),
        status => Ok(Trial {
            credential: name,
            has_token,
            status,
        }),
    }
}
