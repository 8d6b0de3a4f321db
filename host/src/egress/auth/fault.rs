//! The faults of a token endpoint and of its answers.

use std::path::PathBuf;

use super::dead_token;
use crate::egress::memory::in_bytes;
use crate::report::size_text;
use crate::secrets::Secrets;
use crate::{report, tokens};

/// How much of an endpoint's words is shown.
const SHOWN_CODE_BYTES: usize = 100;
const SHOWN_DESCRIPTION_BYTES: usize = 500;
const SHOWN_URL_BYTES: usize = 200;

/// The contents of a file of the store that can't be read, and what to do about it.
pub(super) const NEWER_TOKEN: &str = "refresh token that replaced the configured one (which may no longer work), and the \
                                      host has no key to read it; set WELD_TOKEN_KEY or --token-key-file to the key \
                                      that encrypted it, or remove it with `weld-host auth logout`";

/// The fault of a token endpoint. The messages continue a sentence that begins with the endpoint's origin. The
/// endpoint's own words are complete, and may contain secrets, until `shown_by`.
#[derive(Debug, thiserror::Error)]
pub(in crate::egress) enum EndpointFault {
    #[error("refused{}", refusal(code, description))]
    Refused {
        /// `error` of the answer; may be empty.
        code: String,
        /// Further words of the answer; may be empty.
        description: String,
    },
    #[error("answered with HTML, like a login page or a proxy; check `token-url`")]
    Html,
    #[error("sent an empty answer; check `token-url`")]
    Empty,
    #[error("answered with neither JSON nor a form; check `token-url`")]
    Unreadable,
    #[error("answered without {}{}", looked_for(path), found_elsewhere(found.as_deref()))]
    NoToken {
        /// Where the token was looked for.
        path: String,
        /// Where the answer has something that looks like a token.
        found: Option<String>,
    },
    #[error(
        "answered with more than {}, too much for a token; check `token-url`",
        size_text(in_bytes(*limit_bytes))
    )]
    TooLarge { limit_bytes: usize },
    #[error(
        "answered with a redirect{}, which is not followed because the request contains secrets; set `token-url` to \
         the address it leads to", to.as_ref().map(|to| format!(" to {to}")).unwrap_or_default()
    )]
    Redirect {
        /// Origin and path; `None` if it has no valid target.
        to: Option<String>,
    },
    #[error(
        "returned a token of the type `{token_type}`; only bearer tokens and the types in `token-types` can be sent"
    )]
    OtherType { token_type: String },
    #[error("answered without `{path}`, which the variable `{name}` is taken from")]
    NoVariable { name: String, path: String },
    #[error(
        "returned an address at {origin} for the variable `{name}`, but no rule in `allow` under [network] permits a \
         request there; add \"{rule}\" if it may be called"
    )]
    VariableElsewhere {
        name: String,
        origin: String,
        rule: String,
    },
    #[error("returned a token with characters that are not allowed in headers")]
    NoHeader,
    #[error("was not asked because there is no refresh token yet")]
    NoRefreshToken,
    #[error(
        "was not asked because nothing can be signed: the system has no random numbers, or its clock is not set"
    )]
    Unsigned,
    #[error("returned no `refresh_token`; it may require a scope such as `offline_access`")]
    NotForLong,
    #[error("was not asked: {}", report::chain(.0))]
    Store(tokens::TokenError),
    #[error("was not asked: {} holds the {NEWER_TOKEN}", path.display())]
    KeptWithoutKey {
        /// The store's file.
        path: PathBuf,
    },
    /// No answer arrived; `cause` describes why, with its own causes.
    #[error("{}: {cause}", if *was_asked { "did not answer" } else { "could not be reached" })]
    Unreached {
        cause: String,
        /// Whether the request had been sent.
        was_asked: bool,
        /// Whether the cause may pass by itself.
        is_temporary: bool,
    },
}

/// The codes with which an endpoint says that it can't answer for now (RFC 6749, section 4.1.2.1; RFC 8628, section 3.5).
const TEMPORARY_CODES: [&str; 3] = ["temporarily_unavailable", "server_error", "slow_down"];

impl EndpointFault {
    /// Whether it says that the refresh token of the request is no longer valid or was already used.
    pub(super) fn is_dead_refresh_token(&self) -> bool {
        matches!(self, Self::Refused { code, description } if dead_token::is_reported(code, description))
    }

    /// Whether another request may end differently although nobody has changed anything.
    pub(super) fn is_temporary(&self) -> bool {
        match self {
            Self::Refused { code, .. } => TEMPORARY_CODES.contains(&code.as_str()),
            Self::Store(error) => error.may_pass(),
            Self::Unreached { is_temporary, .. } => *is_temporary,
            Self::Html
            | Self::Empty
            | Self::Unreadable
            | Self::NoToken { .. }
            | Self::TooLarge { .. }
            | Self::Redirect { .. }
            | Self::OtherType { .. }
            | Self::NoVariable { .. }
            | Self::VariableElsewhere { .. }
            | Self::NoHeader
            | Self::NoRefreshToken
            | Self::Unsigned
            | Self::NotForLong
            | Self::KeptWithoutKey { .. } => false,
        }
    }

    /// The same fault with only the beginnings of the endpoint's words, escaped and without secrets.
    pub(super) fn shown_by(self, secrets: &Secrets) -> Self {
        // Redacts before cutting: a cut could remove the end by which a secret is recognized.
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
        ("", "") => " without a reason".to_owned(),
        (code, "") => format!(": {code}"),
        ("", description) => format!(": \"{description}\""),
        (code, description) => format!(": {code}, \"{description}\""),
    };
    // Google's message for an assertion from the future or the past is "Invalid JWT: … Check your iat and exp
    // values".
    let speaks_of_time = ["iat", "exp", "nbf", "clock", "time"]
        .iter()
        .any(|word| words(description).any(|spoken| spoken == *word));
    if code == "invalid_grant" && speaks_of_time {
        text.push_str("; check this machine's clock");
    }
    text
}

fn looked_for(path: &str) -> String {
    match path {
        "." => {
            "a text that is a token as a whole, without spaces (`token-path` is \".\")".to_owned()
        }
        path => format!("`{path}`"),
    }
}

fn found_elsewhere(found: Option<&str>) -> String {
    found.map_or_else(String::new, |found| {
        format!("; set `token-path = \"{found}\"` if that is the token")
    })
}

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|letter: char| !letter.is_ascii_alphanumeric())
        .map(str::to_ascii_lowercase)
}
