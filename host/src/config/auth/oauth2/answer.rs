//! Where the token is in the endpoint's answer, and how the answer's values are read.

use std::time::Duration;

use http::HeaderName;

use super::field_path::FieldPath;
use crate::config::auth::fields::Fields;
use crate::config::auth::texts::line;
use crate::config::time_unit::TimeUnit;

/// Types that need a proof with each request, which the host can't provide.
const PROVED_TYPES: [&str; 3] = ["mac", "dpop", "pop"];

/// Where the parts of an answer are.
#[derive(Clone)]
pub struct AnswerFields {
    /// `token-path`: by default `access_token`.
    pub token: FieldPath,
    /// `refresh-token-path`; `None` for the usual names, next to the token or at the top level.
    pub refresh_token: Option<FieldPath>,
    /// `expires-in-path`; `None` for the usual names, next to the token or at the top level.
    pub expires_in: Option<FieldPath>,
    /// `expires-in-unit`: the unit of a number in `expires_in`.
    pub expires_in_unit: TimeUnit,
    /// The place of a session's token that is in a header or cookie; `None` if it is in the body, at `token`.
    pub head: Option<AnswerHead>,
    /// `expires-in` of a session: the lifetime of its token if the answer doesn't state one.
    pub assumed_lifetime: Option<Duration>,
    /// `variables`: the connector's variables that come from the answer: name and field.
    pub variables: Vec<(String, FieldPath)>,
    /// `token-types` and the text of `prefix`: values of `token_type` that are sent like a bearer token, in addition to
    /// the usual ones.
    pub token_types: Vec<String>,
}

/// A token in the head of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerHead {
    /// `token-header`.
    Header(HeaderName),
    /// `token-cookie`: the name of a cookie that the answer sets.
    Cookie(String),
}

impl Default for AnswerFields {
    /// The fields of RFC 6749.
    fn default() -> Self {
        Self {
            token: FieldPath::of_name("access_token"),
            refresh_token: None,
            expires_in: None,
            expires_in_unit: TimeUnit::SECONDS,
            head: None,
            assumed_lifetime: None,
            variables: Vec::new(),
            token_types: Vec::new(),
        }
    }
}

impl AnswerFields {
    /// Reads the keys. An invalid value is recorded, and treated as not set.
    pub(super) fn read(fields: &mut Fields<'_, '_, '_, '_>) -> Self {
        let example = "a field's path such as \"data.access_token\"";
        let token = fields.optional("token-path", example, FieldPath::parse);
        let refresh_token = fields.optional("refresh-token-path", example, FieldPath::parse);
        let expires_in = fields.optional("expires-in-path", example, FieldPath::parse);
        let expected = format!("one of {}", TimeUnit::names());
        let unit = fields.optional("expires-in-unit", &expected, TimeUnit::parse);
        let default = Self::default();
        let token = token.unwrap_or(default.token);
        Self {
            expires_in,
            expires_in_unit: unit.unwrap_or(default.expires_in_unit),
            head: None,
            assumed_lifetime: None,
            variables: variables(fields, &token, refresh_token.as_ref()),
            token_types: fields.list("token-types", ("type", "app"), token_type),
            token,
            refresh_token,
        }
    }

    /// Adds the prefix to the accepted token types, since it names the type that is sent.
    pub(super) fn take_prefix(&mut self, prefix: &str) {
        self.token_types.extend(token_type(prefix.trim()).ok());
    }
}

/// Reads `variables`: names for the connector, each with the path of a field that is not a secret.
fn variables(
    fields: &mut Fields<'_, '_, '_, '_>,
    token: &FieldPath,
    refresh_token: Option<&FieldPath>,
) -> Vec<(String, FieldPath)> {
    let holds_token = |path: &FieldPath| {
        let is_led_to = |token: &FieldPath| token.lies_in(path);
        is_led_to(token) || refresh_token.is_some_and(is_led_to) || is_secret(&path.name())
    };
    let mut variables = Vec::new();
    for (name, text) in fields.texts("variables") {
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        if name.is_empty() || !name.chars().all(is_plain) {
            fields.note_of(
                "variables",
                &name,
                "a variable's name may contain only letters, digits and `_`",
            );
            continue;
        }
        match FieldPath::parse(&text) {
            Ok(path) if holds_token(&path) => fields.note_of(
                "variables",
                &name,
                "the connector may not have the token or a value that renews it: choose another field",
            ),
            Ok(path) => variables.push((name, path)),
            Err(message) => fields.note_of("variables", &name, &message),
        }
    }
    variables
}

/// Whether a field's name suggests a token or another secret.
fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["token", "secret", "password", "assertion", "jwt"]
        .iter()
        .any(|word| name.ends_with(word))
}

fn token_type(text: &str) -> Result<String, String> {
    if PROVED_TYPES.contains(&text.to_ascii_lowercase().as_str()) {
        return Err(
            "a token of this type needs a proof with each request, which the host can't provide"
                .to_owned(),
        );
    }
    line(text)
}
