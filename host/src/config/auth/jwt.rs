//! The kind `jwt`: a token that the host signs itself (RFC 7519).

use std::time::Duration;

use http::{HeaderName, header};
use serde_json::{Map, Value};

use super::fields::Fields;
use super::signing_key::{Algorithm, SecretEncoding, SigningKey};
use super::texts::{header_name, without_controls};
use crate::config::choice::chosen;
use crate::config::quantity::{duration_text, parse_duration};

/// The contents of a token.
#[derive(Clone)]
pub struct JwtContent {
    /// `headers`, without `alg`, which the host sets. `typ` is `JWT` unless it is given here.
    pub headers: Map<String, Value>,
    /// `claims`, without `iat`, `exp` and `jti`, which the host sets.
    pub claims: Map<String, Value>,
    /// `algorithm` and `key`.
    pub key: SigningKey,
    /// `expires-in`: the lifetime of a token in whole seconds, at least 10.
    pub expires_in: Duration,
    /// `backdate`: how far before the time of signing `iat` is, in whole seconds; at most half of `expires_in`, which
    /// counts from `iat`.
    pub backdate: Duration,
}

/// The contents of a token, and how it is sent.
#[derive(Clone)]
pub struct JwtConfig {
    /// What a token holds.
    pub content: JwtContent,
    /// `per-request`: whether each request gets its own token.
    pub per_request: bool,
    /// `header`: where the token goes.
    pub header: HeaderName,
    /// `prefix`: the text before the token.
    pub prefix: String,
}

/// What the host sets.
const CLAIMS: [&str; 3] = ["iat", "exp", "jti"];
const HEADERS: [&str; 1] = ["alg"];

const DEFAULT_EXPIRES_IN: Duration = Duration::from_secs(300);
/// Clocks may differ by this much. A token with a short lifetime is backdated by a fifth of it instead.
const DEFAULT_BACKDATE: Duration = Duration::from_secs(60);
const LEAST_EXPIRES_IN: Duration = Duration::from_secs(10);
const MOST_EXPIRES_IN: Duration = Duration::from_secs(366 * 24 * 3600);

pub(super) fn read(fields: &mut Fields<'_, '_, '_, '_>) -> Option<JwtConfig> {
    let content = content(fields, true, key);
    let per_request = fields.flag("per-request");
    let (header, prefix) = place(fields);
    Some(JwtConfig {
        content: content?,
        per_request,
        header,
        prefix,
    })
}

/// Reads the contents of a token. `key` reads the key that signs it. Claims are read only if `has_claims`.
pub(super) fn content(
    fields: &mut Fields<'_, '_, '_, '_>,
    has_claims: bool,
    key: impl FnOnce(&mut Fields<'_, '_, '_, '_>) -> Option<SigningKey>,
) -> Option<JwtContent> {
    let key = key(fields);
    let claims = if has_claims {
        object(fields, "claims", &CLAIMS)
    } else {
        Some(Map::new())
    };
    let headers = object(fields, "headers", &HEADERS);
    let expires_in = fields.optional("expires-in", "a time such as \"5m\"", expires_in);
    let expires_in = expires_in.unwrap_or(DEFAULT_EXPIRES_IN);
    let backdate = fields.optional("backdate", "a time such as \"60s\"", |text| {
        let time = parse_duration(text).map_err(|error| error.to_string())?;
        if time > expires_in / 2 {
            return Err(format!(
                "write at most half of `expires-in`, which is {}",
                duration_text(expires_in)
            ));
        }
        Ok(Duration::from_secs(time.as_secs()))
    });
    let by_default = || DEFAULT_BACKDATE.min(Duration::from_secs(expires_in.as_secs() / 5));
    Some(JwtContent {
        headers: headers?,
        claims: claims?,
        key: key?,
        expires_in,
        backdate: backdate.unwrap_or_else(by_default),
    })
}

/// Reads `algorithm`, `key-encoding` and `key`.
pub(super) fn key(fields: &mut Fields<'_, '_, '_, '_>) -> Option<SigningKey> {
    let algorithm = fields.required(
        "algorithm",
        "an algorithm such as \"RS256\"",
        Algorithm::parse,
    );
    let names = SecretEncoding::ALL.map(SecretEncoding::name).join(", ");
    let encoding = fields.optional("key-encoding", &format!("one of {names}"), |text| {
        chosen("encoding", text, SecretEncoding::ALL, |encoding| {
            encoding.name()
        })
    });
    let mut key_text = None;
    let key = fields.required("key", "the key, such as { file = \"key.pem\" }", |text| {
        // A key can't be checked without its algorithm.
        key_text = Some(text.to_owned());
        algorithm
            .map(|algorithm| match encoding {
                Some(encoding) => SigningKey::shared(algorithm, text, encoding),
                None => SigningKey::parse(algorithm, text),
            })
            .transpose()
    });
    if let Some(text) = key_text {
        fields.keep_secret(&text);
    }
    key?
}

/// Reads `header` and `prefix`: where a token goes, and the text before it.
pub(super) fn place(fields: &mut Fields<'_, '_, '_, '_>) -> (HeaderName, String) {
    let header = fields.optional("header", "a header's name such as \"x-token\"", header_name);
    let prefix = fields.optional("prefix", "a string such as \"Token \"", without_controls);
    let prefix = prefix.unwrap_or_else(|| match header {
        None => "Bearer ".to_owned(),
        Some(_) => String::new(),
    });
    (header.unwrap_or(header::AUTHORIZATION), prefix)
}

fn object(
    fields: &mut Fields<'_, '_, '_, '_>,
    key: &'static str,
    own: &[&str],
) -> Option<Map<String, Value>> {
    let object = fields.object(key)?;
    for name in own {
        if object.contains_key(*name) {
            fields.note_of(key, name, "the host sets this one itself: remove it");
        }
    }
    Some(object)
}

fn expires_in(text: &str) -> Result<Duration, String> {
    let time = parse_duration(text).map_err(|error| error.to_string())?;
    if time < LEAST_EXPIRES_IN || time > MOST_EXPIRES_IN {
        return Err("write a time from \"10s\" to a year".to_owned());
    }
    Ok(Duration::from_secs(time.as_secs()))
}
