//! Where a token stands in the endpoint's answer, and what the answer's words mean.

use std::time::Duration;

use super::field_path::FieldPath;
use crate::config::auth::fields::Fields;
use crate::config::auth::texts::line;

/// Types that need a proof with each request, which the host can't give.
const PROVED_TYPES: [&str; 3] = ["mac", "dpop", "pop"];

/// Where the parts of an answer stand.
#[derive(Clone)]
pub struct AnswerFields {
    /// `token-path`: by default `access_token`.
    pub token: FieldPath,
    /// `refresh-token-path`; `None` for the usual names, beside the token or at the top.
    pub refresh_token: Option<FieldPath>,
    /// `expires-in-path`; `None` for the usual names, beside the token or at the top.
    pub expires_in: Option<FieldPath>,
    /// `expires-in-unit`: what a number there means.
    pub expires_in_unit: LifetimeUnit,
    /// `token-types`: values of `token_type` that are sent like a bearer token, besides the usual ones.
    pub token_types: Vec<String>,
}

/// What the number of a token's lifetime counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LifetimeUnit {
    /// So many of this time, from the request on.
    From(Duration),
    /// So many of this time since 1970: the time at which the token ends.
    Since1970(Duration),
}

/// `expires-in-unit`, as the file names it.
const UNITS: [(&str, LifetimeUnit); 6] = [
    ("seconds", LifetimeUnit::From(Duration::from_secs(1))),
    ("milliseconds", LifetimeUnit::From(Duration::from_millis(1))),
    ("minutes", LifetimeUnit::From(Duration::from_secs(60))),
    ("hours", LifetimeUnit::From(Duration::from_secs(3600))),
    (
        "unix-seconds",
        LifetimeUnit::Since1970(Duration::from_secs(1)),
    ),
    (
        "unix-milliseconds",
        LifetimeUnit::Since1970(Duration::from_millis(1)),
    ),
];

impl Default for AnswerFields {
    /// Those of RFC 6749.
    fn default() -> Self {
        Self {
            token: FieldPath::of_name("access_token"),
            refresh_token: None,
            expires_in: None,
            expires_in_unit: LifetimeUnit::From(Duration::from_secs(1)),
            token_types: Vec::new(),
        }
    }
}

impl AnswerFields {
    /// Reads the keys. What is wrong is noted, and counts as not set.
    pub(super) fn read(fields: &mut Fields<'_, '_, '_, '_>) -> Self {
        let example = "a field's path such as \"data.access_token\"";
        let token = fields.optional("token-path", example, FieldPath::parse);
        let refresh_token = fields.optional("refresh-token-path", example, FieldPath::parse);
        let expires_in = fields.optional("expires-in-path", example, FieldPath::parse);
        let names = UNITS.map(|(name, _)| name).join(", ");
        let unit = fields.optional("expires-in-unit", &format!("one of {names}"), |text| {
            let found = UNITS.into_iter().find(|(name, _)| *name == text);
            found
                .map(|(_, unit)| unit)
                .ok_or_else(|| format!("no such unit: write one of {names}"))
        });
        let default = Self::default();
        Self {
            token: token.unwrap_or(default.token),
            refresh_token,
            expires_in,
            expires_in_unit: unit.unwrap_or(default.expires_in_unit),
            token_types: fields.list("token-types", ("type", "app"), token_type),
        }
    }
}

fn token_type(text: &str) -> Result<String, String> {
    if PROVED_TYPES.contains(&text.to_ascii_lowercase().as_str()) {
        return Err(
            "a token of this type needs a proof with each request, which the host can't give"
                .to_owned(),
        );
    }
    line(text)
}
