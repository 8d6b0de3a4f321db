//! Maps every cause of a failure to what the client receives: kind, status, message, headers.
//!
//! How errors work here: each room has its own error type, whose variants name causes. An error of a lower room is
//! wrapped, never flattened, so an [`ApiError`] contains the whole chain down to the message of the system or a
//! guest. Handlers and extractors return it and don't know HTTP statuses. [`Access`](super::access::Access) finally
//! turns it into two texts:
//!
//! - The client gets JSON: the kind, which programs may rely on, whether it is worth another try ([`temporary`]), the
//!   chain of messages, and the request's id.
//!   Messages say what to do, and never contain a secret or a row.
//! - The log gets the same message under the same id, and the guest's backtrace if there is one. Why a connector failed
//!   to load is always in the log, but only in the answers to clients that may know it.
//!
//! The kind determines the status (the map is in `weld-protocol`), and both determine the log level. The matches
//! here are deliberately exhaustive: a new cause does not compile until its answer is defined here.
#![deny(clippy::wildcard_enum_match_arm)]

mod answer;
mod kinds;
mod temporary;
#[cfg(test)]
mod texts;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use base64::DecodeError;
use weld_protocol::{ErrorKind, RequestError};

use super::answer_limit::AnswerTooLarge;
use super::head::MAX_HEADERS;
use crate::account::MemoryError;
use crate::attempts::TooManyAttempts;
use crate::config::{duration_text, wait_text};
use crate::connectors::ConnectorError;
use crate::encoding::UnknownEncoding;
use crate::pages::PagesError;
use crate::report::{size_beyond, size_text};
use kinds::{connector_kind, page_kind};

/// When to retry after a shutdown: hosts are restarted within seconds, or another one has taken over.
const RESTART: Duration = Duration::from_secs(5);

/// When to retry if a connector takes long to compile.
const LOADING: Duration = Duration::from_secs(5);

/// When to retry if clients hold all connections. Pages that sleep hold theirs for a minute at most, by default.
const CONNECTIONS: Duration = Duration::from_secs(10);

/// When to request a schema again whose connector was replaced three times in the meantime.
const SUPERSEDED: Duration = Duration::from_secs(1);

/// Why a request is not answered with a page or a schema.
#[derive(Debug, thiserror::Error)]
pub(super) enum ApiError {
    #[error(
        "the bearer key is missing or wrong; send `Authorization: Bearer KEY` with the key set as WELD_API_KEY, \
         or as `api-key` of the connector"
    )]
    Unauthorized,

    /// The right key is answered whatever other keys its client sends.
    #[error(
        "too many wrong keys have come from this address: wait {} before you send another one; the right key is \
         answered at once", wait_text(.0.retry_after)
    )]
    TooManyAttempts(TooManyAttempts),

    /// Nobody knows the connector's keys at the moment, so this one can't be judged. The answer is that of the connector,
    /// which can't be used either.
    #[error("{failure}")]
    UnjudgedKey {
        failure: ConnectorError,
        /// Whether the log should mention it, as for [`TooManyAttempts`].
        mention: Option<u64>,
    },

    /// Without a key, the host is protected only because nothing but this machine can connect. A web page open on
    /// this machine can connect too, if the name of the page's own host is made to resolve to this machine; but then
    /// the request names that host.
    #[error("without a key, the host answers only requests to localhost; set WELD_API_KEY")]
    ForeignHost,

    /// The same for a page of another host that sends its request to this machine's own name: browsers allow the
    /// request and only hide the answer from the page.
    #[error(
        "without a key, the host refuses requests from web pages of other hosts (see `Origin` and `Sec-Fetch-Site`); \
         set WELD_API_KEY"
    )]
    ForeignOrigin,

    #[error("the request has {0} `Host` headers; send one")]
    SeveralHosts(usize),

    #[error(
        "the host is full: clients hold all {most} connections, three quarters of the files that it may open (`ulimit -n`)"
    )]
    NoPlace { most: usize },

    #[error("the client disconnected before its answer was ready")]
    ClientGone,

    #[error("there is nothing at this path; request /NAME or /NAME/schema")]
    NotFound,

    #[error(
        "the request's line and headers are larger than {}, or there are more than {MAX_HEADERS} headers", size_text(*limit_bytes as u64)
    )]
    HeadersTooLarge { limit_bytes: usize },

    /// The cause as hyper reports it.
    #[error("the request is not valid HTTP/1: {0}")]
    Unreadable(String),

    #[error("this port speaks HTTPS only; use a URL that begins with https://")]
    NotEncrypted,

    #[error("the method is not allowed; use GET or POST")]
    MethodNotAllowed,

    #[error("the method is not allowed; use GET or HEAD")]
    ProbeMethod,

    #[error("the body is larger than {} (`--max-body`)", size_text(*limit_bytes))]
    BodyTooLarge { limit_bytes: u64 },

    #[error("the body did not arrive within {} (`--body-timeout`)", duration_text(*limit))]
    BodyTimeout { limit: Duration },

    #[error("the body was cut off before its end")]
    BodyCut(#[source] axum::BoxError),

    #[error("the body is not valid gzip, though its content-encoding says so")]
    BrokenGzip(#[source] io::Error),

    /// A platform passes bodies on as base64.
    #[error("the body of the event is not valid base64, though its `isBase64Encoded` says so")]
    BrokenBase64(#[source] DecodeError),

    /// The platform that calls the host with a request takes no larger answer.
    #[error(
        "the answer takes {}, more than the {} that {} passes on; let the connector return smaller pages \
         (`limits.page-size`), or let the client accept gzip, since a compressed answer counts as it is sent",
        size_beyond(.0.bytes, .0.limit_bytes),
        size_text(.0.limit_bytes),
        .0.platform
    )]
    AnswerTooLarge(AnswerTooLarge),

    /// Something before the call took all of the time, such as the loading of the connector.
    #[error(
        "the request took longer than the {} that this invocation of the function had; raise the function's time-out, or let \
         the connector return smaller pages",
        duration_text(*limit)
    )]
    InvocationTimeout { limit: Duration },

    /// Either the function's time-out has passed, or a clock is wrong.
    #[error(
        "the deadline of this invocation has passed {} ago by this machine's clock, so there was no time for an answer; \
         if this repeats, raise the function's time-out",
        wait_text(*late)
    )]
    InvocationOver { late: Duration },

    #[error("could not decode the body; send it uncompressed or with gzip")]
    Encoding(#[from] UnknownEncoding),

    #[error(transparent)]
    Request(#[from] RequestError),

    /// Shared by all requests that waited for the page.
    #[error(transparent)]
    Page(#[from] Arc<PagesError>),

    /// There is no memory for the request itself.
    #[error(transparent)]
    OutOfMemory(#[from] MemoryError),

    /// The same for its head, whose share is smaller.
    #[error(
        "the line and headers of all requests at once take a sixteenth of the host's memory (`--total-memory`); retry, or \
         raise the limit"
    )]
    NoHeadMemory,

    #[error("the host failed to handle the request; its log has the details")]
    Panicked,
}

/// Only a marker for [`Access`](super::access::Access), which alone writes errors, since it knows the request's id.
impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

impl From<TooManyAttempts> for ApiError {
    fn from(attempts: TooManyAttempts) -> Self {
        Self::TooManyAttempts(attempts)
    }
}

impl From<ConnectorError> for ApiError {
    fn from(error: ConnectorError) -> Self {
        Self::Page(Arc::new(error.into()))
    }
}

impl ApiError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Unauthorized | Self::ForeignHost => ErrorKind::Unauthorized,
            Self::TooManyAttempts(_) => ErrorKind::TooManyAttempts,
            Self::ForeignOrigin => ErrorKind::ForeignOrigin,
            Self::SeveralHosts(_) => ErrorKind::BadRequest,
            Self::NoPlace { .. } => ErrorKind::Busy,
            Self::NotFound => ErrorKind::NotFound,
            Self::MethodNotAllowed | Self::ProbeMethod => ErrorKind::MethodNotAllowed,
            Self::BodyTooLarge { .. } => ErrorKind::BodyTooLarge,
            Self::BodyTimeout { .. } => ErrorKind::Timeout,
            Self::HeadersTooLarge { .. } => ErrorKind::HeadersTooLarge,
            Self::Unreadable(_)
            | Self::NotEncrypted
            | Self::ClientGone
            | Self::BodyCut(_)
            | Self::BrokenGzip(_)
            | Self::BrokenBase64(_)
            | Self::Request(_) => ErrorKind::BadRequest,
            Self::AnswerTooLarge(_) => ErrorKind::PageTooLarge,
            Self::InvocationTimeout { .. } | Self::InvocationOver { .. } => {
                ErrorKind::DeadlineExceeded
            }
            Self::Encoding(_) => ErrorKind::UnsupportedEncoding,
            Self::UnjudgedKey { failure, .. } => connector_kind(failure),
            Self::Page(failure) => page_kind(failure),
            Self::OutOfMemory(_) | Self::NoHeadMemory => ErrorKind::OutOfMemory,
            Self::Panicked => ErrorKind::Internal,
        }
    }

    /// The outcome's name in metrics: the kind, except for a client that is gone.
    pub(super) fn outcome(&self) -> &'static str {
        if matches!(self, Self::ClientGone) {
            "client_gone"
        } else {
            self.kind().as_str()
        }
    }

    /// How long the client should wait, if that is known.
    fn retry_after(&self) -> Option<Duration> {
        if matches!(self, Self::NoPlace { .. }) {
            return Some(CONNECTIONS);
        }
        if let Self::TooManyAttempts(attempts) = self {
            return Some(attempts.retry_after);
        }
        if let Self::UnjudgedKey { failure, .. } = self {
            return matches!(failure, ConnectorError::Loading).then_some(LOADING);
        }
        let Self::Page(failure) = self else {
            return None;
        };
        match failure.as_ref() {
            PagesError::RateLimited { retry_after }
            | PagesError::SchemaRateLimited { retry_after }
            | PagesError::Connector(ConnectorError::Busy { retry_after, .. }) => Some(*retry_after),
            PagesError::Connector(ConnectorError::ShuttingDown) => Some(RESTART),
            PagesError::Connector(
                ConnectorError::Unknown { .. }
                | ConnectorError::Ambiguous
                | ConnectorError::None
                | ConnectorError::Unavailable { .. }
                | ConnectorError::Call(_),
            )
            | PagesError::InvalidPage(_)
            | PagesError::InvalidSchema(_)
            | PagesError::SecretInState
            | PagesError::ReplacedTooLarge { .. }
            | PagesError::OutOfMemory(_)
            | PagesError::SchemaTooLarge { .. }
            | PagesError::Stuck { .. }
            | PagesError::UnreadableSchema { .. }
            | PagesError::SchemaTimeout { .. }
            | PagesError::SchemaInvocationTimeout { .. }
            | PagesError::Crashed => None,
            PagesError::Connector(ConnectorError::Loading) => Some(LOADING),
            PagesError::Superseded => Some(SUPERSEDED),
        }
    }
}
