//! The span of one try of a request to an API: HTTP as OpenTelemetry describes it
//! (<https://opentelemetry.io/docs/specs/semconv/http/http-spans/>). It has no query and no user information, which may
//! contain credentials; its path is the log's, in which secrets are replaced.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use url::Url;

use crate::traces::{AttributeValue, CallTrace, OpenSpan, SpanHome, SpanKind, method_name};

/// The span of one try.
#[derive(Debug)]
pub(super) struct CallSpan(OpenSpan);

/// How a try ended, as its span says it.
pub(super) struct CallSpanEnd<'e> {
    pub(super) status: Option<u16>,
    /// The kind and the text of its failure.
    pub(super) failure: Option<(&'static str, &'e str)>,
    pub(super) sent_bytes: u64,
    pub(super) received_bytes: u64,
    /// The time to the head of the response, that to resolve the name, and that to connect.
    pub(super) parts: [Option<Duration>; 3],
}

impl CallSpan {
    /// The span of a try that begins now. `shown_path` is the path without secrets. `None` if the call has too many
    /// spans.
    pub(super) fn begin(
        trace: &CallTrace,
        method: &str,
        (url, origin): (&Url, &Arc<str>),
        shown_path: &str,
    ) -> Option<Self> {
        let mut span = trace.span(SpanHome::Run, method_name(method), SpanKind::Client)?;
        span.set_method(method);
        let host = url.host_str().unwrap_or_default();
        span.set("server.address", AttributeValue::text(host));
        span.set_if("server.port", url.port_or_known_default());
        let full = format!("{origin}{shown_path}");
        span.set("url.full", AttributeValue::text(&full));
        Some(Self(span))
    }

    /// Sets how often the same request was sent before.
    pub(super) fn resends(&mut self, before: u32) {
        if before > 0 {
            self.0.set("http.request.resend_count", u64::from(before));
        }
    }

    /// Notes that the try was held for this long, and begins now.
    pub(super) fn held(&mut self, time: Duration) {
        self.0.began_before(Duration::ZERO);
        self.0
            .set("weld.held_ms", AttributeValue::milliseconds(time));
    }

    /// The header by which the API can continue the trace.
    pub(super) fn traceparent(&self) -> Option<HeaderValue> {
        self.0.traceparent()
    }

    /// Ends the span.
    pub(super) fn end(mut self, end: &CallSpanEnd<'_>) {
        let span = &mut self.0;
        span.set_if("http.response.status_code", end.status);
        span.set("http.request.body.size", end.sent_bytes);
        span.set("http.response.body.size", end.received_bytes);
        for (key, time) in ["weld.first_byte_ms", "weld.resolve_ms", "weld.connect_ms"]
            .into_iter()
            .zip(end.parts)
        {
            span.set_if(key, time.map(AttributeValue::milliseconds));
        }
        match (end.failure, end.status) {
            (Some((kind, text)), _) => {
                span.set("error.type", kind);
                span.fail(text);
            }
            (None, Some(status)) if status >= 400 => {
                span.set("error.type", AttributeValue::Text(status.to_string()));
                span.fail("");
            }
            (None, _) => {}
        }
    }
}
