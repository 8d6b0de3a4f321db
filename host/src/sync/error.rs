//! Why a sync fails.

use std::time::Duration;

use weld_protocol::{AnswerError, ErrorKind};

use super::checks::Warning;
use super::destinations::DestinationError;
use crate::report::size_text;

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
    #[error("the request to {url} failed")]
    Transfer {
        /// The URL.
        url: String,
        /// What went wrong.
        #[source]
        source: BoxError,
    },

    /// The server closed the connection before its answer was complete.
    #[error("{url} closed the connection without answering")]
    Closed {
        /// The URL.
        url: String,
    },

    /// The answer took too long.
    #[error("{url} did not answer within {limit:?}")]
    TimedOut {
        /// The URL.
        url: String,
        /// The time limit.
        limit: Duration,
    },

    /// The answer is too large, as sent or decompressed.
    #[error("the answer of {url} is larger than {}", size_text(*max_bytes as u64))]
    TooLarge {
        /// The URL.
        url: String,
        /// The limit.
        max_bytes: usize,
    },

    /// The answer could not be decompressed.
    #[error("the answer of {url} could not be decompressed")]
    Encoding {
        /// The URL.
        url: String,
        /// What went wrong.
        #[source]
        source: BoxError,
    },

    /// The server answered 401.
    #[error(
        "{url} answered 401 ({}): {message}",
        if *.key_sent { "the key was refused: check --key or WELD_API_KEY" } else { "no key was given: set --key or WELD_API_KEY" }
    )]
    Unauthorized {
        /// The URL.
        url: String,
        /// Whether a key was sent.
        key_sent: bool,
        /// As for [`Refused`](Self::Refused).
        message: String,
    },

    /// The server answered with a status other than 200.
    #[error("{url} answered {status}: {message}")]
    Refused {
        /// The URL.
        url: String,
        /// The HTTP status.
        status: u16,
        /// The kind of the error, if the answer is a protocol error.
        kind: Option<ErrorKind>,
        /// The protocol error's message, or else the beginning of the body, on one line.
        message: String,
        /// How long to wait, if the server says so.
        retry_after: Option<Duration>,
    },

    /// The answer doesn't follow the protocol.
    #[error("the answer of {url} is not a valid {expected}")]
    Answer {
        /// The URL.
        url: String,
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
    #[error("the connector has no table {table:?}; it has {}", list(known))]
    UnknownTable {
        /// The requested table.
        table: String,
        /// The schema's tables.
        known: Vec<String>,
    },

    /// Several answers in a row have `hasMore: true`, but the same state as their request, and either no rows or those
    /// of the answer before.
    #[error(
        "table {table:?} makes no progress: {answers} pages in a row had the same state and no new rows"
    )]
    Stuck {
        /// The table.
        table: String,
        /// The number of such answers.
        answers: u32,
    },

    /// A warning in a strict sync.
    #[error("stopped at the first warning")]
    Strict(#[source] Box<Warning>),

    /// The state in the destination is not JSON, so the table can't continue from it.
    #[error(
        "the stored state of table {table:?} is not JSON; remove it with `weld-host sync state reset`"
    )]
    StoredState {
        /// The table.
        table: String,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },

    /// The destination could not store a page or return its state.
    #[error("table {table:?} can't be written")]
    Destination {
        /// The table.
        table: String,
        /// What went wrong.
        #[source]
        source: Box<DestinationError>,
    },

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
            Self::Destination { source, .. } => source.is_fault(),
            _ => false,
        }
    }

    /// Whether the same request may succeed a little later: connection errors and timeouts, 408, 429 and 5xx.
    #[must_use]
    pub fn is_worth_another_try(&self) -> bool {
        match self {
            Self::Transfer { .. } | Self::Closed { .. } | Self::TimedOut { .. } => true,
            Self::Refused { status, .. } => matches!(status, 408 | 429 | 500..=599),
            _ => false,
        }
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

fn list(names: &[String]) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("{name:?}")).collect();
    quoted.join(", ")
}
