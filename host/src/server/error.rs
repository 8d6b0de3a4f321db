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
//! below are deliberately exhaustive: a new cause does not compile until its answer is defined here.
#![deny(clippy::wildcard_enum_match_arm)]

mod temporary;
#[cfg(test)]
mod texts;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::header::{self, HeaderValue};
use http::{HeaderMap, StatusCode};
use weld_protocol::{ErrorAnswer, ErrorKind, RequestError};

use super::attempts::TooManyAttempts;
use super::head::MAX_HEADERS;
use super::record::RequestRecord;
use super::response;
use crate::account::MemoryError;
use crate::config::{duration_text, wait_text};
use crate::connectors::{CallError, ConnectorError};
use crate::encoding::UnknownEncoding;
use crate::pages::PagesError;
use crate::report::size_text;

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
            | Self::Request(_) => ErrorKind::BadRequest,
            Self::Encoding(_) => ErrorKind::UnsupportedEncoding,
            Self::Page(failure) => page_kind(failure),
            Self::OutOfMemory(_) => ErrorKind::OutOfMemory,
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
            | PagesError::Crashed => None,
            PagesError::Connector(ConnectorError::Loading) => Some(LOADING),
            PagesError::Superseded => Some(SUPERSEDED),
        }
    }

    /// Builds the answer and writes the log line. The host's own faults are logged as errors, faults that an operator
    /// can fix as warnings, and faults that only the client can fix as information.
    pub(super) fn answer(&self, record: &RequestRecord) -> Response {
        let kind = self.kind();
        let complete = self.complete();
        self.log(&complete, record.began.elapsed());
        let message = if record.shows_reasons() {
            complete
        } else {
            crate::report::chain(self)
        };
        let answer = ErrorAnswer {
            kind,
            temporary: Some(temporary::is_temporary(self)),
            message,
            connector: record.name().map(str::to_owned),
            request_id: Some(record.id.clone()),
        };
        let mut response = response::json(answer.write());
        *response.status_mut() = self.status();
        self.add_headers(response.headers_mut());
        if kind == ErrorKind::TooManyAttempts && record.is_direct {
            // The next guess costs another connection over HTTP/1.1. A proxy's connection carries other clients' requests, too.
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(header::CONNECTION, close);
        }
        response
    }

    /// The message with the reason why a connector failed to load. The reason names files of the host, so only the log
    /// and [some clients](RequestRecord::shows_reasons) get it.
    fn complete(&self) -> String {
        if let Self::Page(failure) = self
            && let PagesError::Connector(ConnectorError::Unavailable { reason, .. }) =
                failure.as_ref()
        {
            return format!("the connector failed to load: {reason}");
        }
        crate::report::chain(self)
    }

    fn log(&self, message: &str, took: Duration) {
        let (kind, status, trace) = (self.kind(), self.status(), self.trace());
        let (code, name) = (status.as_u16(), kind.as_str());
        let took_ms = crate::report::milliseconds(took);
        // The message may contain text from a guest.
        let logged = crate::report::escaped(message);
        if let Self::TooManyAttempts(attempts) = self {
            log_attempts(*attempts, &logged, took_ms);
        } else if kind == ErrorKind::Internal {
            tracing::error!(status = code, kind = name, took_ms, "{logged}");
        } else if status.is_server_error() || kind == ErrorKind::RateLimited {
            tracing::warn!(status = code, kind = name, took_ms, trace, "{logged}");
        } else {
            tracing::info!(status = code, kind = name, took_ms, "{logged}");
        }
    }

    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.kind().status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn add_headers(&self, headers: &mut HeaderMap) {
        if let Some(wait) = self.retry_after() {
            // Rounded up, since a client that retries a moment too early is refused again.
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        let kind = self.kind();
        if kind == ErrorKind::MethodNotAllowed {
            let methods = if matches!(self, Self::ProbeMethod) {
                "GET, HEAD"
            } else {
                "GET, POST"
            };
            headers.insert(header::ALLOW, HeaderValue::from_static(methods));
        }
        if kind == ErrorKind::Unauthorized {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
    }

    fn trace(&self) -> Option<&str> {
        let Self::Page(failure) = self else {
            return None;
        };
        let PagesError::Connector(ConnectorError::Call(error)) = failure.as_ref() else {
            return None;
        };
        error.trace()
    }
}

/// Writes the line of a client that has sent too many wrong keys: a warning once for each burst, since the client
/// decides how many lines there are.
fn log_attempts(attempts: TooManyAttempts, message: &str, took_ms: f64) {
    let kind = ErrorKind::TooManyAttempts;
    let (code, name) = (kind.status(), kind.as_str());
    match attempts.mention {
        Some(others) => {
            let unmentioned_clients = (others > 0).then_some(others);
            tracing::warn!(
                status = code,
                kind = name,
                took_ms,
                unmentioned_clients,
                "{message}"
            );
        }
        None => tracing::debug!(status = code, kind = name, took_ms, "{message}"),
    }
}

fn page_kind(failure: &PagesError) -> ErrorKind {
    match failure {
        PagesError::Connector(error) => connector_kind(error),
        PagesError::InvalidPage(_) => ErrorKind::InvalidPage,
        PagesError::SecretInState => ErrorKind::SecretInPage,
        PagesError::ReplacedTooLarge { .. } => ErrorKind::PageTooLarge,
        PagesError::OutOfMemory(_) => ErrorKind::OutOfMemory,
        PagesError::SchemaTooLarge { .. } => ErrorKind::SchemaTooLarge,
        PagesError::Stuck { .. } => ErrorKind::StuckSync,
        PagesError::InvalidSchema(_) | PagesError::UnreadableSchema { .. } => {
            ErrorKind::InvalidSchema
        }
        PagesError::RateLimited { .. } | PagesError::SchemaRateLimited { .. } => {
            ErrorKind::RateLimited
        }
        PagesError::SchemaTimeout { .. } => ErrorKind::DeadlineExceeded,
        PagesError::Superseded => ErrorKind::ConnectorUnavailable,
        PagesError::Crashed => ErrorKind::Internal,
    }
}

fn connector_kind(error: &ConnectorError) -> ErrorKind {
    match error {
        ConnectorError::Unknown { .. } | ConnectorError::Ambiguous | ConnectorError::None => {
            ErrorKind::UnknownConnector
        }
        ConnectorError::Unavailable { .. } | ConnectorError::Loading => {
            ErrorKind::ConnectorUnavailable
        }
        ConnectorError::ShuttingDown => ErrorKind::ShuttingDown,
        ConnectorError::Busy { .. } => ErrorKind::Busy,
        ConnectorError::Call(error) => call_kind(error),
    }
}

fn call_kind(error: &CallError) -> ErrorKind {
    match error {
        CallError::Guest(error) => error.kind(),
        CallError::Crashed { .. } | CallError::Exited { .. } => ErrorKind::ConnectorCrashed,
        CallError::OutOfMemory { .. } => ErrorKind::OutOfMemory,
        CallError::CpuTime { .. } => ErrorKind::CpuExceeded,
        // A postponed page is answered as pending, and a schema is never postponed.
        CallError::Postponed(_) => ErrorKind::RateLimited,
        CallError::PageTimeout { .. } | CallError::AnswerTimeout { .. } => {
            ErrorKind::DeadlineExceeded
        }
        CallError::PageTooLarge { .. } => ErrorKind::PageTooLarge,
        CallError::StateTooLarge { .. } => ErrorKind::StateTooLarge,
        CallError::SchemaTooLarge { .. } => ErrorKind::SchemaTooLarge,
        CallError::Unreadable { .. } => ErrorKind::InvalidPage,
        CallError::Sandbox { .. } => ErrorKind::Internal,
        CallError::Credentials { .. } => ErrorKind::CredentialsFailed,
        CallError::Explained { failed, .. } => call_kind(failed),
        CallError::Code(_) => ErrorKind::ConnectorUnavailable,
    }
}
