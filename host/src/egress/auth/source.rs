//! A credential, and where it is obtained from.

use std::sync::Arc;

use url::Url;

use super::jwt::Signer;
use super::oauth2::Tokens;
use super::prepared::PreparedCredential;
use crate::config::{Addition, Credential, CredentialKind, Oauth2Config};
use crate::egress::error::EgressError;
use crate::egress::upstream::Upstream;
use crate::scope::{CallScope, Deadline};

/// A configured credential with its provider.
pub(in crate::egress) struct CredentialSource {
    credential: Credential,
    provider: Provider,
}

enum Provider {
    Fixed(Addition),
    Jwt(Arc<Signer>),
    Oauth2(Arc<Tokens>),
}

impl CredentialSource {
    /// `kept` finds the tokens that an earlier version of the connector already has for a credential.
    pub(super) fn new(
        credential: Credential,
        kept: impl Fn(&Arc<Oauth2Config>) -> Option<Arc<Tokens>>,
    ) -> Self {
        let name = &credential.name;
        let provider = match &credential.kind {
            CredentialKind::Fixed(addition) => Provider::Fixed(addition.clone()),
            CredentialKind::Jwt(config) => {
                Provider::Jwt(Arc::new(Signer::new(name.clone(), config.clone())))
            }
            CredentialKind::Oauth2(config) => {
                let new = || Arc::new(Tokens::new(name.clone(), config.clone()));
                Provider::Oauth2(kept(config).unwrap_or_else(new))
            }
        };
        Self {
            credential,
            provider,
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.credential.name
    }

    pub(super) fn may_ask_for_ranges(&self) -> bool {
        self.credential.may_ask_for_ranges
    }

    pub(super) fn holds_for(&self, url: &Url) -> bool {
        self.credential.holds_for(url)
    }

    /// The tokens of a credential of the kind `oauth2`.
    pub(super) fn tokens(&self) -> Option<&Arc<Tokens>> {
        match &self.provider {
            Provider::Oauth2(tokens) => Some(tokens),
            Provider::Fixed(_) | Provider::Jwt(_) => None,
        }
    }

    /// Whether it can be renewed once an API refuses it.
    pub(super) fn may_renew(&self) -> bool {
        match &self.provider {
            Provider::Fixed(_) => false,
            Provider::Jwt(signer) => signer.keeps(),
            Provider::Oauth2(_) => true,
        }
    }

    /// Obtains the credential within the time that the request has.
    ///
    /// # Errors
    ///
    /// There is no token for it, or it didn't arrive in time.
    pub(in crate::egress) async fn prepare(
        &self,
        upstream: &Arc<Upstream>,
        scope: &CallScope,
        deadline: Deadline,
    ) -> Result<PreparedCredential, EgressError> {
        Ok(match &self.provider {
            Provider::Fixed(addition) => PreparedCredential::Fixed(addition.clone()),
            Provider::Jwt(signer) => PreparedCredential::Jwt(signer.clone()),
            Provider::Oauth2(tokens) => {
                let fresh = tokens.token(upstream, scope, deadline).await?;
                PreparedCredential::Oauth2(tokens.clone(), fresh)
            }
        })
    }
}
