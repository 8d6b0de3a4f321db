//! A trial of a credential: obtains a token for it and checks whether an API accepts it.

use std::path::Path;
use std::sync::Arc;

use super::error::AuthCommandError;
use super::lookup::{any_credential, read_config};
use crate::account::HostAccount;
use crate::config::{ConnectorName, CredentialKind, Grant, Limits, ProxyConfig};
use crate::egress::{Egress, Request, Upstreams};
use crate::report;
use crate::scope::CallScope;
use crate::tokens::{Store, TokenError};

/// The memory that a trial may use, in bytes.
const MAX_HELD_BYTES: u64 = 256 << 20;

/// The result of a trial.
#[derive(Clone, Debug)]
pub struct Trial {
    /// The credential's name.
    pub credential: String,
    /// Whether a token was obtained. Credentials of other kinds are in the configuration and need none.
    pub has_token: bool,
    /// The API's status code, if a URL was requested.
    pub status: Option<u16>,
}

/// Obtains a token for a connector's credential (the only one if none is named), and requests the URL with it. Both go
/// through the connector's egress, under its rules, and through these proxies.
///
/// # Errors
///
/// [`AuthCommandError`]: there is no such credential, no token could be obtained, there is nothing to try, the URL
/// can't be called, or the API refuses the credential.
pub async fn try_credential(
    plugins: &Path,
    connector: &ConnectorName,
    credential: Option<&str>,
    url: Option<&str>,
    (store, proxies): (&Store, ProxyConfig),
) -> Result<Trial, AuthCommandError> {
    let config = read_config(plugins, connector)?;
    let credential = any_credential(&config, connector, credential)?;
    let name = credential.name.to_string();
    let has_token = match &credential.kind {
        // A new refresh token must be stored.
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
    let upstreams = Upstreams::default()
        .with_proxies(proxies)
        .with_tokens(store.clone());
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
