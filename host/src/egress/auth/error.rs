//! Why a request can't have its credential.

use std::sync::Arc;

use crate::secrets::Secrets;
use crate::{report, tokens};

/// How much is shown of what an endpoint says.
const SHOWN_CODE_BYTES: usize = 100;
const SHOWN_DESCRIPTION_BYTES: usize = 500;
const SHOWN_URL_BYTES: usize = 200;

/// Why a request's credential can't be obtained. No text of it holds a secret.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AuthError {
    #[error("there is no credential `{name}` in {file}; {}", known(names))]
    Unknown {
        name: String,
        /// Those that there are.
        names: Vec<String>,
        /// The connector's configuration file.
        file: String,
    },

    #[error(
        "the credential `{name}` doesn't hold for this URL of {origin}; see `urls` under [auth.{name}] in {file}"
    )]
    Elsewhere {
        name: String,
        origin: String,
        /// The connector's configuration file.
        file: String,
    },

    #[error(
        "the credentials {} hold for this URL of {origin}; name one in the request's `credential`, or narrow `urls` in {file}",
        listed(names)
    )]
    Ambiguous {
        names: Vec<String>,
        origin: String,
        /// The connector's configuration file.
        file: String,
    },

    #[error(
        "the request has the header `{header}` and would carry the credential `{name}`, which an API could show in parts \
         that nobody finds; leave the header out, or set `ranges = true` under [auth.{name}] in {file}"
    )]
    Range {
        name: String,
        header: String,
        /// The connector's configuration file.
        file: String,
    },

    #[error(
        "the credential `{name}` can't be signed: the system has no random numbers, or its clock is not set"
    )]
    Unsigned { name: String },

    /// Shared by all who waited for the token.
    #[error(transparent)]
    Token(Arc<EndpointError>),

    #[error(
        "the request for a token of `{name}` was cut short by a fault of the host; its log says more"
    )]
    Interrupted { name: String },
}

impl AuthError {
    /// What guests and Weld hear: the same, with its causes, but without paths of the host.
    pub(in crate::egress) fn told(&self) -> String {
        match self {
            Self::Token(error) => error.told(),
            other => report::chain(other),
        }
    }
}

/// Why a token endpoint gave no token.
#[derive(Debug, thiserror::Error)]
#[error(
    "the credential `{name}` has no token: {origin} {}{}{}; see [auth.{name}] in {file}",
    fault.to_string().replace("`token-url`", &format!("`{url_key}`")),
    status.map(|status| format!(" (status {status})")).unwrap_or_default(),
    advice.as_ref().map(|advice| format!("; {advice}")).unwrap_or_default()
)]
pub(crate) struct EndpointError {
    pub(super) name: String,
    /// The connector's configuration file.
    pub(super) file: String,
    /// The key that has its address.
    pub(super) url_key: &'static str,
    /// The token endpoint's.
    pub(super) origin: String,
    /// Of its last answer, where there was one.
    pub(super) status: Option<u16>,
    pub(super) fault: EndpointFault,
    /// What may help, or has to be done.
    pub(super) advice: Option<Box<str>>,
}

impl EndpointError {
    /// The same without paths of the host.
    pub(super) fn told(&self) -> String {
        let EndpointFault::Store(error) = &self.fault else {
            return report::chain(self);
        };
        let Self {
            name, origin, file, ..
        } = self;
        format!(
            "the credential `{name}` has no token: {origin} was not asked: {}; see [auth.{name}] in {file}",
            error.without_path()
        )
    }

    /// Whether the endpoint said that it gives none: it would say so again.
    pub(super) fn is_refusal(&self) -> bool {
        match self.status {
            Some(429) | None => false,
            Some(400..500) => true,
            // Some refuse with status 200.
            Some(status) => status < 300 && matches!(self.fault, EndpointFault::Refused { .. }),
        }
    }
}

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
    #[error("answered no `{path}`{}", found_elsewhere(found.as_deref()))]
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
    /// No request came through; `cause` has it with its own causes.
    #[error("could not be asked: {cause}")]
    Unreached { cause: String },
}

impl EndpointFault {
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

fn found_elsewhere(found: Option<&str>) -> String {
    found.map_or_else(String::new, |found| {
        format!("; write `token-path = \"{found}\"` if that is the token")
    })
}

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|letter: char| !letter.is_ascii_alphanumeric())
        .map(str::to_ascii_lowercase)
}

fn known(names: &[String]) -> String {
    if names.is_empty() {
        "it has no section [auth.NAME]".to_owned()
    } else {
        format!("it has {}", listed(names))
    }
}

fn listed(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_would_be_said_again_is_a_refusal() {
        let refused = || EndpointFault::Refused {
            code: "temporarily_unavailable".to_owned(),
            description: String::new(),
        };
        for (status, fault, expected) in [
            (Some(400), refused(), true),
            (Some(404), EndpointFault::Html, true),
            (Some(200), refused(), true),
            (Some(200), EndpointFault::Html, false),
            (Some(429), refused(), false),
            (Some(503), refused(), false),
            (Some(302), EndpointFault::Redirect { to: None }, false),
            (None, EndpointFault::NoRefreshToken, false),
        ] {
            let error = EndpointError {
                name: "api".to_owned(),
                file: "shop.toml".to_owned(),
                origin: "https://login.example.com".to_owned(),
                url_key: "token-url",
                status,
                fault,
                advice: None,
            };
            assert_eq!(error.is_refusal(), expected, "{error}");
        }
    }
}
