//! The span of one request to the host.

use std::sync::Arc;

use super::call_trace::CallTrace;
use super::context::SpanContext;
use super::logged_span::LoggedSpan;
use super::open_span::OpenSpan;
use super::source::SpanSource;
use super::span_record::{SpanKind, SpanParent, SpanRecord};
use crate::lock::Mutex;

/// The span of one request to the host, shared by those who answer it.
#[derive(Debug)]
pub(crate) struct RequestSpan {
    source: Arc<SpanSource>,
    context: SpanContext,
    /// `None` once it has ended.
    open: Mutex<Option<OpenSpan>>,
}

impl RequestSpan {
    /// A request that begins now, and belongs to `parent`.
    pub(super) fn begin(
        source: &Arc<SpanSource>,
        context: SpanContext,
        parent: Option<SpanParent>,
    ) -> Self {
        let record = SpanRecord {
            trace: context.trace,
            span: context.span,
            parent,
            state: context.state.clone(),
            kind: SpanKind::Server,
            ..SpanRecord::default()
        };
        Self {
            source: source.clone(),
            open: Mutex::new(Some(OpenSpan::begin(&source.queue, record))),
            context,
        }
    }

    /// The span as the log names it.
    pub(crate) fn logged(&self) -> LoggedSpan {
        LoggedSpan::of(&self.context)
    }

    /// Changes the span, unless it has ended.
    pub(crate) fn change(&self, change: impl FnOnce(&mut OpenSpan)) {
        if let Some(span) = &mut *self.open.lock() {
            change(span);
        }
    }

    /// Ends the span, after this last change.
    pub(crate) fn end(&self, change: impl FnOnce(&mut OpenSpan)) {
        let open = self.open.lock().take();
        if let Some(mut span) = open {
            change(&mut span);
        }
    }

    /// A call that the request begins, with the call's span. It may outlast the request.
    pub(crate) fn call(&self, name: &'static str) -> (CallTrace, OpenSpan) {
        CallTrace::begin(&self.source, &self.context, name)
    }

    /// A part of the request.
    pub(crate) fn part(&self, name: &'static str) -> OpenSpan {
        let record = SpanRecord {
            trace: self.context.trace,
            span: self.source.ids.span(),
            parent: Some(SpanParent {
                span: self.context.span,
                is_remote: false,
            }),
            state: self.context.state.clone(),
            name: name.into(),
            ..SpanRecord::default()
        };
        OpenSpan::begin(&self.source.queue, record)
    }

    /// Links to a call that another request has begun.
    pub(crate) fn joins(&self, call: &CallTrace) {
        self.change(|span| span.link(call.context()));
    }
}
