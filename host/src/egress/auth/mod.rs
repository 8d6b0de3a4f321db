//! The credentials of a connector: which one a request carries, and how it gets into the request.
//!
//! A credential goes in last, when the request has passed every rule and is about to be sent, so that the guest, the log
//! and a redirect's next request never see it. What a credential is stands in `config`.

mod add;
mod choice;
mod error;
mod jwt;
mod oauth2;
mod ready;

pub(super) use choice::Choice;
pub(crate) use error::AuthError;
pub(crate) use oauth2::AuthorizationCode;
pub(super) use ready::{Carried, Ready};

use std::sync::Arc;

use super::error::EgressError;
use super::way::Way;
use crate::config::{Addition, Credential, CredentialKind, Oauth2Config};
use crate::scope::{CallScope, Deadline};
use jwt::Signer;
use oauth2::Tokens;

/// All credentials of one connector.
pub(super) struct Credentials {
    all: Vec<Arc<Held>>,
    /// The file that an error's message sends the operator to.
    config_file: String,
}

/// A credential, and where it is had.
pub(super) struct Held {
    credential: Credential,
    source: Source,
}

enum Source {
    Fixed(Addition),
    Signed(Arc<Signer>),
    Given(Arc<Tokens>),
}

impl Credentials {
    /// Takes over the tokens of those of `previous` that are still the same.
    pub(super) fn new(
        credentials: &[Credential],
        config_file: String,
        previous: Option<&Self>,
    ) -> Self {
        let held = |credential: &Credential| {
            let name = &credential.name;
            let source = match &credential.kind {
                CredentialKind::Fixed(addition) => Source::Fixed(addition.clone()),
                CredentialKind::Jwt(config) => {
                    Source::Signed(Arc::new(Signer::new(name.clone(), config.clone())))
                }
                CredentialKind::Oauth2(config) => {
                    let kept = previous.and_then(|previous| previous.tokens(name, config));
                    let new = || Arc::new(Tokens::new(name.clone(), config.clone()));
                    Source::Given(kept.unwrap_or_else(new))
                }
            };
            Arc::new(Held {
                credential: credential.clone(),
                source,
            })
        };
        Self {
            all: credentials.iter().map(held).collect(),
            config_file,
        }
    }

    fn tokens(&self, name: &str, config: &Oauth2Config) -> Option<Arc<Tokens>> {
        let held = self
            .all
            .iter()
            .find(|held| &*held.credential.name == name)?;
        match &held.source {
            Source::Given(tokens) if tokens.are_of(config) => Some(tokens.clone()),
            Source::Given(_) | Source::Fixed(_) | Source::Signed(_) => None,
        }
    }
}

impl Held {
    /// Gets what the credential needs to be added, within the time that the request has.
    pub(super) async fn ready(
        &self,
        way: &Arc<Way>,
        scope: &CallScope,
        deadline: Deadline,
    ) -> Result<Ready, EgressError> {
        Ok(match &self.source {
            Source::Fixed(addition) => Ready::Fixed(addition.clone()),
            Source::Signed(signer) => Ready::Signed(signer.clone()),
            Source::Given(tokens) => {
                let had = tokens.token(way, scope, deadline).await?;
                Ready::Given(tokens.clone(), had)
            }
        })
    }

    /// Whether it can be had anew once an API refuses it.
    fn may_renew(&self) -> bool {
        match &self.source {
            Source::Fixed(_) => false,
            Source::Signed(signer) => signer.keeps(),
            Source::Given(_) => true,
        }
    }
}
