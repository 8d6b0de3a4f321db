//! A token endpoint as a credential's configuration names it, and what is known of its refresh token.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use tokio::time::Instant;

use super::memory::RefreshMemory;
use super::token::Token;
use crate::config::{Oauth2Config, Secret};
use crate::egress::auth::error::{EndpointError, EndpointFault};
use crate::egress::upstream::Upstream;
use crate::secrets::Secrets;

/// The token endpoint of one credential.
pub(super) struct TokenEndpoint {
    /// The credential's.
    pub(super) name: Arc<str>,
    pub(super) config: Arc<Oauth2Config>,
    pub(super) refresh: RefreshMemory,
}

impl TokenEndpoint {
    /// With the refresh token of the configuration, if it has one.
    pub(super) fn new(name: Arc<str>, config: Arc<Oauth2Config>) -> Self {
        Self {
            name,
            refresh: RefreshMemory::new(config.grant.refresh_token().cloned()),
            config,
        }
    }

    /// The configured refresh token.
    pub(super) fn seed(&self) -> Option<&Secret> {
        self.config.grant.refresh_token()
    }

    /// A token to send. Hidden from now on. `asked` is when it was asked for.
    ///
    /// # Errors
    ///
    /// [`EndpointFault::NoHeader`].
    pub(super) fn token(
        &self,
        access_token: &Secret,
        asked: Instant,
        expires_in: Option<Duration>,
        secrets: &Secrets,
    ) -> Result<Token, EndpointFault> {
        let name = format!("auth.{}.token", self.name);
        secrets.add(access_token.expose(), &name);
        let value = format!("{}{}", self.config.prefix, access_token.expose());
        let mut value = HeaderValue::try_from(value).map_err(|_| EndpointFault::NoHeader)?;
        value.set_sensitive(true);
        Ok(Token::new(value, asked, expires_in))
    }

    /// Nobody sees this refresh token from now on.
    pub(super) fn hide_refresh_token(&self, token: &Secret, secrets: &Secrets) {
        secrets.add(token.expose(), &format!("auth.{}.refresh", self.name));
    }

    /// A fault as those who wait for the token are told it. `status` is the endpoint's last one.
    pub(super) fn error(
        &self,
        upstream: &Upstream,
        status: Option<u16>,
        fault: EndpointFault,
    ) -> EndpointError {
        EndpointError {
            name: self.name.to_string(),
            file: upstream.config_file.clone(),
            origin: self.config.token_url.origin().ascii_serialization(),
            status,
            fault: fault.shown_by(&upstream.secrets),
        }
    }
}
