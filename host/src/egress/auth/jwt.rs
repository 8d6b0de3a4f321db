//! Tokens that the host signs itself.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderValue;
use serde_json::Value;
use tokio::time::Instant;

use super::AuthError;
use crate::config::{Addition, JwtConfig};

/// A token is sent for four fifths of its time, so that it holds when it arrives and for as long as the API works.
const USED_FIFTHS: u32 = 4;

/// Signs tokens, and keeps the last one.
#[derive(Default)]
pub(super) struct Signer {
    last: Mutex<Option<Signed>>,
}

struct Signed {
    value: HeaderValue,
    until: Instant,
}

impl Signer {
    /// A token that holds, and where it goes. `tell` is told of each new one.
    pub(super) fn addition(
        &self,
        name: &str,
        config: &JwtConfig,
        tell: impl FnOnce(&str),
    ) -> Result<Addition, AuthError> {
        let addition = |value| Addition::Header {
            name: config.header.clone(),
            value,
        };
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(signed) = &*last
            && Instant::now() < signed.until
        {
            return Ok(addition(signed.value.clone()));
        }
        let began = Instant::now();
        let failed = || AuthError::Unsigned {
            name: name.to_owned(),
        };
        let token = token(config, SystemTime::now()).ok_or_else(failed)?;
        tell(&token);
        let mut value =
            HeaderValue::try_from(format!("{}{token}", config.prefix)).map_err(|_| failed())?;
        value.set_sensitive(true);
        if !config.per_request {
            *last = Some(Signed {
                value: value.clone(),
                until: began + config.expires_in * USED_FIFTHS / 5,
            });
        }
        Ok(addition(value))
    }
}

/// The compact form (RFC 7515, section 3.1); none where the system has no random numbers or its clock is before 1970.
fn token(config: &JwtConfig, now: SystemTime) -> Option<String> {
    let now = now.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    let now = Duration::from_secs(now.as_secs());
    let mut header = config.headers.clone();
    header.insert("alg".to_owned(), config.key.algorithm().name().into());
    header.insert("typ".to_owned(), "JWT".into());
    let mut claims = config.claims.clone();
    claims.insert("iat".to_owned(), now.as_secs().into());
    let expires = now.checked_add(config.expires_in)?;
    claims.insert("exp".to_owned(), expires.as_secs().into());
    claims.insert("jti".to_owned(), identifier()?.into());
    let part = |object| URL_SAFE_NO_PAD.encode(Value::Object(object).to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let signature = config.key.sign(signed.as_bytes()).ok()?;
    Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

fn identifier() -> Option<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).ok()?;
    Some(URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests;
