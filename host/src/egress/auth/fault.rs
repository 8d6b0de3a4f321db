//! What was wrong with a token endpoint or its answer.

use std::path::PathBuf;

use super::dead_token;
use crate::secrets::Secrets;
use crate::{report, tokens};

/// How much is shown of what an endpoint says.
const SHOWN_CODE_BYTES: usize = 100;
const SHOWN_DESCRIPTION_BYTES: usize = 500;
const SHOWN_URL_BYTES: usize = 200;

/// What a file of the store has that can't be read, and the ways out.
pub(super) const NEWER_TOKEN: &str = "refresh token that replaced the configured one, which may be used up, and the host has no key to \
                           read it: set WELD_TOKEN_KEY or --token-key-file to the key that it was kept with, or remove it with \
                           `weld-host auth logout`";

/// What was wrong. The texts go on after the endpoint's origin. What the endpoint said is whole, and may hold secrets, until
/// `shown_by`.
#[derive(Debug, thiserror::Error)]
pub(in crate::egress) enum EndpointFault {
    #[error("refused{}", refusal(code, description))]
    Refused {
        /// `error` of the answer; may be empty.
        code: String,
        /// What it says besides; may be empty.
        description: String,
    },
    #[error("answered HTML, as a login page or a proxy does; check `token-url`")]
    Html,
    #[error("answered nothing; check `token-url`")]
    Empty,
    #[error("answered neither JSON nor a form; check `token-url`")]
    Unreadable,
    #[error("answered no {}{}", looked_for(path), found_elsewhere(found.as_deref()))]
    NoToken {
        /// Where the token was looked for.
        path: String,
        /// Where the answer has what looks like one.
        found: Option<String>,
    },
    #[error("answered more than {limit_bytes} bytes, which is no token; check `token-url`")]
    TooLarge { limit_bytes: usize },
    #[error(
        "answered a redirect{}, which is not followed, since the request holds secrets; write the address that it leads to \
         in its place", to.as_ref().map(|to| format!(" to {to}")).unwrap_or_default()
    )]
    Redirect {
        /// Origin and path; `None` if it leads nowhere.
        to: Option<String>,
    },
    #[error(
        "gave a token of the type `{token_type}`; only bearer tokens can be sent, and those of the types in `token-types`"
    )]
    OtherType { token_type: String },
    #[error("answered no `{path}`, which the variable `{name}` is made of")]
    NoVariable { name: String, path: String },
    #[error(
        "gave an address of {origin} for the variable `{name}`, where no rule of `allow` under [network] permits a request: \
         add \"{rule}\" if it may be called"
    )]
    VariableElsewhere {
        name: String,
        origin: String,
        rule: String,
    },
    #[error("gave a token that no header can carry")]
    NoHeader,
    #[error("was not asked, since there is no refresh token yet")]
    NoRefreshToken,
    #[error(
        "was not asked: nothing can be signed, since the system has no random numbers, or its clock is not set"
    )]
    Unsigned,
    #[error("gave no `refresh_token`; does it want a scope such as `offline_access`?")]
    NotForLong,
    #[error("was not asked: {}", report::chain(.0))]
    Store(tokens::TokenError),
    #[error("was not asked: {} holds the {NEWER_TOKEN}", path.display())]
    KeptWithoutKey {
        /// The store's file.
        path: PathBuf,
    },
    /// No answer came through; `cause` has it with its own causes.
    #[error("{}: {cause}", if *was_asked { "gave no answer" } else { "could not be asked" })]
    Unreached {
        cause: String,
        /// Whether the request had been sent.
        was_asked: bool,
    },
}

impl EndpointFault {
    /// Whether it says that the refresh token of the request is over or was used up.
    pub(super) fn is_dead_refresh_token(&self) -> bool {
        matches!(self, Self::Refused { code, description } if dead_token::is_told(code, description))
    }

    /// The same with no more than the beginnings of what the endpoint said, escaped and without secrets.
    pub(super) fn shown_by(self, secrets: &Secrets) -> Self {
        // What is cut first may have lost the end by which a secret is known.
        let shown =
            |text: String, most| report::escaped(&secrets.shown_beginning(text.trim(), most));
        match self {
            Self::Refused { code, description } => Self::Refused {
                code: shown(code, SHOWN_CODE_BYTES),
                description: shown(description, SHOWN_DESCRIPTION_BYTES),
            },
            Self::OtherType { token_type } => Self::OtherType {
                token_type: shown(token_type, SHOWN_CODE_BYTES),
            },
            Self::Redirect { to: Some(to) } => Self::Redirect {
                to: Some(shown(to, SHOWN_URL_BYTES)),
            },
            Self::VariableElsewhere { name, origin, rule } => Self::VariableElsewhere {
                name,
                origin: shown(origin, SHOWN_URL_BYTES),
                rule: shown(rule, SHOWN_URL_BYTES),
            },
            other => other,
        }
    }
}

fn refusal(code: &str, description: &str) -> String {
    let mut text = match (code, description) {
        ("", "") => " it, without a word".to_owned(),
        (code, "") => format!(": {code}"),
        ("", description) => format!(": \"{description}\""),
        (code, description) => format!(": {code}, \"{description}\""),
    };
    // Google's word for an assertion from the future or the past is "Invalid JWT: … Check your iat and exp values".
    let speaks_of_time = ["iat", "exp", "nbf", "clock", "time"]
        .iter()
        .any(|word| words(description).any(|spoken| spoken == *word));
    if code == "invalid_grant" && speaks_of_time {
        text.push_str("; is this machine's clock right?");
    }
    text
}

fn looked_for(path: &str) -> String {
    match path {
        "." => "text that is a token as a whole, without blanks (`token-path` is \".\")".to_owned(),
        path => format!("`{path}`"),
    }
}

fn found_elsewhere(found: Option<&str>) -> String {
    found.map_or_else(String::new, |found| {
        format!("; write `token-path = \"{found}\"` if that is the token")
    })
}

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|letter: char| !letter.is_ascii_alphanumeric())
        .map(str::to_ascii_lowercase)
}
