//! One credential of a connector.

use std::fmt;
use std::sync::Arc;

use url::Url;

use super::addition::Addition;
use super::jwt::JwtConfig;
use super::oauth2::{Grant, Oauth2Config};
use crate::config::allow::AllowList;
use crate::config::secret::Secret;

/// One `[auth.NAME]`.
#[derive(Clone)]
pub struct Credential {
    /// 1 to 63 letters, digits, `.`, `_` and `-`: the name in errors and logs, and the one by which requests select it.
    pub name: Arc<str>,
    /// The URLs that the credential is for; never empty.
    pub(in crate::config) urls: AllowList,
    /// What is added to a request, and where it comes from.
    pub kind: CredentialKind,
    /// `ranges`: whether a request that carries it may ask for parts of a response. An API that echoes the credential
    /// could otherwise return it in pieces, which can't be recognized.
    pub may_ask_for_ranges: bool,
    /// The secret values that the connector must never see: keys, passwords, and their encoded form if they are sent
    /// encoded. Tokens obtained with them are not included.
    pub secrets: Vec<Secret>,
}

impl Credential {
    /// Whether the credential may go to this URL, whatever the method.
    pub fn holds_for(&self, url: &Url) -> bool {
        self.urls.permits("", url)
    }

    /// Whether it is renewed with a refresh token, which the token endpoint may replace each time it is used.
    pub fn has_refresh_token(&self) -> bool {
        match &self.kind {
            CredentialKind::Oauth2(config) => matches!(config.grant, Grant::RefreshToken(_)),
            CredentialKind::Fixed(_) | CredentialKind::Jwt(_) => false,
        }
    }

    /// Whether the host can obtain a new one if the API refuses it.
    pub(in crate::config) fn is_renewable(&self) -> bool {
        match self.kind {
            CredentialKind::Fixed(_) => false,
            CredentialKind::Jwt(_) | CredentialKind::Oauth2(_) => true,
        }
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential")
            .field("name", &self.name)
            .field("urls", &self.urls)
            .finish_non_exhaustive()
    }
}

/// Where a credential comes from.
#[derive(Clone)]
pub enum CredentialKind {
    /// Its value is in the configuration: `api-key`, `basic` or `bearer`.
    Fixed(Addition),
    /// The host signs it: `jwt`.
    Jwt(Arc<JwtConfig>),
    /// The host obtains it from a token endpoint: `oauth2`, or `session`, a login other than OAuth's.
    Oauth2(Arc<Oauth2Config>),
}
