//! Why a sync fails.

use std::time::Duration;

use weld_protocol::{AnswerError, ErrorKind};

use super::checks::Warning;
use super::destinations::DestinationError;
use super::names::{KeySource, ServerName};
use super::temporary::is_temporary;
use crate::config::duration_text;
use crate::report::{self, size_text};

pub(super) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why a request returned no page or schema, or a table was not synced to its end.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// The connector's address is not a valid URL.
    #[error("`{0}` is not an http or https URL")]
    Url(String),

    /// The connector's URL contains a user name or password, which would be ignored.
    #[error("the URL contains a user name or password, but connectors take only a key (--key)")]
    UrlCredentials,

    /// The key can't be sent in a header.
    #[error("the key contains characters that can't be sent in a header")]
    Key,

    /// Certificates or ciphers could not be set up.
    #[error("TLS could not be set up")]
    Tls(#[source] BoxError),

    /// The server could not be reached, or the connection failed during the exchange.
    #[error("the request to {server} failed{}", advice_if_refused(server, source))]
    Transfer {
        /// The server.
        server: ServerName,
        /// What went wrong.
        #[source]
        source: BoxError,
    },

    /// The server closed the connection before its answer was complete.
    #[error("{server} closed the connection without answering")]
    Closed {
        /// The server.
        server: ServerName,
    },

    /// The answer took too long.
    #[error("{server} did not answer within {}", duration_text(*limit))]
    TimedOut {
        /// The server.
        server: ServerName,
        /// The time limit.
        limit: Duration,
    },

    /// The answer is too large, as sent or decompressed.
    #[error("the answer of {server} is larger than {}", size_text(*max_bytes as u64))]
    TooLarge {
        /// The server.
        server: ServerName,
        /// The limit.
        max_bytes: usize,
    },

    /// The answer could not be decompressed.
    #[error("the answer of {server} could not be decompressed")]
    Encoding {
        /// The server.
        server: ServerName,
        /// What went wrong.
        #[source]
        source: BoxError,
    },

    /// The server answered 401.
    #[error("{server} answered 401 ({}): {message}", key_advice(*.key))]
    Unauthorized {
        /// The server.
        server: ServerName,
        /// The source of the key that was sent; `None` if no key was sent.
        key: Option<KeySource>,
        /// As for [`Refused`](Self::Refused).
        message: String,
    },

    /// The server answered with a status other than 200.
    #[error("{}{message}", status_prefix(server, *status))]
    Refused {
        /// The server.
        server: ServerName,
        /// The HTTP status.
        status: u16,
        /// The kind of the error, if the answer is a protocol error.
        kind: Option<ErrorKind>,
        /// What the protocol error says about a retry; `None` if it doesn't say.
        temporary: Option<bool>,
        /// The protocol error's message, or else the beginning of the body, on one line.
        message: String,
        /// How long to wait, if the server says so.
        retry_after: Option<Duration>,
    },

    /// The answer doesn't follow the protocol.
    #[error("the answer of {server} is not a valid {expected}")]
    Answer {
        /// The server.
        server: ServerName,
        /// "page" or "schema".
        expected: &'static str,
        /// What is wrong with it.
        #[source]
        source: AnswerError,
    },

    /// The schema is empty.
    #[error("the connector has no tables")]
    NoTables,

    /// A requested table is not in the schema.
    #[error(
        "the connector has no table {table:?}{}; it has {}",
        meant(table, known),
        list(known)
    )]
    UnknownTable {
        /// The requested table.
        table: String,
        /// The schema's tables.
        known: Vec<String>,
    },

    /// Several answers in a row have `hasMore: true`, but the same state as their request, and either no rows or those
    /// of the answer before.
    #[error(
        "the table makes no progress: {answers} pages in a row had the same state and no new rows"
    )]
    Stuck {
        /// The number of such answers.
        answers: u32,
    },

    /// A warning in a strict sync.
    #[error("stopped at the first warning: {}", .0.kind)]
    Strict(Box<Warning>),

    /// The state in the destination is not JSON, so the table can't continue from it.
    #[error("the stored state is not JSON; remove it with `weld-host sync state reset`")]
    StoredState(#[source] serde_json::Error),

    /// The destination could not store a page or return its state.
    #[error(transparent)]
    Destination(Box<DestinationError>),

    /// The writer thread ended, which is a fault of this program.
    #[error("the writer thread ended unexpectedly")]
    Writer(#[source] BoxError),
}

impl SyncError {
    /// Whether this program is at fault, as opposed to something that its user or the connector's author can fix.
    #[must_use]
    pub fn is_fault(&self) -> bool {
        match self {
            Self::Tls(_) | Self::Writer(_) => true,
            Self::Destination(error) => error.is_fault(),
            _ => false,
        }
    }

    /// Whether the same request may succeed a little later: a connection error, a timeout, or an answer that says so. If
    /// it doesn't say, its kind decides; without a kind, the statuses 408, 429 and 5xx are temporary.
    #[must_use]
    pub fn is_worth_another_try(&self) -> bool {
        match self {
            Self::Transfer { .. } | Self::Closed { .. } | Self::TimedOut { .. } => true,
            Self::Refused {
                server,
                status,
                kind,
                temporary,
                ..
            } => match kind {
                Some(kind) => is_temporary(*kind, *temporary, server),
                None => matches!(status, 408 | 429 | 500..=599),
            },
            _ => false,
        }
    }

    /// Whether a request failed, as opposed to the sync's own work.
    pub(super) fn is_of_request(&self) -> bool {
        matches!(
            self,
            Self::Transfer { .. }
                | Self::Closed { .. }
                | Self::TimedOut { .. }
                | Self::TooLarge { .. }
                | Self::Encoding { .. }
                | Self::Unauthorized { .. }
                | Self::Refused { .. }
                | Self::Answer { .. }
        )
    }

    /// The kind of the protocol error, if it is one.
    #[must_use]
    pub fn kind(&self) -> Option<ErrorKind> {
        match self {
            Self::Refused { kind, .. } => *kind,
            _ => None,
        }
    }

    /// How long to wait before another try, if the server says so.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

/// What to do if nothing listens at a server of this machine.
fn advice_if_refused(server: &ServerName, source: &BoxError) -> &'static str {
    let local = ["http://127.0.0.1", "http://localhost", "http://[::1]"];
    match server {
        ServerName::Url(url)
            if report::is_refused_connection(&**source)
                && local.iter().any(|start| url.starts_with(start)) =>
        {
            " (is its host running, with `weld-host serve`?)"
        }
        ServerName::Url(_) | ServerName::Component => "",
    }
}

/// What a 401 means for the key, and what to do.
fn key_advice(key: Option<KeySource>) -> &'static str {
    match key {
        None => "no key was given: give one with --key or set WELD_API_KEY",
        Some(KeySource::Flag) => "it refused the key given with --key",
        Some(KeySource::Variable) => "it refused the key in WELD_API_KEY; --key gives another one",
        Some(KeySource::Program) => "it refused the key",
    }
}

/// The beginning of the message for a failed answer. The answer of a component is only its message, since its host is
/// this process.
fn status_prefix(server: &ServerName, status: u16) -> String {
    match server {
        ServerName::Url(url) => format!("{url} answered {status}: "),
        ServerName::Component => String::new(),
    }
}

/// The table that was probably meant.
fn meant(table: &str, known: &[String]) -> String {
    let nearest = report::nearest(table, known.iter().map(String::as_str));
    nearest.map_or_else(String::new, |nearest| {
        format!(" (did you mean {nearest:?}?)")
    })
}

fn list(names: &[String]) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("{name:?}")).collect();
    quoted.join(", ")
}
