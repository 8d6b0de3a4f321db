//! The credentials of a connector: which one a request carries, and how it gets into the request.
//!
//! A credential goes in last, when the request has passed every rule and is about to be sent, so that the guest, the log
//! and a redirect's next request never see it. What a credential is stands in `config`.

mod add;
mod choice;
mod error;
mod jwt;

pub(super) use choice::Choice;
pub(crate) use error::AuthError;

use std::sync::Arc;

use super::error::EgressError;
use super::exchange::Hop;
use super::secrets::Secrets;
use crate::config::{Credential, CredentialKind};
use jwt::Signer;

/// All credentials of one connector.
pub(super) struct Credentials {
    all: Vec<Arc<Held>>,
    /// The file that an error's message sends the operator to.
    config_file: String,
}

/// A credential, and what was made from it last.
pub(super) struct Held {
    credential: Credential,
    signer: Signer,
}

impl Credentials {
    pub(super) fn new(credentials: &[Credential], config_file: String) -> Self {
        let held = |credential: &Credential| {
            Arc::new(Held {
                credential: credential.clone(),
                signer: Signer::default(),
            })
        };
        Self {
            all: credentials.iter().map(held).collect(),
            config_file,
        }
    }
}

impl Held {
    /// Adds the credential to a request that is sent now. What is made for it is told to `secrets`.
    pub(super) fn add(&self, hop: &mut Hop, secrets: &Secrets) -> Result<(), EgressError> {
        let Credential { name, kind, .. } = &self.credential;
        match kind {
            CredentialKind::Fixed(addition) => add::add(addition, hop)?,
            CredentialKind::Jwt(config) => {
                let tell = |token: &str| secrets.add(token, &format!("auth.{name}.token"));
                add::add(&self.signer.addition(name, config, tell)?, hop)?;
            }
        }
        Ok(())
    }
}
