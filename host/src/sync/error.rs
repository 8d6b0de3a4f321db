//! Why a sync can't go on.

use std::time::Duration;

use weld_protocol::{AnswerError, ErrorKind};

use super::checks::Warning;
use super::destinations::DestinationError;

pub(super) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why a request got no page or schema, or a table did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// The connector's address is not a URL that requests can go to.
    #[error("`{0}` is no http or https URL")]
    Url(String),

    /// The connector's address holds a user name or password, which would be ignored.
    #[error("the URL holds a user name or password: a connector knows its callers by the key")]
    UrlCredentials,

    /// The key can't stand in a header.
    #[error("the key holds characters that a header can't")]
    Key,

    /// Certificates or ciphers could not be set up.
    #[error("TLS could not be set up")]
    Tls(#[source] BoxError),

    /// The server could not be reached, or the exchange broke off.
    #[error("the request to {url} failed")]
    Transfer {
        /// What was asked.
        url: String,
        /// What went wrong.
        #[source]
        source: BoxError,
    },

    /// The connection was closed before there was a whole answer.
    #[error("{url} closed the connection without answering")]
    Closed {
        /// What was asked.
        url: String,
    },

    /// The answer did not come in time.
    #[error("{url} did not answer within {limit:?}")]
    TimedOut {
        /// What was asked.
        url: String,
        /// How long it had.
        limit: Duration,
    },

    /// The answer is larger than it may be, as sent or once decompressed.
    #[error("{url} answered more than {max_bytes} bytes")]
    TooLarge {
        /// What was asked.
        url: String,
        /// The limit.
        max_bytes: usize,
    },

    /// The answer could not be decompressed.
    #[error("the answer of {url} could not be decompressed")]
    Encoding {
        /// What was asked.
        url: String,
        /// What went wrong.
        #[source]
        source: BoxError,
    },

    /// The server answered 401.
    #[error(
        "{url} answered 401 ({}): {message}",
        if *.key_sent { "the key was refused" } else { "no key was given" }
    )]
    Unauthorized {
        /// What was asked.
        url: String,
        /// Whether a key was sent.
        key_sent: bool,
        /// As for [`Refused`](Self::Refused).
        message: String,
    },

    /// The server answered with another status than 200.
    #[error("{url} answered {status}: {message}")]
    Refused {
        /// What was asked.
        url: String,
        /// The HTTP status.
        status: u16,
        /// What became of the call, where the answer is one of the protocol's errors.
        kind: Option<ErrorKind>,
        /// The error's message, or the beginning of the body where it is not the protocol's; on one line.
        message: String,
        /// How long the server asks to wait.
        retry_after: Option<Duration>,
    },

    /// The answer is not one of the protocol.
    #[error("{url} answered what is no {expected}")]
    Answer {
        /// What was asked.
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

    /// A table was asked for that the schema does not have.
    #[error("the connector has no table {table:?}; it has {}", list(known))]
    UnknownTable {
        /// What was asked for.
        table: String,
        /// The schema's tables.
        known: Vec<String>,
    },

    /// One answer after the other says that there is more, but has the state that was sent, and no rows or those of
    /// the answer before.
    #[error(
        "table {table:?}: the state never moves: {answers} pages in a row had the same state and no new rows"
    )]
    Stuck {
        /// The table.
        table: String,
        /// How many answers.
        answers: u32,
    },

    /// A warning where warnings are errors.
    #[error("stopped at the first warning")]
    Strict(#[source] Box<Warning>),

    /// The state in the destination is not JSON, so that the table can't go on from it.
    #[error("the stored state of table {table:?} is not JSON")]
    StoredState {
        /// The table.
        table: String,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },

    /// The destination did not take a page or give its state.
    #[error("table {table:?} can't be written")]
    Destination {
        /// The table.
        table: String,
        /// What went wrong.
        #[source]
        source: Box<DestinationError>,
    },

    /// The thread of the destination ended: a fault of this program.
    #[error("the thread that writes ended unexpectedly")]
    Writer(#[source] BoxError),
}

impl SyncError {
    /// Whether it is this program that failed, rather than something that its user, or the connector's, can mend.
    #[must_use]
    pub fn is_fault(&self) -> bool {
        match self {
            Self::Tls(_) | Self::Writer(_) => true,
            Self::Destination { source, .. } => source.is_fault(),
            _ => false,
        }
    }

    /// Whether the same request may succeed a little later: connections and time-outs, 408, 429 and 5xx.
    #[must_use]
    pub fn is_worth_another_try(&self) -> bool {
        match self {
            Self::Transfer { .. } | Self::Closed { .. } | Self::TimedOut { .. } => true,
            Self::Refused { status, .. } => matches!(status, 408 | 429 | 500..=599),
            _ => false,
        }
    }

    /// What the server says became of the call.
    #[must_use]
    pub fn kind(&self) -> Option<ErrorKind> {
        match self {
            Self::Refused { kind, .. } => *kind,
            _ => None,
        }
    }

    /// How long the server asks to wait before another try.
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
