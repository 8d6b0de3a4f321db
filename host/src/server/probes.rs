//! The probes of load balancers and supervisors: whether the host is alive, and whether it should get requests.
//!
//! They need no key and read no body, and wait for no call. Anybody may send them, so what they reveal to strangers is
//! two numbers.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use http::request::Parts;

use super::error::ApiError;
use super::record::RequestRecord;
use super::response;
use super::service::Service;
use crate::access_check::is_of_a_foreign_page;
use crate::connectors::ReportReader;

/// Answers 200 as long as the process serves.
pub(super) const ALIVE: &str = "/healthz";

/// Answers 200 if the host should get requests, and 503 while it loads connectors or shuts down.
pub(super) const READY: &str = "/readyz";

/// The answer of [`ALIVE`].
const ALIVE_TEXT: &str = r#"{"status":"alive"}"#;

/// Whether a normalized path is a probe's.
pub(super) fn is_at(path: &str) -> bool {
    path == ALIVE || path == READY
}

pub(super) async fn alive(Extension(record): Extension<Arc<RequestRecord>>) -> Response {
    record.note_probe();
    response::json(ALIVE_TEXT)
}

pub(super) async fn ready(
    State(service): State<Arc<Service>>,
    Extension(record): Extension<Arc<RequestRecord>>,
    parts: Parts,
) -> Response {
    record.note_probe();
    let report = service.connectors.report(reader(&record, &parts));
    let mut response = response::json(report.json());
    if !report.is_ready() {
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    }
    response
}

pub(super) async fn other_method() -> ApiError {
    ApiError::ProbeMethod
}

/// The reader of the report. A person on this machine may read the folder anyway; a web page in that person's browser may not, and
/// neither may somebody behind a proxy on this machine.
fn reader(record: &RequestRecord, parts: &Parts) -> ReportReader {
    let headers = &parts.headers;
    if record.is_of_this_machine(headers) && !is_of_a_foreign_page(headers) {
        ReportReader::Operator
    } else {
        ReportReader::Stranger
    }
}
