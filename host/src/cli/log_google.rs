//! Events as Google's Cloud Logging reads them from a container's output: its own names for severity and time, the trace in
//! the form by which its pages find it, and a request as `httpRequest`
//! (<https://cloud.google.com/logging/docs/structured-logging#structured_logging_special_fields>).

use serde::Serialize;
use serde::ser::SerializeMap;
use serde_json::Value;
use tracing::Level;

use super::log_members::EventMembers;
use super::log_span::{HTTP_METHOD, HTTP_PATH, SPAN_ID, TRACE_ID, TRACE_SAMPLED};

/// The variable with the id of the project that the traces belong to.
const PROJECT_VARIABLE: &str = "GOOGLE_CLOUD_PROJECT";

/// A variable that Cloud Run sets, which logs each request itself, and every other Knative, which doesn't.
const SERVICE_VARIABLE: &str = "K_SERVICE";

/// A variable that Kubernetes sets, and so Knative there, but Cloud Run doesn't.
const KUBERNETES_VARIABLE: &str = "KUBERNETES_SERVICE_HOST";

/// The part of the host whose events with a status are the answers to requests.
const SERVER: &str = "weld_host::server";

/// The name of a level in Cloud Logging.
pub(super) fn severity(level: Level) -> &'static str {
    match level {
        Level::ERROR => "ERROR",
        Level::WARN => "WARNING",
        Level::INFO => "INFO",
        _ => "DEBUG",
    }
}

/// What the members of events depend on.
#[derive(Debug, Default)]
pub(super) struct GoogleNames {
    /// The project of traces. Without it, a trace is a bare id, since its name contains the project.
    pub(super) project: Option<String>,
    /// Whether the platform logs each request itself. Another entry of the same form would look like a second request.
    pub(super) has_request_log: bool,
}

impl GoogleNames {
    /// As the variables of this process say.
    pub(super) fn of_process() -> Self {
        let project = std::env::var(PROJECT_VARIABLE).ok();
        let is_set = |name| std::env::var_os(name).is_some();
        Self {
            project: project.filter(|project| !project.is_empty()),
            has_request_log: is_set(SERVICE_VARIABLE) && !is_set(KUBERNETES_VARIABLE),
        }
    }

    /// Writes the members of an event, after its severity, time, target and message.
    pub(super) fn write_members<M: SerializeMap>(
        &self,
        object: &mut M,
        target: &str,
        members: &EventMembers,
    ) -> Result<(), M::Error> {
        let request = LoggedRequest::of(target, members);
        if let Some(request) = request.filter(|_| !self.has_request_log) {
            object.serialize_entry("httpRequest", &request)?;
        }
        for (name, value) in members.others() {
            match name {
                TRACE_ID => {
                    let trace = value.as_str().unwrap_or_default();
                    object.serialize_entry("logging.googleapis.com/trace", &self.trace(trace))?;
                }
                SPAN_ID => object.serialize_entry("logging.googleapis.com/spanId", value)?,
                TRACE_SAMPLED => {
                    object.serialize_entry("logging.googleapis.com/trace_sampled", value)?;
                }
                HTTP_METHOD | HTTP_PATH => {}
                _ => object.serialize_entry(name, value)?,
            }
        }
        Ok(())
    }

    fn trace(&self, id: &str) -> String {
        match &self.project {
            Some(project) => format!("projects/{project}/traces/{id}"),
            None => id.to_owned(),
        }
    }
}

/// A request and its answer (<https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry#HttpRequest>).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct LoggedRequest<'m> {
    #[serde(skip_serializing_if = "Option::is_none")]
    request_method: Option<&'m str>,
    /// The path alone: the host doesn't know under which name the client reached it.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_url: Option<&'m str>,
    status: u64,
    /// Numbers of 64 bits are texts in Google's JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    response_size: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remote_ip: Option<&'m str>,
    /// In seconds.
    latency: String,
}

impl<'m> LoggedRequest<'m> {
    /// The request whose answer the event reports; `None` if it reports something else.
    fn of(target: &str, members: &'m EventMembers) -> Option<Self> {
        if !target.starts_with(SERVER) {
            return None;
        }
        let text = |name| members.get(name).and_then(Value::as_str);
        let number = |name| members.get(name).and_then(Value::as_u64);
        let took_ms = members.get("took_ms")?.as_f64()?;
        Some(Self {
            request_method: text(HTTP_METHOD),
            request_url: text(HTTP_PATH),
            status: number("status")?,
            response_size: number("sent_bytes")
                .or_else(|| number("bytes"))
                .map(|bytes| bytes.to_string()),
            remote_ip: text("client"),
            latency: format!("{:.6}s", took_ms / 1_000.0),
        })
    }
}
