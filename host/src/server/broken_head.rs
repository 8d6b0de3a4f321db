//! The answer to a request whose head can't be parsed.
//!
//! hyper answers such a request itself, with only a status. That answer is held back and replaced by one that says
//! what is wrong, as for all other errors.

use std::io;
use std::time::{Duration, SystemTime};

use axum::response::Response;
use http::HeaderValue;
use http::header;
use http_body_util::BodyExt;
use tokio::io::AsyncWriteExt;

use super::error::ApiError;
use super::head::MAX_HEAD_BYTES;
use super::metrics::{self, RequestOutcome};
use super::record::RequestRecord;
use super::request_id;
use super::stall;
use super::transport::Transport;

/// Answers a request that hyper refused with this error, as [`answer`] does.
pub(super) async fn refuse(
    transport: &mut Transport,
    error: &hyper::Error,
    record: RequestRecord,
    within: Duration,
) {
    let fault = if error.is_parse_too_large() {
        ApiError::HeadersTooLarge {
            limit_bytes: MAX_HEAD_BYTES,
        }
    } else {
        ApiError::Unreadable(error.to_string())
    };
    answer(transport, fault, record, within).await;
}

/// The answer to a request that no handler gets, which has its own line in the log and its metrics.
pub(super) fn response(fault: &ApiError, record: &RequestRecord) -> Response {
    let span = tracing::info_span!(
        "request",
        request_id = record.id,
        client = record.client.map(tracing::field::display),
    );
    let mut response = span.in_scope(|| fault.answer(record));
    let outcome = RequestOutcome::without_answer(fault.outcome());
    metrics::record(&record.labels(), &outcome, record.began.elapsed());
    if let Ok(id) = HeaderValue::try_from(&record.id) {
        response.headers_mut().insert(request_id::HEADER, id);
    }
    response
}

/// Answers a request that HTTP has not read. The client has `within` to receive the answer.
pub(super) async fn answer(
    transport: &mut Transport,
    fault: ApiError,
    record: RequestRecord,
    within: Duration,
) {
    let mut response = response(&fault, &record);
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    if let Ok(date) = HeaderValue::try_from(httpdate::fmt_http_date(SystemTime::now())) {
        headers.insert(header::DATE, date);
    }
    let (head, body) = response.into_parts();
    let Ok(body) = body.collect().await.map(|body| body.to_bytes()) else {
        return;
    };
    let mut answer = format!("HTTP/1.1 {}\r\n", head.status).into_bytes();
    for (name, value) in &head.headers {
        answer.extend_from_slice(name.as_str().as_bytes());
        answer.extend_from_slice(b": ");
        answer.extend_from_slice(value.as_bytes());
        answer.extend_from_slice(b"\r\n");
    }
    answer.extend_from_slice(format!("content-length: {}\r\n\r\n", body.len()).as_bytes());
    answer.extend_from_slice(&body);
    match tokio::time::timeout(within, write(transport, &answer)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "a client did not read its answer"),
        Err(_) => stall::note_cut_off(within),
    }
}

async fn write(transport: &mut Transport, bytes: &[u8]) -> io::Result<()> {
    transport.write_all(bytes).await?;
    transport.flush().await
}
