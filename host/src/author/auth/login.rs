//! A login: a person grants access, then a token is obtained (RFC 6749, section 4.1, with RFC 7636 and RFC 8252).

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::callback::Callback;
use super::error::AuthCommandError;
use super::lookup::{oauth2_credential, read_config};
use crate::config::{ConnectorConfig, ConnectorName, Grant, ProxyConfig, Secret};
use crate::egress::{AuthorizationCode, Egress, Upstreams};
use crate::report;
use crate::tokens::{Store, TokenError};

/// A completed login, whose token is stored.
#[derive(Debug)]
pub struct KeptLogin {
    /// The credential's name.
    pub credential: String,
    /// The file of the token.
    pub path: PathBuf,
    /// Whether there is a refresh token. Some APIs give none, but a token that is valid until it is revoked.
    pub is_renewable: bool,
}

/// A login that waits for a person to grant access.
pub struct Login {
    connector: ConnectorName,
    credential: Arc<str>,
    config: ConnectorConfig,
    store: Store,
    callback: Callback,
    address: String,
    verifier: Option<Secret>,
}

impl Login {
    /// Starts a login and listens on `port` of 127.0.0.1 for the browser's return. Checks first that the token can be
    /// stored, so that no grant is wasted.
    ///
    /// # Errors
    ///
    /// [`AuthCommandError`]: the credential has no login, the store has no key, or the port can't be listened on.
    pub async fn begin(
        plugins: &Path,
        connector: ConnectorName,
        credential: Option<&str>,
        store: Store,
        port: u16,
    ) -> Result<Self, AuthCommandError> {
        let config = read_config(plugins, &connector)?;
        let (credential, oauth2) = oauth2_credential(&config, &connector, credential)?;
        let (Grant::RefreshToken(_), Some(login), Some(client)) =
            (&oauth2.grant, &oauth2.login, &oauth2.client)
        else {
            return Err(AuthCommandError::NoLogin {
                name: credential.to_string(),
                file: connector.config_file(),
            });
        };
        if !store.has_key() {
            return Err(TokenError::NoKey.into());
        }
        // Locked and released at once, to detect a folder that can't be written to.
        drop(store.entry(connector.as_str(), &credential)?.try_lock()?);
        let state = random()?;
        let verifier = login.has_pkce.then(random).transpose()?;
        let callback = Callback::listen(login.redirect_uri.as_ref(), port, state.clone()).await?;
        let mut address = login.authorize_url.clone();
        {
            let mut query = address.query_pairs_mut();
            query
                .append_pair("response_type", "code")
                .append_pair("client_id", &client.id)
                .append_pair("redirect_uri", callback.address())
                .append_pair("state", state.expose());
            if let Some(verifier) = &verifier {
                let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.expose()));
                query
                    .append_pair("code_challenge", &challenge)
                    .append_pair("code_challenge_method", "S256");
            }
            if let Some(scope) = oauth2.scope() {
                query.append_pair("scope", &scope);
            }
            if let Some(audience) = &oauth2.audience {
                query.append_pair("audience", audience);
            }
        }
        Ok(Self {
            connector,
            credential,
            config,
            store,
            callback,
            address: address.into(),
            verifier,
        })
    }

    /// The redirect URI, which may have to be registered with the server.
    pub fn redirect_uri(&self) -> &str {
        self.callback.address()
    }

    /// Whether the login is protected by PKCE.
    pub fn has_pkce(&self) -> bool {
        self.verifier.is_some()
    }

    /// The address at which the person grants access.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Waits for the grant, obtains the tokens through these proxies, and stores them.
    ///
    /// # Errors
    ///
    /// [`AuthCommandError`]: nobody granted access within `timeout`, access was refused, no token could be obtained, or
    /// it can't be stored.
    pub async fn end(
        self,
        timeout: Duration,
        proxies: ProxyConfig,
    ) -> Result<KeptLogin, AuthCommandError> {
        let redirect_uri = self.callback.address().to_owned();
        let code = tokio::time::timeout(timeout, self.callback.code())
            .await
            .map_err(|_| AuthCommandError::TimedOut(timeout))??;
        let egress = Egress::new(
            self.connector.as_str(),
            &self.config,
            self.connector.config_file(),
            &Upstreams::default()
                .with_proxies(proxies)
                .with_tokens(self.store.clone()),
            None,
        )
        .map_err(|error| AuthCommandError::Certificates(error.to_string()))?;
        let code = AuthorizationCode {
            code,
            redirect_uri,
            verifier: self.verifier,
        };
        let is_renewable = egress
            .log_in(&self.credential, &code, &self.store)
            .await
            .map_err(|error| AuthCommandError::NoToken(report::chain(&error)))?;
        let entry = self
            .store
            .entry(self.connector.as_str(), &self.credential)?;
        Ok(KeptLogin {
            path: entry.path(),
            credential: self.credential.to_string(),
            is_renewable,
        })
    }
}

/// 43 random characters (RFC 7636, section 4.1).
fn random() -> Result<Secret, AuthCommandError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|_| AuthCommandError::Randomness)?;
    Ok(Secret::new(URL_SAFE_NO_PAD.encode(bytes)))
}
