//! A credential on its way: had before a request is let through, added to it, and refused or not by the API.

use std::sync::Arc;

use http::HeaderValue;

use super::super::error::EgressError;
use super::super::exchange::Hop;
use super::add;
use super::jwt::Signer;
use super::oauth2::{Had, Token, Tokens};
use crate::config::Addition;
use crate::secrets::Secrets;

/// A credential that can be added to a request.
pub(in crate::egress) enum Ready {
    Fixed(Addition),
    /// Signed at the last moment.
    Signed(Arc<Signer>),
    Given(Arc<Tokens>, Had),
}

/// A credential that was sent, and of which there can be another one.
pub(in crate::egress) enum Carried {
    Signed(Arc<Signer>, HeaderValue),
    Given(Arc<Tokens>, Arc<Token>),
}

impl Ready {
    /// Whether the request had to wait for it.
    pub(in crate::egress) fn was_awaited(&self) -> bool {
        matches!(self, Self::Given(_, had) if had.was_awaited)
    }

    /// Whether it is still good.
    pub(in crate::egress) fn holds(&self) -> bool {
        match self {
            Self::Fixed(_) | Self::Signed(_) => true,
            Self::Given(_, had) => had.token.holds(),
        }
    }

    /// Adds the credential to a request that is sent now. What is made for it is told to `secrets`. Answers what can be
    /// had anew.
    pub(in crate::egress) fn add(
        self,
        hop: &mut Hop,
        secrets: &Secrets,
    ) -> Result<Option<Carried>, EgressError> {
        let (addition, carried) = match self {
            Self::Fixed(addition) => (addition, None),
            Self::Signed(signer) => {
                let (value, was_sent_before) = signer.signed(secrets)?;
                let addition = signer.addition(value.clone());
                // One that was made for this request would be no other one.
                let carried = was_sent_before.then(|| Carried::Signed(signer, value));
                (addition, carried)
            }
            Self::Given(tokens, had) => {
                let addition = tokens.addition(&had.token);
                (addition, Some(Carried::Given(tokens, had.token)))
            }
        };
        add::add(&addition, hop)?;
        Ok(carried)
    }
}

impl Carried {
    /// The API took it.
    pub(in crate::egress) fn was_accepted(&self) {
        match self {
            Self::Signed(..) => {}
            Self::Given(_, token) => token.was_accepted(),
        }
    }

    /// The API refused it: it is not sent again. False where there is no point in another one.
    pub(in crate::egress) fn discard(&self) -> bool {
        match self {
            Self::Signed(signer, value) => {
                signer.discard(value);
                true
            }
            Self::Given(tokens, token) => tokens.discard(token),
        }
    }
}
