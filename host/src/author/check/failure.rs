//! Finds the cause of a failed request: what the connector answered, and which of its calls to APIs failed.

use weld_protocol::ErrorKind;

use super::code::FindingCode;
use super::finding::{Finding, FindingCause};
use super::likeness;
use crate::report;
use crate::sync::{ConnectorVariables, PageWaitError, SyncError};

/// How many bytes of a failure that follows from another cause are shown.
const SHOWN_BYTES: usize = 300;

/// What the message about a state says that has a member with the host's own name.
const RESERVED: &str = "reserved for the host";

/// A call of the connector to an API that got no response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FailedCall {
    /// Scheme, host and port, such as `https://api.example.com`.
    pub(crate) origin: String,
    /// The word for it in the host's log, such as `denied`.
    pub(crate) outcome: String,
    /// Why, without secrets.
    pub(crate) cause: String,
}

impl FailedCall {
    /// Whether no rule permits the call.
    fn is_refused(&self) -> bool {
        matches!(self.outcome.as_str(), "denied" | "address-denied")
    }

    /// Whether a text has the cause, as a connector's own message often does. The remedy may be missing.
    pub(crate) fn is_reported_by(&self, text: &str) -> bool {
        text.contains(first_part(&self.cause))
    }

    /// Whether the API could not be reached.
    pub(crate) fn is_lost(&self) -> bool {
        matches!(self.outcome.as_str(), "failed" | "timeout" | "unavailable")
    }
}

/// What is known while a request fails.
#[derive(Debug, Clone, Copy)]
pub(super) struct FailureContext<'a> {
    /// The path of the connector's configuration file, such as `./plugins/shop.toml`.
    pub(super) settings: &'a str,
    /// The connector's variables; `None` if they are unknown.
    pub(super) variables: Option<&'a ConnectorVariables>,
    /// The requested table; `None` for the schema.
    pub(super) table: Option<&'a str>,
    /// The calls that failed during the request.
    pub(super) calls: &'a [FailedCall],
}

impl FailureContext<'_> {
    /// The finding for a request that failed. `code` is the code if the cause has none of its own.
    pub(super) fn finding(self, code: FindingCode, error: &SyncError) -> Finding {
        let told = told(error);
        let follows = |found: Finding, call: &FailedCall| {
            self.placed(if call.is_reported_by(&told) {
                found
            } else {
                let told = report::shortened(&told, SHOWN_BYTES);
                found.followed_by(&told)
            })
        };
        if may_follow_from_a_call(error) {
            if let Some(call) = self.calls.iter().find(|call| call.is_refused()) {
                return follows(self.refusal(call), call);
            }
            if let Some(call) = self.calls.iter().find(|call| call.is_lost())
                && error.kind() != Some(ErrorKind::RateLimited)
            {
                return follows(unreachable(call), call);
            }
        }
        let code = match error.kind() {
            Some(ErrorKind::Misconfigured) => FindingCode::Misconfigured,
            Some(ErrorKind::UpstreamUnauthorized | ErrorKind::CredentialsFailed) => {
                FindingCode::Unauthorized
            }
            _ => code,
        };
        let found = Finding::new(code, told.as_str());
        let found = match self.fix(error.kind(), &told) {
            Some(fix) => found.with_fix(fix),
            None => found,
        };
        let cause = likeness::of_failure(&told, self.table);
        self.placed(found.caused_by(FindingCause::Text(cause)))
    }

    /// The findings for calls that no rule permits, although the request itself succeeded.
    pub(super) fn ignored_refusals(self) -> Vec<Finding> {
        let refused = self.calls.iter().filter(|call| call.is_refused());
        refused
            .map(|call| self.placed(self.refusal(call)))
            .collect()
    }

    fn refusal(self, call: &FailedCall) -> Finding {
        let cause = FindingCause::Text(call.cause.clone());
        // The remedy follows the first semicolon.
        let found = match call.cause.split_once("; ") {
            Some((message, fix)) => {
                Finding::new(FindingCode::CallRefused, message).with_fix(fix.to_owned())
            }
            None => Finding::new(FindingCode::CallRefused, call.cause.as_str()),
        };
        found.caused_by(cause)
    }

    fn placed(self, finding: Finding) -> Finding {
        match self.table {
            Some(table) => finding.in_table(table),
            None => finding,
        }
    }

    /// A way to fix a failure of this kind; `None` if the code's own fits.
    fn fix(self, kind: Option<ErrorKind>, told: &str) -> Option<String> {
        let settings = self.settings;
        Some(match kind? {
            ErrorKind::Misconfigured => match variable(told) {
                // A second line for it would not be valid.
                Some(name) if self.variables.is_some_and(|known| known.has(name)) => {
                    format!("change {name} under [env] in {settings}")
                }
                Some(name) => {
                    format!(
                        "set it under [env] in {settings}: {name} = \"…\", or {name} = {{ env = \"{name}\" }}"
                    )
                }
                None => {
                    format!("change {settings} as the message says; variables belong under [env]")
                }
            },
            ErrorKind::UpstreamUnauthorized | ErrorKind::CredentialsFailed => {
                format!("check the credentials under [auth] or [env] in {settings}")
            }
            ErrorKind::UnknownTable => {
                "let `fetch_page` return the rows of every table that `schema` names".to_owned()
            }
            ErrorKind::OutOfMemory
            | ErrorKind::CpuExceeded
            | ErrorKind::DeadlineExceeded
            | ErrorKind::PageTooLarge
            | ErrorKind::StateTooLarge
            | ErrorKind::SchemaTooLarge => {
                format!(
                    "do less per page, or raise the limit that the message names under [limits] in {settings}"
                )
            }
            ErrorKind::RateLimited => {
                format!("check again later, or raise `max-wait` under [limits] in {settings}")
            }
            ErrorKind::SecretInPage => {
                format!(
                    "leave the secret out of the state, or change `secret-in-state` under [limits] in {settings}"
                )
            }
            ErrorKind::InvalidPage if told.contains(RESERVED) => {
                "rename that member of the state".to_owned()
            }
            ErrorKind::InvalidPage => {
                "return rows as an array of objects, and the state as an object or null".to_owned()
            }
            _ => return None,
        })
    }
}

/// The finding for a page that did not arrive.
pub(super) fn missing_page(
    code: FindingCode,
    error: &PageWaitError,
    context: FailureContext<'_>,
) -> Finding {
    match error {
        PageWaitError::Request(error) => context.finding(code, error),
        PageWaitError::Pending { .. } => {
            let message = error.to_string();
            let cause = likeness::of_failure(&message, context.table);
            let found = Finding::new(FindingCode::PageNotReady, message);
            context.placed(found.caused_by(FindingCause::Text(cause)))
        }
    }
}

fn unreachable(call: &FailedCall) -> Finding {
    let found = Finding::new(FindingCode::ApiUnreachable, call.cause.as_str());
    found.caused_by(FindingCause::Origin(call.origin.clone()))
}

/// Whether a failed call can be the cause: not if the host refuses what the connector returned.
fn may_follow_from_a_call(error: &SyncError) -> bool {
    matches!(
        error.kind(),
        Some(
            ErrorKind::Misconfigured
                | ErrorKind::UpstreamFailed
                | ErrorKind::UpstreamUnauthorized
                | ErrorKind::RateLimited
                | ErrorKind::ConnectorFailed
                | ErrorKind::ConnectorCrashed
                | ErrorKind::DeadlineExceeded
        )
    )
}

/// The answer's message with its kind, or all causes of another error.
fn told(error: &SyncError) -> String {
    match error {
        SyncError::Refused { kind, message, .. } => {
            let kind = kind.map_or("not an error of the protocol", ErrorKind::as_str);
            format!("{message} ({kind})")
        }
        other => report::chain(other),
    }
}

/// The part of a cause that a connector's own message repeats: what happened, without the remedy.
fn first_part(cause: &str) -> &str {
    cause.split("; ").next().unwrap_or(cause)
}

/// The variable that a message names: the first word of capital letters, digits and underscores, such as `API_KEY`.
fn variable(told: &str) -> Option<&str> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let mut words = told.split(|letter: char| !is_part(letter));
    words.find(|word| {
        word.contains('_')
            && word.starts_with(|letter: char| letter.is_ascii_uppercase())
            && word.chars().all(|letter| !letter.is_ascii_lowercase())
    })
}

#[cfg(test)]
mod tests;
