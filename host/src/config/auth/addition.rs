//! What a credential adds to a request, and the kinds whose value is in the configuration: `api-key`, `basic` and
//! `bearer`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderName, HeaderValue, header};

use super::fields::Fields;
use super::texts::{header_name, not_empty, without_controls};
use crate::config::secret::Secret;

/// What is added to a request. It replaces the request's header, parameter or cookie of the same name.
#[derive(Clone)]
pub enum Addition {
    /// A header.
    Header {
        /// Never a header that frames the message.
        name: HeaderName,
        /// Marked as sensitive.
        value: HeaderValue,
    },
    /// A query parameter.
    Query {
        /// Not yet escaped, not empty.
        name: String,
        /// Not yet escaped.
        value: Secret,
    },
    /// A cookie.
    Cookie {
        /// A token (RFC 6265, section 4.1.1).
        name: String,
        /// Only characters that a cookie may have.
        value: Secret,
    },
}

/// Where a key or token is placed in a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialPlace {
    /// A header.
    Header(HeaderName),
    /// A query parameter, not yet escaped.
    Query(String),
    /// A cookie.
    Cookie(String),
}

impl CredentialPlace {
    /// The addition that puts a value in this place.
    ///
    /// # Errors
    ///
    /// No header or no cookie can carry the value. The message says why and does not quote the value.
    pub fn addition(self, value: String) -> Result<Addition, String> {
        match self {
            Self::Header(name) => header_value(&value).map(|value| Addition::Header { name, value }),
            Self::Query(name) => Ok(Addition::Query {
                name,
                value: Secret::new(value),
            }),
            Self::Cookie(name) if value.bytes().all(is_cookie_octet) => Ok(Addition::Cookie {
                name,
                value: Secret::new(value),
            }),
            Self::Cookie(_) => Err(
                "`value` contains a space, a quote, a comma, a semicolon, a backslash or a non-ASCII character, which a cookie can't carry"
                    .to_owned(),
            ),
        }
    }
}

/// Reads `header`, `query` or `cookie`, and `prefix` and `value`.
pub(super) fn api_key(fields: &mut Fields<'_, '_, '_, '_>) -> Option<Addition> {
    let place = place(fields);
    let prefix = fields
        .optional("prefix", "a string such as \"Token \"", |text| {
            Ok(text.to_owned())
        })
        .unwrap_or_default();
    let value = fields.required("value", "the key, such as { env = \"API_KEY\" }", not_empty)?;
    fields.keep_secret(&value);
    let addition = place?.addition(format!("{prefix}{value}"));
    recorded(fields, addition)
}

/// Reads `username` and `password`. Either may be empty: some APIs take a key in one of the two.
pub(super) fn basic(fields: &mut Fields<'_, '_, '_, '_>) -> Option<Addition> {
    let username = fields.required("username", "the user's name", |text| {
        if text.contains(':') {
            return Err("a user name may not contain a colon, which separates it from the password (RFC 7617)".to_owned());
        }
        without_controls(text)
    });
    let password = fields.required(
        "password",
        "the password, such as { env = \"API_PASSWORD\" }",
        without_controls,
    );
    let (username, password) = (username?, password?);
    let pair = STANDARD.encode(format!("{username}:{password}"));
    // One of the two may be the key, and the other empty or public; only the pair is surely a secret.
    let secret = if password.is_empty() {
        &username
    } else {
        &password
    };
    fields.keep_secret(secret);
    fields.keep_secret(&pair);
    let value = authorization(&format!("Basic {pair}"));
    recorded(fields, value)
}

/// Reads `token`.
pub(super) fn bearer(fields: &mut Fields<'_, '_, '_, '_>) -> Option<Addition> {
    let expected = "the token, such as { env = \"API_TOKEN\" }";
    let token = fields.required("token", expected, |text| {
        if text.starts_with("Bearer ") || text.starts_with("bearer ") {
            return Err("write the token without `Bearer `: the host adds it".to_owned());
        }
        not_empty(text)
    })?;
    fields.keep_secret(&token);
    let value = authorization(&format!("Bearer {token}"));
    recorded(fields, value)
}

/// An `Authorization` header.
fn authorization(value: &str) -> Result<Addition, String> {
    header_value(value).map(|value| Addition::Header {
        name: header::AUTHORIZATION,
        value,
    })
}

fn header_value(text: &str) -> Result<HeaderValue, String> {
    let mut value = HeaderValue::from_bytes(text.as_bytes()).map_err(|_| {
        "the value contains a line break or another control character, which a header can't carry"
            .to_owned()
    })?;
    if text.trim() != text {
        return Err(
            "the value begins or ends with white space, which HTTP removes: remove it".to_owned(),
        );
    }
    value.set_sensitive(true);
    Ok(value)
}

/// Reads `header`, `query` or `cookie`, exactly one of which must be present.
pub(super) fn place(fields: &mut Fields<'_, '_, '_, '_>) -> Option<CredentialPlace> {
    let given = ["header", "query", "cookie"].map(|key| fields.has(key));
    if given.iter().filter(|is_given| **is_given).count() != 1 {
        fields.note(
            "write exactly one of `header`, `query` and `cookie`, with the name under which the API expects the key",
        );
        return None;
    }
    let header = fields.optional(
        "header",
        "a header's name such as \"x-api-key\"",
        header_name,
    );
    let query = fields.optional(
        "query",
        "a parameter's name such as \"api_token\"",
        not_empty,
    );
    let cookie = fields.optional("cookie", "a cookie's name such as \"session\"", |text| {
        // A header's name is a token, too.
        HeaderName::from_bytes(text.as_bytes())
            .map(|_| text.to_owned())
            .map_err(|_| {
                "a cookie's name may contain only letters, digits and `!#$%&'*+-.^_`|~`".to_owned()
            })
    });
    header
        .map(CredentialPlace::Header)
        .or(query.map(CredentialPlace::Query))
        .or(cookie.map(CredentialPlace::Cookie))
}

/// RFC 6265, section 4.1.1: `cookie-octet`.
fn is_cookie_octet(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x2B | 0x2D..=0x3A | 0x3C..=0x5B | 0x5D..=0x7E)
}

fn recorded(
    fields: &mut Fields<'_, '_, '_, '_>,
    addition: Result<Addition, String>,
) -> Option<Addition> {
    addition.map_err(|message| fields.note(message)).ok()
}
