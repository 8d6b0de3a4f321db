//! A credential on its way: obtained before a request is admitted, added to it, and accepted or refused by the API.

use std::sync::Arc;

use http::HeaderValue;
use url::Url;

use super::add;
use super::jwt::Signer;
use super::oauth2::{FreshToken, Token, Tokens};
use crate::config::Addition;
use crate::egress::error::EgressError;
use crate::egress::outgoing::Outgoing;
use crate::secrets::Secrets;

/// A credential that is ready to be added to a request.
pub(in crate::egress) enum PreparedCredential {
    Fixed(Addition),
    /// Signed at the last moment.
    Jwt(Arc<Signer>),
    Oauth2(Arc<Tokens>, FreshToken),
}

/// A credential that was sent, and that can be renewed.
pub(super) enum SentCredential {
    Jwt(Arc<Signer>, HeaderValue),
    Oauth2(Arc<Tokens>, Arc<Token>),
}

impl PreparedCredential {
    /// Whether the request had to wait for it.
    pub(in crate::egress) fn was_awaited(&self) -> bool {
        matches!(self, Self::Oauth2(_, fresh) if fresh.was_awaited)
    }

    /// Whether it is still valid.
    pub(in crate::egress) fn holds(&self) -> bool {
        match self {
            Self::Fixed(_) | Self::Jwt(_) => true,
            Self::Oauth2(_, fresh) => fresh.token.holds(),
        }
    }

    /// Adds the credential to a request that is about to be sent. Values made for it are registered in `secrets`.
    /// Returns the credential if it can be renewed.
    ///
    /// # Errors
    ///
    /// It can't be signed, or can't be added to this request.
    pub(super) fn add(
        self,
        request: &mut Outgoing,
        secrets: &Secrets,
    ) -> Result<Option<SentCredential>, EgressError> {
        let (addition, sent) = match self {
            Self::Fixed(addition) => (addition, None),
            Self::Jwt(signer) => {
                let (value, was_sent_before) = signer.signed(secrets)?;
                let addition = signer.addition(value.clone());
                // A token made for this request only can't be renewed.
                let sent = was_sent_before.then(|| SentCredential::Jwt(signer, value));
                (addition, sent)
            }
            Self::Oauth2(tokens, fresh) => {
                let addition = tokens.addition(&fresh.token);
                (addition, Some(SentCredential::Oauth2(tokens, fresh.token)))
            }
        };
        add::add(&addition, request)?;
        Ok(sent)
    }
}

impl SentCredential {
    /// Notes that the API accepted it at this URL.
    pub(super) fn was_accepted(&self, url: &Url) {
        match self {
            Self::Jwt(signer, _) => signer.was_accepted(url),
            Self::Oauth2(tokens, token) => {
                token.was_accepted();
                tokens.was_accepted(url);
            }
        }
    }

    /// Notes that the API refused it at this URL: it is not sent again. Returns false if another one would not help.
    pub(super) fn discard(&self, url: &Url) -> bool {
        match self {
            Self::Jwt(signer, value) => signer.discard(value, url),
            Self::Oauth2(tokens, token) => tokens.discard(token, url),
        }
    }
}
