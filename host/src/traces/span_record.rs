//! A span as it waits to be sent.

use std::borrow::Cow;
use std::sync::Arc;

use super::attribute::AttributeValue;
use super::context::SpanContext;
use super::ids::{SpanId, TraceId};

/// The side of an exchange that a span is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum SpanKind {
    /// None: something within the host.
    #[default]
    Internal,
    /// A request to the host.
    Server,
    /// A request of the host.
    Client,
}

/// The parent of a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SpanParent {
    pub(super) span: SpanId,
    /// Whether it is a span of the client.
    pub(super) is_remote: bool,
}

/// A span with everything that is sent of it.
#[derive(Debug, Default)]
pub(super) struct SpanRecord {
    pub(super) trace: TraceId,
    pub(super) span: SpanId,
    pub(super) parent: Option<SpanParent>,
    pub(super) state: Option<Arc<str>>,
    pub(super) name: Cow<'static, str>,
    pub(super) kind: SpanKind,
    /// Nanoseconds since 1970.
    pub(super) began: u64,
    pub(super) ended: u64,
    pub(super) attributes: Vec<(&'static str, AttributeValue)>,
    pub(super) links: Vec<SpanContext>,
    /// Why it failed; `None` if it did not.
    pub(super) failure: Option<String>,
}

impl SpanRecord {
    /// The ids by which others refer to it.
    pub(super) fn context(&self) -> SpanContext {
        SpanContext {
            trace: self.trace,
            span: self.span,
            state: self.state.clone(),
        }
    }
}
