//! What a token endpoint answers (RFC 6749, sections 5.1 and 5.2), and what some answer instead.

mod body;
mod head;
mod lifetime;
mod refusal;
#[cfg(test)]
mod tests;

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use serde_json::Value;

use crate::config::{AnswerFields, FieldPath, Secret, TimeUnit};
use crate::egress::auth::error::EndpointFault;
use refusal::RefusalWords;

/// Where a refresh token stands, and for how long it and the token hold. The last one is of OAuth 1's successors.
const REFRESH_TOKEN_NAMES: [&str; 2] = ["refresh_token", "refreshToken"];
const LIFETIME_NAMES: [&str; 6] = [
    "expires_in",
    "expiresIn",
    "expires_at",
    "expiresAt",
    "expires_on",
    "expires",
];
const REFRESH_LIFETIME_NAMES: [&str; 6] = [
    "refresh_token_expires_in",
    "refresh_expires_in",
    "x_refresh_token_expires_in",
    "refreshTokenExpiresIn",
    "refresh_token_expires_at",
    "refreshTokenExpiresAt",
];

/// What an endpoint answers: a token, and what comes with it.
#[derive(Debug)]
pub(super) struct TokenResponse {
    pub(super) access_token: Secret,
    /// `None` if the endpoint doesn't say, or says nothing of use.
    pub(super) expires_in: Option<Duration>,
    /// In place of the one that it was asked with.
    pub(super) refresh_token: Option<Secret>,
    /// For how long the refresh token holds; `None` if the endpoint doesn't say.
    pub(super) refresh_expires_in: Option<Duration>,
    /// Names and values of the connector's variables that it has.
    pub(super) variables: Vec<(String, String)>,
}

/// An answer without a token that can be used.
#[derive(Debug)]
pub(super) struct AnswerFailure {
    /// What it is instead. What the endpoint says itself may hold secrets.
    pub(super) fault: EndpointFault,
    /// The refresh token of the answer, which must not be lost: the one before it may be over.
    pub(super) refresh_token: Option<Secret>,
}

/// Reads an answer that is no redirect.
///
/// # Errors
///
/// It holds no token that can be used.
pub(super) fn read(
    status: u16,
    headers: &HeaderMap,
    body: &[u8],
    fields: &AnswerFields,
) -> Result<TokenResponse, AnswerFailure> {
    if let Some(token) = fields
        .head
        .as_ref()
        .and_then(|place| head::token(place, headers))
    {
        return Ok(of_head(token, body, fields));
    }
    let is_good = (200..300).contains(&status);
    let text = body::text(body);
    let whole = || {
        (is_good && fields.token.is_whole())
            .then(|| plain(&text))
            .flatten()
    };
    let Some(answer) = body::value(&text).or_else(whole) else {
        return Err(AnswerFailure {
            fault: unreadable(&text, is_good),
            refresh_token: None,
        });
    };
    let reader = AnswerReader {
        answer: &answer,
        fields,
    };
    let refresh_token = reader
        .field(fields.refresh_token.as_ref(), &REFRESH_TOKEN_NAMES, secret)
        .filter(|_| is_good);
    let is_in_body = is_good && fields.head.is_none();
    let access_token = is_in_body.then(|| fields.token.of(&answer)).flatten();
    // Where there is a token, an `error` beside it is no refusal: some write an empty one, or none at all.
    let fault = match access_token.and_then(secret) {
        None => reader.missing(is_good),
        Some(access_token) => match reader.other_type() {
            Some(token_type) => EndpointFault::OtherType { token_type },
            None => {
                return Ok(TokenResponse {
                    access_token,
                    expires_in: reader.lifetime(),
                    refresh_token,
                    refresh_expires_in: reader.refresh_lifetime(),
                    variables: reader.variables(),
                });
            }
        },
    };
    Err(AnswerFailure {
        fault,
        refresh_token,
    })
}

/// What comes with a token in the answer's head: a body, which may say more.
fn of_head(access_token: Secret, body: &[u8], fields: &AnswerFields) -> TokenResponse {
    let answer = body::value(&body::text(body)).unwrap_or_default();
    let reader = AnswerReader {
        answer: &answer,
        fields,
    };
    TokenResponse {
        access_token,
        expires_in: reader.lifetime(),
        refresh_token: None,
        refresh_expires_in: None,
        variables: reader.variables(),
    }
}

/// One answer, with what the configuration says about it.
struct AnswerReader<'a> {
    answer: &'a Value,
    fields: &'a AnswerFields,
}

impl AnswerReader<'_> {
    /// What `read` makes of the field at a path, or else of one with these names, beside the token or at the top.
    fn field<T>(
        &self,
        path: Option<&FieldPath>,
        names: &[&str],
        read: impl Fn(&Value) -> Option<T>,
    ) -> Option<T> {
        match path {
            Some(path) => path.of(self.answer).and_then(read),
            None => names
                .iter()
                .map(|name| self.fields.token.beside(name))
                .chain(names.iter().map(|name| FieldPath::of_name(name)))
                .find_map(|path| path.of(self.answer).and_then(&read)),
        }
    }

    fn lifetime(&self) -> Option<Duration> {
        let (unit, now) = (self.fields.expires_in_unit, SystemTime::now());
        self.field(self.fields.expires_in.as_ref(), &LIFETIME_NAMES, |value| {
            lifetime::left(value, unit, now)
        })
        .or(self.fields.assumed_lifetime)
    }

    /// Those of the configured variables that the answer has.
    fn variables(&self) -> Vec<(String, String)> {
        let text = |value: &Value| match value {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
            _ => None,
        };
        let configured = self.fields.variables.iter();
        configured
            .filter_map(|(name, path)| Some((name.clone(), path.of(self.answer).and_then(text)?)))
            .collect()
    }

    fn refresh_lifetime(&self) -> Option<Duration> {
        // Nobody writes one of the two in another unit; but an end is not a time from now.
        let unit = match self.fields.expires_in_unit {
            unit @ TimeUnit::From(_) => unit,
            TimeUnit::Since1970(unit) => TimeUnit::From(unit),
        };
        let now = SystemTime::now();
        self.field(None, &REFRESH_LIFETIME_NAMES, |value| {
            lifetime::left(value, unit, now)
        })
    }

    /// The type of a token that can't be sent like a bearer token.
    fn other_type(&self) -> Option<String> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let found = self.field(None, &["token_type", "tokenType"], text)?;
        let is_configured = |known: &String| known.eq_ignore_ascii_case(found.trim());
        let is_sent = is_bearer(&found) || self.fields.token_types.iter().any(is_configured);
        (!is_sent).then_some(found)
    }

    /// Why there is no token.
    fn missing(&self, is_good: bool) -> EndpointFault {
        let found = refusal::path_of_token(self.answer).filter(|_| is_good);
        let words = RefusalWords::of(self.answer);
        let says_something = words.is_flagged || !words.description.is_empty();
        if !is_good || (found.is_none() && says_something) {
            return EndpointFault::Refused {
                code: words.code,
                description: words.description,
            };
        }
        EndpointFault::NoToken {
            path: self.fields.told(),
            found,
        }
    }
}

/// A text that is not empty, without blanks around it.
fn secret(value: &Value) -> Option<Secret> {
    let text = value.as_str()?.trim();
    (!text.is_empty()).then(|| Secret::new(text))
}

/// A token that is the whole answer, in quotes or without.
fn plain(text: &str) -> Option<Value> {
    if text.is_empty() || text.starts_with('<') {
        return None;
    }
    match serde_json::from_str(text) {
        Ok(value @ Value::String(_)) => Some(value),
        _ => Some(text.into()),
    }
}

/// Whether a `token_type` says in some spelling that whoever has the token may use it: `Bearer`, `bearer `,
/// `BearerToken`, eBay's `User Access Token`, Slack's `user` and `bot`, or nothing at all.
fn is_bearer(token_type: &str) -> bool {
    let letters = |letter: char| letter.is_ascii_alphanumeric();
    let plain: String = token_type
        .chars()
        .filter(|letter| letters(*letter))
        .collect();
    let plain = plain.to_ascii_lowercase();
    let whole = [
        "",
        "bearer",
        "bearertoken",
        "token",
        "user",
        "bot",
        "app",
        "oauth",
        "oauth2",
        "jwt",
        "urnietfparamsoauthtokentypeaccesstoken",
        "urnietfparamsoauthtokentypejwt",
    ];
    whole.contains(&plain.as_str()) || plain.ends_with("accesstoken") || plain.starts_with("bearer")
}

/// Why there is no token in what is neither JSON nor a form.
fn unreadable(text: &str, is_good: bool) -> EndpointFault {
    if text.is_empty() {
        return EndpointFault::Empty;
    }
    if text.starts_with('<') {
        return EndpointFault::Html;
    }
    if is_good {
        EndpointFault::Unreadable
    } else {
        EndpointFault::Refused {
            code: String::new(),
            description: text.to_owned(),
        }
    }
}
