//! The reasons for which calls wait, and how people read them.

use std::fmt::{self, Display, Formatter};
use std::sync::Arc;

use http::StatusCode;

/// What a call can wait for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum WaitReason {
    /// The time before which the page may not begin, as requested by the connector or its API.
    Requested,
    /// The time before which the page may not begin again, because it was postponed.
    Postponed {
        /// What the call was waiting for.
        reason: String,
    },
    /// A sandbox to run in.
    Sandbox,
    /// A pause made by the connector.
    Pause,
    /// An API's answer.
    Response {
        /// Scheme, host and port.
        origin: Arc<str>,
    },
    /// The next call that a quota or a rate allows.
    Budget {
        /// As the configuration names it, or the origin of the API.
        name: String,
        /// Who says that no call is left.
        source: QuotaSource,
    },
    /// The response to another call: it may report how many calls are allowed, or the API allows no more at once.
    OtherCall {
        /// As the configuration names the quota, or the origin of the API.
        name: String,
    },
    /// A connection: this origin's limit of connections is reached.
    Connection {
        /// Scheme, host and port.
        origin: Arc<str>,
    },
    /// The next try of a failed call.
    Retry {
        /// Scheme, host and port.
        origin: Arc<str>,
        /// How the last try ended.
        last: LastTry,
    },
    /// A token that calls need.
    Token {
        /// As the configuration names it.
        credential: String,
    },
}

impl WaitReason {
    /// The reason's name in metrics.
    pub(super) fn label(&self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Postponed { .. } => "postponed",
            Self::Sandbox => "sandbox",
            Self::Pause => "pause",
            Self::Response { .. } => "response",
            Self::Budget { .. } => "quota",
            Self::OtherCall { .. } => "other-call",
            Self::Connection { .. } => "connection",
            Self::Retry { .. } => "retry",
            Self::Token { .. } => "token",
        }
    }
}

/// How a try ended that is followed by another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LastTry {
    /// The API answered with this status.
    Answered(u16),
    /// The API answered with this status, and a rule of the connector's configuration treats that as a refusal.
    RefusedByRule(u16),
    /// There was no answer, or it ended prematurely.
    Unanswered,
}

/// Who says that a quota has no call left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum QuotaSource {
    /// The headers of the API's answers.
    Headers,
    /// The API, by refusing a call.
    Refusal,
    /// The connector's configuration, by `rate`.
    Configuration,
}

impl Display for WaitReason {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Requested => formatter.write_str("requested wait"),
            Self::Postponed { reason } => formatter.write_str(reason),
            Self::Sandbox => formatter.write_str("a free sandbox"),
            Self::Pause => formatter.write_str("pause"),
            Self::Response { origin } => write!(formatter, "response of {origin}"),
            Self::Budget { name, source } => write!(formatter, "quota of {name}{source}"),
            Self::OtherCall { name } => write!(formatter, "response to another call of {name}"),
            Self::Connection { origin } => {
                write!(
                    formatter,
                    "a free connection to {origin} (`network.connections`)"
                )
            }
            Self::Retry { origin, last } => write!(formatter, "another try at {origin} ({last})"),
            Self::Token { credential } => write!(formatter, "token of {credential}"),
        }
    }
}

impl Display for LastTry {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answered(status) => write!(formatter, "it answered {}", status_text(*status)),
            Self::RefusedByRule(status) => write!(
                formatter,
                "it answered {}, a refusal by a rule under [rate-limit]",
                status_text(*status)
            ),
            Self::Unanswered => formatter.write_str("the last try brought no complete answer"),
        }
    }
}

impl Display for QuotaSource {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Headers => Ok(()),
            Self::Refusal => formatter.write_str(" (it refused a call)"),
            Self::Configuration => {
                formatter.write_str(" (the connector's own `rate` under [rate-limit])")
            }
        }
    }
}

/// A status with its name: `429 Too Many Requests`.
fn status_text(status: u16) -> String {
    let name = StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason());
    name.map_or_else(|| status.to_string(), |name| format!("{status} {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_try_says_how_the_last_one_ended() {
        for (last, expected) in [
            (LastTry::Answered(429), "it answered 429 Too Many Requests"),
            (
                LastTry::Answered(503),
                "it answered 503 Service Unavailable",
            ),
            (LastTry::Answered(599), "it answered 599"),
            (
                LastTry::RefusedByRule(200),
                "it answered 200 OK, a refusal by a rule under [rate-limit]",
            ),
            (
                LastTry::Unanswered,
                "the last try brought no complete answer",
            ),
        ] {
            let origin = "https://api.example.com".into();
            assert_eq!(
                WaitReason::Retry { origin, last }.to_string(),
                format!("another try at https://api.example.com ({expected})")
            );
        }
    }

    #[test]
    fn a_quota_says_whose_it_is() {
        for (source, expected) in [
            (QuotaSource::Headers, "quota of punk"),
            (QuotaSource::Refusal, "quota of punk (it refused a call)"),
            (
                QuotaSource::Configuration,
                "quota of punk (the connector's own `rate` under [rate-limit])",
            ),
        ] {
            let name = "punk".to_owned();
            assert_eq!(WaitReason::Budget { name, source }.to_string(), expected);
        }
    }
}
