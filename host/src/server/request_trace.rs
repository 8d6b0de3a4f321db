//! The span of a request: HTTP as OpenTelemetry describes it
//! (<https://opentelemetry.io/docs/specs/semconv/http/http-spans/>), and what the request was for.

use std::sync::Arc;

use http::request::Parts;
use http::{StatusCode, Version};

use super::record::RequestRecord;
use crate::traces::{AttributeValue, OpenSpan, Tracer, method_name};

/// Begins the spans of requests.
pub(super) struct RequestTracer {
    pub(super) tracer: Arc<Tracer>,
    /// `http` or `https`.
    pub(super) scheme: &'static str,
}

impl RequestTracer {
    /// Begins the span of a request that was let in, if its trace is recorded. The span counts from the request's arrival.
    /// `route` is the form of its path.
    pub(super) fn begin(&self, record: &RequestRecord, parts: &Parts, route: &'static str) {
        let Some(request) = self.tracer.request(&parts.headers) else {
            return;
        };
        let path = parts.uri.path();
        let method = parts.method.as_str();
        let labels = record.labels();
        request.change(|span| {
            span.began_before(record.began.elapsed());
            span.rename(format!("{} {route}", method_name(method)));
            span.set_method(method);
            span.set("http.route", route);
            span.set("url.path", AttributeValue::text(path));
            span.set("url.scheme", self.scheme);
            span.set("network.protocol.version", version(parts.version));
            let client = record.client.map(|client| client.to_string());
            span.set_if("client.address", client.map(AttributeValue::Text));
            span.set("weld.request_id", AttributeValue::text(&record.id));
            span.set_if("weld.connector", labels.connector);
        });
        request.logged().record_in(&tracing::Span::current());
        record.trace(request);
    }
}

/// Ends the span of a request that has its answer. `failure` is the kind of its error, or another reason for having no page.
pub(super) fn end(record: &RequestRecord, status: StatusCode, failure: Option<&'static str>) {
    let Some(request) = record.span() else {
        return;
    };
    let outcome = record.outcome();
    request.end(|span| {
        span.set("http.response.status_code", status.as_u16());
        if let Some(outcome) = outcome.filter(|_| failure.is_none()) {
            match outcome.outcome {
                "ready" if outcome.table.is_none() => {}
                "ready" => span.set("weld.rows", outcome.rows),
                pending => span.set("weld.pending", pending),
            }
            if outcome.has_joined {
                span.set("weld.joined", true);
            }
        }
        if let Some(failure) = failure {
            fail(span, failure, status.is_server_error());
        }
    });
}

/// Ends the span of a request whose client has gone.
pub(super) fn abandon(record: &RequestRecord, failure: &'static str) {
    if let Some(request) = record.span() {
        request.end(|span| fail(span, failure, false));
    }
}

/// A failure of the client itself is none of the server's, by the convention.
fn fail(span: &mut OpenSpan, failure: &'static str, is_own: bool) {
    span.set("error.type", failure);
    if is_own {
        span.fail("");
    }
}

fn version(version: Version) -> &'static str {
    match version {
        Version::HTTP_10 => "1.0",
        Version::HTTP_2 => "2",
        _ => "1.1",
    }
}
