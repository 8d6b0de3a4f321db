//! What the client and the log get of an error.

use std::time::Duration;

use axum::response::Response;
use http::header::{self, HeaderValue};
use http::{HeaderMap, StatusCode};
use weld_protocol::{ErrorAnswer, ErrorKind};

use super::super::record::RequestRecord;
use super::super::response;
use super::{ApiError, temporary};
use crate::connectors::ConnectorError;
use crate::pages::PagesError;

impl ApiError {
    /// Builds the answer and writes the log line. The host's own faults are logged as errors, faults that an operator
    /// can fix as warnings, and faults that only the client can fix as information.
    pub(in crate::server) fn answer(&self, record: &RequestRecord) -> Response {
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
        if let Some(ConnectorError::Unavailable { reason, .. }) = self.connector_failure() {
            return format!("the connector failed to load: {reason}");
        }
        crate::report::chain(self)
    }

    /// Why the connector gave no result, if that is the cause.
    fn connector_failure(&self) -> Option<&ConnectorError> {
        if let Self::UnjudgedKey { failure, .. } = self {
            return Some(failure);
        }
        if let Self::Page(failure) = self
            && let PagesError::Connector(failure) = failure.as_ref()
        {
            return Some(failure);
        }
        None
    }

    /// Whether the log should mention an error that clients without permission can cause as often as they like. `None` if
    /// it is another one.
    fn mention(&self) -> Option<Option<u64>> {
        if let Self::TooManyAttempts(attempts) = self {
            return Some(attempts.mention);
        }
        if let Self::UnjudgedKey { mention, .. } = self {
            return Some(*mention);
        }
        None
    }

    fn log(&self, message: &str, took: Duration) {
        let (kind, status, trace) = (self.kind(), self.status(), self.trace());
        let (code, name) = (status.as_u16(), kind.as_str());
        let took_ms = crate::report::milliseconds(took);
        // The message may contain text from a guest.
        let logged = crate::report::escaped(message);
        if let Some(mention) = self.mention() {
            log_burst((code, name), mention, &logged, took_ms);
        } else if kind == ErrorKind::Internal {
            tracing::error!(status = code, kind = name, took_ms, "{logged}");
        } else if status.is_server_error() || kind == ErrorKind::RateLimited {
            tracing::warn!(status = code, kind = name, took_ms, trace, "{logged}");
        } else {
            tracing::info!(status = code, kind = name, took_ms, "{logged}");
        }
    }

    /// The HTTP status of the kind.
    pub(super) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.kind().status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    pub(super) fn add_headers(&self, headers: &mut HeaderMap) {
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
        let Some(ConnectorError::Call(error)) = self.connector_failure() else {
            return None;
        };
        error.trace()
    }
}

/// Writes the line of a client that has no permission and can send as many requests as it likes: a warning once for each
/// burst, since the client decides how many lines there are.
fn log_burst((code, name): (u16, &str), mention: Option<u64>, message: &str, took_ms: f64) {
    match mention {
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
