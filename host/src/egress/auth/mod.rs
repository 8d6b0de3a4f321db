//! The credentials of a connector: which one a request carries, and how it gets into the request.
//!
//! A credential goes in last, when the request has passed every rule and is about to be sent, so that the guest, the log
//! and a redirect's next request never see it. What a credential is stands in `config`.

mod add;
mod choice;
mod error;

pub(super) use choice::Choice;
pub(crate) use error::AuthError;

use std::sync::Arc;

use super::error::EgressError;
use super::exchange::Hop;
use crate::config::{Credential, CredentialKind};

/// All credentials of one connector.
pub(super) struct Credentials {
    all: Vec<Arc<Credential>>,
    /// The file that an error's message sends the operator to.
    config_file: String,
}

impl Credentials {
    pub(super) fn new(credentials: &[Credential], config_file: String) -> Self {
        Self {
            all: credentials.iter().cloned().map(Arc::new).collect(),
            config_file,
        }
    }

    /// Adds the chosen credential to a request that is sent now.
    pub(super) fn add(
        &self,
        credential: Option<&Credential>,
        hop: &mut Hop,
    ) -> Result<(), EgressError> {
        match credential.map(|credential| &credential.kind) {
            Some(CredentialKind::Fixed(addition)) => add::add(addition, hop)?,
            None => {}
        }
        Ok(())
    }
}
