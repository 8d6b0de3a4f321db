//! Why a request's credential can't be obtained.

use std::sync::Arc;

use super::fault::{EndpointFault, NEWER_TOKEN};
use crate::report;

/// Why a request's credential can't be obtained. No text of it contains a secret.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AuthError {
    #[error("there is no credential `{name}` in {file}; {}", known(names))]
    Unknown {
        name: String,
        /// The names that exist.
        names: Vec<String>,
        /// The connector's configuration file.
        file: String,
    },

    #[error(
        "the credential `{name}` doesn't apply to this URL of {origin}; see `urls` under [auth.{name}] in {file}"
    )]
    Elsewhere {
        name: String,
        origin: String,
        /// The connector's configuration file.
        file: String,
    },

    #[error(
        "the credentials {} all apply to this URL of {origin}; name one in the request's `credential`, or narrow \
         `urls` in {file}",
        listed(names)
    )]
    Ambiguous {
        names: Vec<String>,
        origin: String,
        /// The connector's configuration file.
        file: String,
    },

    #[error(
        "the request has the header `{header}`, with which the API could return the credential `{name}` in parts \
         that the host can't detect; remove the header, or set `ranges = true` under [auth.{name}] in {file}"
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

    /// Shared by all callers that waited for the token.
    #[error(transparent)]
    Token(Arc<EndpointError>),

    #[error(
        "the request for a token of `{name}` was interrupted by an internal error; see the host's log"
    )]
    Interrupted { name: String },
}

impl AuthError {
    /// The message for guests and Weld: the same, with its causes, but without paths of the host.
    pub(in crate::egress) fn told(&self) -> String {
        match self {
            Self::Token(error) => error.told(),
            other => report::chain(other),
        }
    }
}

impl AuthError {
    /// Whether a later request may get the credential although nobody has changed anything.
    pub(in crate::egress) fn is_temporary(&self) -> bool {
        match self {
            Self::Unknown { .. }
            | Self::Elsewhere { .. }
            | Self::Ambiguous { .. }
            | Self::Range { .. }
            | Self::Unsigned { .. } => false,
            Self::Token(error) => error.is_temporary(),
            Self::Interrupted { .. } => true,
        }
    }
}

/// Why a token endpoint returned no token.
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
    /// The key that contains its address.
    pub(super) url_key: &'static str,
    /// The token endpoint's origin.
    pub(super) origin: String,
    /// The status of its last answer, if there was one.
    pub(super) status: Option<u16>,
    pub(super) fault: EndpointFault,
    /// What may help, or must be done.
    pub(super) advice: Option<Box<str>>,
}

impl EndpointError {
    /// The same message without paths of the host.
    pub(super) fn told(&self) -> String {
        let cause = match &self.fault {
            EndpointFault::Store(error) => error.without_path(),
            EndpointFault::KeptWithoutKey { .. } => format!("its file holds the {NEWER_TOKEN}"),
            _ => return report::chain(self),
        };
        let Self {
            name, origin, file, ..
        } = self;
        format!(
            "the credential `{name}` has no token: {origin} was not asked: {cause}; see [auth.{name}] in {file}"
        )
    }

    /// Whether another request may get a token although nobody has changed anything.
    pub(super) fn is_temporary(&self) -> bool {
        match self.status {
            Some(408 | 425 | 429 | 500..) => true,
            _ => self.fault.is_temporary(),
        }
    }

    /// Whether the endpoint refused for good: it would refuse again.
    pub(super) fn is_refusal(&self) -> bool {
        match self.status {
            Some(429) | None => false,
            Some(400..500) => true,
            // Some endpoints refuse with status 200.
            Some(status) => status < 300 && matches!(self.fault, EndpointFault::Refused { .. }),
        }
    }
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
    use crate::tokens::TokenError;

    fn failed(status: Option<u16>, fault: EndpointFault) -> EndpointError {
        EndpointError {
            name: "api".to_owned(),
            file: "shop.toml".to_owned(),
            origin: "https://login.example.com".to_owned(),
            url_key: "token-url",
            status,
            fault,
            advice: None,
        }
    }

    #[test]
    fn failure_is_temporary_unless_somebody_must_act() {
        let refused = |code: &str| EndpointFault::Refused {
            code: code.to_owned(),
            description: String::new(),
        };
        let unreached = |is_temporary| EndpointFault::Unreached {
            cause: "the cause".to_owned(),
            was_asked: false,
            is_temporary,
        };
        for (status, fault, expected) in [
            (Some(400), refused("invalid_grant"), false),
            (Some(401), refused("invalid_client"), false),
            (Some(200), refused("invalid_grant"), false),
            (Some(400), refused("temporarily_unavailable"), true),
            (Some(200), refused("server_error"), true),
            (Some(404), EndpointFault::Html, false),
            (Some(200), EndpointFault::Html, false),
            (Some(429), refused("slow_down"), true),
            (Some(503), EndpointFault::Html, true),
            (Some(500), refused("server_error"), true),
            (Some(302), EndpointFault::Redirect { to: None }, false),
            (None, EndpointFault::NoRefreshToken, false),
            (None, unreached(true), true),
            (None, unreached(false), false),
            (None, EndpointFault::Store(TokenError::NoKey), false),
            (
                None,
                EndpointFault::Store(TokenError::Held("api.token".into())),
                true,
            ),
        ] {
            let error = failed(status, fault);
            assert_eq!(error.is_temporary(), expected, "{error}");
        }
    }

    #[test]
    fn only_an_answer_that_would_be_repeated_is_a_refusal() {
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
            let error = failed(status, fault);
            assert_eq!(error.is_refusal(), expected, "{error}");
        }
    }
}
