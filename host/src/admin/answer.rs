//! Builds the answers of the admin listener.

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{Response, StatusCode};
use http_body_util::Full;
use weld_protocol::ErrorAnswer;

use super::refusal::AdminRefusal;
use crate::report;

/// An answer, whole.
pub(super) type AdminAnswer = Response<Full<Bytes>>;

/// The format of the metrics: Prometheus' text format.
const METRICS_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A JSON text.
pub(super) fn json(status: StatusCode, text: String) -> AdminAnswer {
    answer(status, "application/json", text)
}

/// A plain text of one line.
pub(super) fn line(text: &str) -> AdminAnswer {
    answer(
        StatusCode::OK,
        "text/plain; charset=utf-8",
        format!("{text}\n"),
    )
}

/// The metrics.
pub(super) fn metrics(text: String) -> AdminAnswer {
    answer(StatusCode::OK, METRICS_TYPE, text)
}

/// A refusal, in the form of all errors of the host.
pub(super) fn refusal(refusal: &AdminRefusal) -> AdminAnswer {
    let kind = refusal.kind();
    let error = ErrorAnswer {
        kind,
        temporary: Some(kind.is_temporary()),
        message: report::chain(refusal),
        connector: None,
        request_id: None,
    };
    let status = StatusCode::from_u16(kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = json(status, error.write());
    let headers = answer.headers_mut();
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    match refusal {
        AdminRefusal::Method { allowed } => {
            headers.insert(header::ALLOW, HeaderValue::from_static(allowed));
        }
        AdminRefusal::TooManyAttempts(attempts) => {
            // Rounded up, since a client that retries a moment too early is refused again.
            let wait = attempts.retry_after;
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        _ => {}
    }
    answer
}

/// Makes this the last answer of its connection.
pub(super) fn close(answer: &mut AdminAnswer) {
    let headers = answer.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
}

fn answer(status: StatusCode, content_type: &'static str, text: String) -> AdminAnswer {
    let mut answer = Response::new(Full::from(text));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}
