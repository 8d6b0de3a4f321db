//! The messages of OTLP (<https://opentelemetry.io/docs/specs/otlp/>), as far as the host sends and reads them. The
//! numbers are those of `opentelemetry/proto/trace/v1/trace.proto`, `common`, `resource` and `collector/trace`, 1.x.

use std::io::Write as _;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use prost::{Message, Oneof};

use super::super::attribute::AttributeValue;
use super::super::context::SpanContext;
use super::super::ids::TraceId;
use super::super::span_record::{SpanKind, SpanRecord};

/// The flags of a span that is recorded, and whether its parent is remote is known.
const FLAGS: u32 = 0x101;

/// The flag that the parent of a span, or the span of a link, is remote.
const IS_REMOTE: u32 = 0x200;

/// The code of a status that is a failure.
const FAILURE: i32 = 2;

/// `ExportTraceServiceRequest`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct ExportRequest {
    #[prost(message, repeated, tag = "1")]
    resource_spans: Vec<ResourceSpans>,
}

#[derive(Clone, PartialEq, Message)]
struct ResourceSpans {
    #[prost(message, optional, tag = "1")]
    resource: Option<ResourceMessage>,
    #[prost(message, repeated, tag = "2")]
    scope_spans: Vec<ScopeSpans>,
}

/// `Resource`: what is said of the process.
#[derive(Clone, PartialEq, Message)]
pub(super) struct ResourceMessage {
    #[prost(message, repeated, tag = "1")]
    attributes: Vec<AttributeMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct ScopeSpans {
    #[prost(message, optional, tag = "1")]
    scope: Option<InstrumentationScope>,
    #[prost(message, repeated, tag = "2")]
    spans: Vec<SpanMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct InstrumentationScope {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    version: String,
}

/// `Span`.
#[derive(Clone, PartialEq, Message)]
struct SpanMessage {
    #[prost(bytes = "vec", tag = "1")]
    trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    span_id: Vec<u8>,
    #[prost(string, tag = "3")]
    trace_state: String,
    #[prost(bytes = "vec", tag = "4")]
    parent_span_id: Vec<u8>,
    #[prost(string, tag = "5")]
    name: String,
    #[prost(int32, tag = "6")]
    kind: i32,
    #[prost(fixed64, tag = "7")]
    start_time_unix_nano: u64,
    #[prost(fixed64, tag = "8")]
    end_time_unix_nano: u64,
    #[prost(message, repeated, tag = "9")]
    attributes: Vec<AttributeMessage>,
    #[prost(message, repeated, tag = "13")]
    links: Vec<LinkMessage>,
    #[prost(message, optional, tag = "15")]
    status: Option<StatusMessage>,
    #[prost(fixed32, tag = "16")]
    flags: u32,
}

/// `Span.Link`.
#[derive(Clone, PartialEq, Message)]
struct LinkMessage {
    #[prost(bytes = "vec", tag = "1")]
    trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    span_id: Vec<u8>,
    #[prost(string, tag = "3")]
    trace_state: String,
    #[prost(fixed32, tag = "6")]
    flags: u32,
}

/// `Status`.
#[derive(Clone, PartialEq, Message)]
struct StatusMessage {
    #[prost(string, tag = "2")]
    message: String,
    #[prost(int32, tag = "3")]
    code: i32,
}

/// `KeyValue`.
#[derive(Clone, PartialEq, Message)]
struct AttributeMessage {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(message, optional, tag = "2")]
    value: Option<AnyValueMessage>,
}

/// `AnyValue`.
#[derive(Clone, PartialEq, Message)]
struct AnyValueMessage {
    #[prost(oneof = "AnyValueKind", tags = "1, 2, 3, 4")]
    value: Option<AnyValueKind>,
}

#[derive(Clone, PartialEq, Oneof)]
enum AnyValueKind {
    #[prost(string, tag = "1")]
    Text(String),
    #[prost(bool, tag = "2")]
    Switch(bool),
    #[prost(int64, tag = "3")]
    Number(i64),
    #[prost(double, tag = "4")]
    Fraction(f64),
}

/// `ExportTraceServiceResponse`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct ExportResponse {
    #[prost(message, optional, tag = "1")]
    pub(super) partial_success: Option<PartialSuccess>,
}

/// `ExportTracePartialSuccess`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct PartialSuccess {
    #[prost(int64, tag = "1")]
    pub(super) rejected_spans: i64,
    #[prost(string, tag = "2")]
    pub(super) error_message: String,
}

impl ExportRequest {
    /// The request with these spans of the process.
    pub(super) fn new(resource: ResourceMessage, spans: Vec<SpanRecord>) -> Self {
        let scope = InstrumentationScope {
            name: "weld-host".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        Self {
            resource_spans: vec![ResourceSpans {
                resource: Some(resource),
                scope_spans: vec![ScopeSpans {
                    scope: Some(scope),
                    spans: spans.into_iter().map(SpanMessage::from).collect(),
                }],
            }],
        }
    }

    /// The body of the request.
    pub(super) fn into_body(self, compression: bool) -> Bytes {
        let plain = self.encode_to_vec();
        if !compression {
            return plain.into();
        }
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        // Writing to memory doesn't fail.
        let _ = encoder.write_all(&plain);
        encoder.finish().unwrap_or_default().into()
    }
}

impl ResourceMessage {
    /// The resource with these attributes, and an id of this process unless they have one.
    pub(super) fn new(attributes: &[(String, String)], process: &TraceId) -> Self {
        const INSTANCE: &str = "service.instance.id";
        let has_instance = attributes.iter().any(|(key, _)| key == INSTANCE);
        let instance = (!has_instance).then(|| (INSTANCE.to_owned(), process.to_string()));
        let all = attributes.iter().cloned().chain(instance);
        Self {
            attributes: all
                .map(|(key, value)| AttributeMessage::new(key, AnyValueKind::Text(value)))
                .collect(),
        }
    }
}

impl AttributeMessage {
    fn new(key: String, value: AnyValueKind) -> Self {
        let value = AnyValueMessage { value: Some(value) };
        Self {
            key,
            value: Some(value),
        }
    }
}

impl From<SpanRecord> for SpanMessage {
    fn from(span: SpanRecord) -> Self {
        let is_remote = span.parent.is_some_and(|parent| parent.is_remote);
        let attributes = span.attributes.into_iter();
        Self {
            trace_id: span.trace.0.into(),
            span_id: span.span.0.into(),
            trace_state: text(span.state.as_deref()),
            parent_span_id: span
                .parent
                .map_or_else(Vec::new, |parent| parent.span.0.into()),
            name: span.name.into_owned(),
            kind: match span.kind {
                SpanKind::Internal => 1,
                SpanKind::Server => 2,
                SpanKind::Client => 3,
            },
            start_time_unix_nano: span.began,
            end_time_unix_nano: span.ended,
            attributes: attributes
                .map(|(key, value)| AttributeMessage::new(key.to_owned(), value.into()))
                .collect(),
            links: span.links.into_iter().map(LinkMessage::from).collect(),
            status: span.failure.map(|message| StatusMessage {
                message,
                code: FAILURE,
            }),
            flags: FLAGS | if is_remote { IS_REMOTE } else { 0 },
        }
    }
}

impl From<SpanContext> for LinkMessage {
    fn from(to: SpanContext) -> Self {
        Self {
            trace_id: to.trace.0.into(),
            span_id: to.span.0.into(),
            trace_state: text(to.state.as_deref()),
            flags: FLAGS,
        }
    }
}

impl From<AttributeValue> for AnyValueKind {
    fn from(value: AttributeValue) -> Self {
        match value {
            AttributeValue::Name(name) => Self::Text(name.to_owned()),
            AttributeValue::Shared(text) => Self::Text(text.as_ref().to_owned()),
            AttributeValue::Text(text) => Self::Text(text),
            AttributeValue::Number(number) => Self::Number(number),
            AttributeValue::Fraction(fraction) => Self::Fraction(fraction),
            AttributeValue::Switch(is_on) => Self::Switch(is_on),
        }
    }
}

fn text(text: Option<&str>) -> String {
    text.unwrap_or_default().to_owned()
}
