//! The one map from causes to what a client is told: kind, status, message, headers.
//!
//! How errors work here: each room has its own error type, whose variants name causes. A room below is wrapped, never
//! flattened, so that an [`ApiError`] holds the whole chain, down to what the system or a guest said. Handlers and extractors
//! return it and know nothing of HTTP statuses. On its way out, [`Access`](super::access::Access) turns it into two texts:
//!
//! - The client gets JSON: the kind, which programs may rely on, the chain of messages, and the request's id. Messages name
//!   what to do about it, and never hold a secret or a row.
//! - The log gets the same line under the same id, and with it the guest's backtrace, if there is one.
//!
//! The kind decides the status (`weld-protocol` has that map), and both decide how loud the log is. The matches below are
//! exhaustive on purpose: a new cause does not compile until it has an answer here.
#![deny(clippy::wildcard_enum_match_arm)]

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::header::{self, HeaderValue};
use http::{HeaderMap, StatusCode};
use weld_protocol::{ErrorAnswer, ErrorKind, RequestError};

use super::head::MAX_HEADERS;
use super::record::RequestRecord;
use super::response;
use crate::account::MemoryError;
use crate::connectors::{CallError, ConnectorError, GuestError};
use crate::encoding::UnknownEncoding;
use crate::pages::PagesError;

/// When to come again after a shutdown: hosts are restarted within seconds, or another one has taken over.
const RESTART: Duration = Duration::from_secs(5);

/// When to come again for a connector that takes long to compile.
const LOADING: Duration = Duration::from_secs(5);

/// When to ask again for a schema whose connector was replaced three times meanwhile.
const SUPERSEDED: Duration = Duration::from_secs(1);

/// Why a request is not answered with a page or a schema.
#[derive(Debug, thiserror::Error)]
pub(super) enum ApiError {
    #[error(
        "the bearer key is missing or wrong; send `Authorization: Bearer KEY` with the key set as WELD_API_KEY, \
         or as `api-key` of the connector"
    )]
    Unauthorized,

    /// Without a key, what keeps others out is that only this machine can connect. A web page open on it can connect,
    /// too, if its own host's name is made to point here; but then the request names that host.
    #[error("without a key only requests to localhost are answered; set WELD_API_KEY")]
    ForeignHost,

    /// The same for a page of another host that sends its request to this machine's own name: browsers let it, and only
    /// keep the answer from it.
    #[error(
        "without a key no request of a web page from elsewhere is answered (its `Origin` or `Sec-Fetch-Site` says so); \
         set WELD_API_KEY"
    )]
    ForeignOrigin,

    #[error("the request has {0} `Host` headers; send one")]
    SeveralHosts(usize),

    #[error("the client went away before its answer was ready")]
    ClientGone,

    #[error("there is nothing at this path; ask for /NAME or /NAME/schema")]
    NotFound,

    #[error(
        "the request's line and headers have more than {limit_bytes} bytes, or are more than {MAX_HEADERS}"
    )]
    HeadersTooLarge { limit_bytes: usize },

    /// hyper says why.
    #[error("the request is no HTTP/1 that can be read: {0}")]
    Unreadable(String),

    #[error("only GET and POST are answered")]
    MethodNotAllowed,

    #[error("the body has more than {limit_bytes} bytes")]
    BodyTooLarge { limit_bytes: u64 },

    #[error("the body did not arrive within {limit:?}")]
    BodyTimeout { limit: Duration },

    #[error("the body did not arrive whole")]
    BodyCut(#[source] axum::BoxError),

    #[error("the body is no gzip, though its content-encoding says so")]
    BrokenGzip(#[source] io::Error),

    #[error("send the body plain or gzipped")]
    Encoding(#[from] UnknownEncoding),

    #[error(transparent)]
    Request(#[from] RequestError),

    /// Shared by all who waited for the page.
    #[error(transparent)]
    Page(#[from] Arc<PagesError>),

    /// The request itself finds no room.
    #[error(transparent)]
    OutOfMemory(#[from] MemoryError),

    #[error("the host failed; its log says more")]
    Panicked,
}

/// A mark for [`Access`](super::access::Access), which alone writes errors: it knows the request's id.
impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
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
            Self::ForeignOrigin => ErrorKind::ForeignOrigin,
            Self::SeveralHosts(_) => ErrorKind::BadRequest,
            Self::NotFound => ErrorKind::NotFound,
            Self::MethodNotAllowed => ErrorKind::MethodNotAllowed,
            Self::BodyTooLarge { .. } => ErrorKind::BodyTooLarge,
            Self::BodyTimeout { .. } => ErrorKind::Timeout,
            Self::HeadersTooLarge { .. } => ErrorKind::HeadersTooLarge,
            Self::Unreadable(_)
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

    /// As the metrics name it: the kind, which for a client that is gone says nothing.
    pub(super) fn outcome(&self) -> &'static str {
        if matches!(self, Self::ClientGone) {
            "client_gone"
        } else {
            self.kind().as_str()
        }
    }

    /// How long the client should wait, where that is known.
    fn retry_after(&self) -> Option<Duration> {
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
                | ConnectorError::Unavailable
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

    /// The answer, and the line of the log: the host's faults as errors, what an operator can mend as warnings, what
    /// only the client can mend as information.
    pub(super) fn answer(&self, record: &RequestRecord) -> Response {
        let kind = self.kind();
        let message = crate::report::chain(self);
        self.log(&message, record.began.elapsed());
        let answer = ErrorAnswer {
            kind,
            message,
            connector: record.name().map(str::to_owned),
            request_id: Some(record.id.clone()),
        };
        let mut response = response::json(answer.write());
        *response.status_mut() = self.status();
        self.add_headers(response.headers_mut());
        response
    }

    fn log(&self, message: &str, took: Duration) {
        let (kind, status, trace) = (self.kind(), self.status(), self.trace());
        let (code, name) = (status.as_u16(), kind.as_str());
        // It may hold a guest's words.
        let logged = crate::report::escaped(message);
        if kind == ErrorKind::Internal {
            tracing::error!(status = code, kind = name, ?took, "{logged}");
        } else if status.is_server_error() || kind == ErrorKind::RateLimited {
            tracing::warn!(status = code, kind = name, ?took, trace, "{logged}");
        } else {
            tracing::info!(status = code, kind = name, ?took, "{logged}");
        }
    }

    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.kind().status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn add_headers(&self, headers: &mut HeaderMap) {
        if let Some(wait) = self.retry_after() {
            // Rounded up: a client that comes back a moment too early is refused again.
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        let kind = self.kind();
        if kind == ErrorKind::MethodNotAllowed {
            headers.insert(header::ALLOW, HeaderValue::from_static("GET, POST"));
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
        ConnectorError::Unavailable | ConnectorError::Loading => ErrorKind::ConnectorUnavailable,
        ConnectorError::ShuttingDown => ErrorKind::ShuttingDown,
        ConnectorError::Busy { .. } => ErrorKind::Busy,
        ConnectorError::Call(error) => call_kind(error),
    }
}

fn call_kind(error: &CallError) -> ErrorKind {
    match error {
        CallError::Guest(error) => guest_kind(error),
        CallError::Crashed { .. } | CallError::Exited { .. } => ErrorKind::ConnectorCrashed,
        CallError::OutOfMemory { .. } => ErrorKind::OutOfMemory,
        CallError::CpuTime { .. } => ErrorKind::CpuExceeded,
        // A page that is postponed is answered as pending, and a schema never is.
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
        CallError::Code(_) => ErrorKind::ConnectorUnavailable,
    }
}

fn guest_kind(error: &GuestError) -> ErrorKind {
    match error {
        GuestError::UnknownTable { .. } => ErrorKind::UnknownTable,
        GuestError::Misconfigured { .. } => ErrorKind::Misconfigured,
        GuestError::InvalidState(_) => ErrorKind::InvalidState,
        GuestError::Unauthorized(_) => ErrorKind::UpstreamUnauthorized,
        GuestError::RateLimited(_) => ErrorKind::RateLimited,
        GuestError::Upstream(_) => ErrorKind::UpstreamFailed,
        GuestError::Failed(_) => ErrorKind::ConnectorFailed,
    }
}
