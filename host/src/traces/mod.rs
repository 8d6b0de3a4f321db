//! Traces: the spans of requests and calls, and their export by the protocol of OpenTelemetry (OTLP).
//!
//! A span is recorded where the thing happens: `server` has the span of a request, `pages` those of a call and of its
//! run, `waits` those of waits, and `egress` those of requests to APIs. This room has the spans themselves, the rules
//! by which traces are recorded and continued, and the task that sends them. It doesn't know what a page is.
//!
//! Without a [`Tracer`], nothing is recorded: every place has an `Option`, and no other cost. A recorded span waits in
//! a queue with a limit, so that a collector that is slow or unreachable costs spans, never time.
//!
//! A leaf: it uses only `config`, `lock`, `report` and `telemetry`.

mod attribute;
mod call_trace;
mod context;
mod export;
mod ids;
mod logged_span;
mod method;
mod open_span;
mod queue;
mod request_span;
mod sampler;
mod source;
mod span_record;
#[cfg(test)]
mod tests;
mod tracer;
mod work_span;

pub(crate) use attribute::AttributeValue;
pub(crate) use call_trace::{CallTrace, SpanHome};
pub(crate) use context::TRACEPARENT;
pub(crate) use export::SpanSender;
pub use export::TraceClientError;
pub(crate) use logged_span::LoggedSpan;
pub(crate) use method::method_name;
pub(crate) use open_span::OpenSpan;
pub(crate) use request_span::RequestSpan;
pub(crate) use span_record::SpanKind;
pub use tracer::Tracer;
pub(crate) use work_span::WorkSpan;
