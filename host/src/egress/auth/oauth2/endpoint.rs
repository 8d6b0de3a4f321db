//! A token endpoint as a credential's configuration names it, and what is known of its refresh token.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use tokio::time::Instant;
use url::Url;

use super::advice::Symptom;
use super::memory::RefreshMemory;
use super::proof::Proof;
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

    /// Where a request with this proof goes.
    pub(super) fn url(&self, proof: Proof<'_>) -> &Url {
        let refresh_url = self.config.shape.refresh_url.as_ref();
        refresh_url
            .filter(|_| matches!(proof, Proof::RefreshToken(_)))
            .unwrap_or(&self.config.token_url)
    }

    /// A fault before the endpoint was asked, as those who wait for the token are told it.
    pub(super) fn error(&self, upstream: &Upstream, fault: EndpointFault) -> EndpointError {
        self.error_of(upstream, Symptom::unasked(fault))
    }

    /// The same of a fault with what is known of its request.
    pub(super) fn error_of(&self, upstream: &Upstream, symptom: Symptom<'_>) -> EndpointError {
        let advice = symptom.advice(&self.config, &self.login_command(upstream));
        EndpointError {
            name: self.name.to_string(),
            file: upstream.config_file.clone(),
            origin: self.url(symptom.proof).origin().ascii_serialization(),
            status: symptom.status,
            advice: advice.map(String::into_boxed_str),
            fault: symptom.fault.shown_by(&upstream.secrets),
        }
    }

    /// What a person runs to log in.
    pub(super) fn login_command(&self, upstream: &Upstream) -> String {
        let (connector, name) = (&upstream.connector, &self.name);
        format!("`weld-host auth login {connector} --credential {name}`")
    }
}
