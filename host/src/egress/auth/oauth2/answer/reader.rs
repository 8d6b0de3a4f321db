//! The fields of an answer, at their configured or usual places.

use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::refusal::{self, RefusalWords};
use super::{lifetime, shown_body};
use crate::config::{AnswerFields, FieldPath, Secret, TimeUnit};
use crate::egress::auth::fault::EndpointFault;

/// The names of a refresh token, of its lifetime and of the token's. The last one comes from the successors of OAuth
/// 1.
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

/// One answer, with the configuration for it.
pub(super) struct AnswerReader<'a> {
    pub(super) answer: &'a Value,
    pub(super) fields: &'a AnswerFields,
}

impl AnswerReader<'_> {
    /// The value that `read` makes of the field at a path, or else of a field with one of these names, next to the
    /// token or at the top.
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

    /// The token in the body.
    pub(super) fn access_token(&self) -> Option<Secret> {
        self.fields.token.of(self.answer).and_then(secret)
    }

    pub(super) fn refresh_token(&self) -> Option<Secret> {
        let path = self.fields.refresh_token.as_ref();
        self.field(path, &REFRESH_TOKEN_NAMES, secret)
    }

    pub(super) fn lifetime(&self) -> Option<Duration> {
        let (unit, now) = (self.fields.expires_in_unit, SystemTime::now());
        self.field(self.fields.expires_in.as_ref(), &LIFETIME_NAMES, |value| {
            lifetime::left(value, unit, now)
        })
        .or(self.fields.assumed_lifetime)
    }

    /// The configured variables that the answer contains.
    pub(super) fn variables(&self) -> Vec<(String, String)> {
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

    pub(super) fn refresh_lifetime(&self) -> Option<Duration> {
        // No endpoint uses different units for the two; but an end is not a duration from now.
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
    pub(super) fn other_type(&self) -> Option<String> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let found = self.field(None, &["token_type", "tokenType"], text)?;
        let is_named = |known: &str| known.eq_ignore_ascii_case(found.trim());
        let is_configured = self.fields.token_types.iter().any(|known| is_named(known));
        let is_sent = is_bearer(&found) || is_configured;
        (!is_sent).then_some(found)
    }

    /// Why there is no token in an answer with a success status.
    pub(super) fn missing(&self) -> EndpointFault {
        let found = refusal::path_of_token(self.answer);
        let words = RefusalWords::of(self.answer);
        let is_refusal = refusal::says_no(self.answer);
        if is_refusal || (found.is_none() && words.is_something()) {
            if words.is_something() {
                return words.into();
            }
            return EndpointFault::Refused {
                code: String::new(),
                description: shown_body::of_value(self.answer),
            };
        }
        EndpointFault::NoToken {
            path: self.fields.told(),
            found,
        }
    }
}

/// A string that is not empty, without surrounding whitespace, or a whole number.
pub(super) fn secret(value: &Value) -> Option<Secret> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) if number.is_u64() => number.to_string(),
        _ => return None,
    };
    // A token can't contain characters that were invalid in the answer.
    let is_whole = !text.is_empty() && !text.contains(char::REPLACEMENT_CHARACTER);
    is_whole.then(|| Secret::new(text))
}

/// Whether a `token_type` says, in any spelling, that whoever has the token may use it: `Bearer`, `bearer `,
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
