//! Tokens that the host signs itself.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderValue;
use serde_json::Value;
use tokio::time::Instant;
use url::Url;

use super::error::AuthError;
use super::refusals::RefusalMemory;
use crate::config::{Addition, JwtConfig, JwtContent};
use crate::lock::Mutex;
use crate::secrets::Secrets;

/// A token is sent for four fifths of its lifetime, so that it is still valid when it arrives and while the API
/// works.
const USED_FIFTHS: u32 = 4;

/// Signs the tokens of a credential, and keeps the last one.
pub(in crate::egress) struct Signer {
    name: Arc<str>,
    config: Arc<JwtConfig>,
    last: Mutex<Option<SignedToken>>,
    refusals: RefusalMemory,
}

struct SignedToken {
    value: HeaderValue,
    until: Instant,
}

impl Signer {
    /// No token yet; `name` is the credential's.
    pub(super) fn new(name: Arc<str>, config: Arc<JwtConfig>) -> Self {
        Self {
            name,
            config,
            last: Mutex::default(),
            refusals: RefusalMemory::default(),
        }
    }

    /// Whether a token is sent more than once.
    pub(super) fn keeps(&self) -> bool {
        !self.config.per_request
    }

    /// How a token is added to a request.
    pub(super) fn addition(&self, value: HeaderValue) -> Addition {
        Addition::Header {
            name: self.config.header.clone(),
            value,
        }
    }

    /// A valid token in the form in which it is sent, and whether it was sent before. Each new one is registered in
    /// `secrets`.
    pub(super) fn signed(&self, secrets: &Secrets) -> Result<(HeaderValue, bool), AuthError> {
        let config = &self.config;
        let mut last = self.last.lock();
        if let Some(signed) = &*last
            && Instant::now() < signed.until
        {
            return Ok((signed.value.clone(), true));
        }
        let began = Instant::now();
        let failed = || AuthError::Unsigned {
            name: self.name.to_string(),
        };
        let token = token(&config.content, SystemTime::now()).ok_or_else(failed)?;
        secrets.add(&token, &format!("auth.{}.token", self.name));
        let mut value =
            HeaderValue::try_from(format!("{}{token}", config.prefix)).map_err(|_| failed())?;
        value.set_sensitive(true);
        if !self.config.per_request {
            *last = Some(SignedToken {
                value: value.clone(),
                until: began + left(&config.content) * USED_FIFTHS / 5,
            });
        }
        Ok((value, false))
    }

    /// Notes that the API accepted a token at this URL.
    pub(super) fn was_accepted(&self, url: &Url) {
        self.refusals.accepted(url);
    }

    /// Notes that the API refused this token at this URL: it is not sent again. Returns false if another one would
    /// not help.
    pub(super) fn discard(&self, value: &HeaderValue, url: &Url) -> bool {
        let mut last = self.last.lock();
        if last.as_ref().is_none_or(|signed| signed.value != *value) {
            return true;
        }
        if !self.refusals.renews(url) {
            return false;
        }
        *last = None;
        true
    }
}

/// The remaining lifetime of a token that is signed now: its lifetime begins earlier.
fn left(content: &JwtContent) -> Duration {
    content.expires_in.saturating_sub(content.backdate)
}

/// The compact form (RFC 7515, section 3.1); `None` if the system has no random numbers or its clock is before 1970.
/// The token is backdated a little: many verifiers refuse a token from the next second, and measure its greatest
/// lifetime by their own clock.
pub(super) fn token(content: &JwtContent, now: SystemTime) -> Option<String> {
    let now = now.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    let now = Duration::from_secs(now.as_secs());
    let mut header = content.headers.clone();
    header.insert("alg".to_owned(), content.key.algorithm().name().into());
    header.entry("typ").or_insert_with(|| "JWT".into());
    let mut claims = content.claims.clone();
    let issued = now.checked_sub(content.backdate)?;
    claims.insert("iat".to_owned(), issued.as_secs().into());
    let expires = issued.checked_add(content.expires_in)?;
    claims.insert("exp".to_owned(), expires.as_secs().into());
    claims.insert("jti".to_owned(), identifier()?.into());
    let part = |object| URL_SAFE_NO_PAD.encode(Value::Object(object).to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let signature = content.key.sign(signed.as_bytes()).ok()?;
    Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

fn identifier() -> Option<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).ok()?;
    Some(URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests;
