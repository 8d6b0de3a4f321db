//! The spans of one call, which several requests may wait for.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::context::SpanContext;
use super::ids::SpanId;
use super::open_span::OpenSpan;
use super::queue::SpanLoss;
use super::source::SpanSource;
use super::span_record::{SpanKind, SpanParent, SpanRecord};

/// How many spans one call may have: a connector decides how many requests it sends.
pub(super) const MAX_SPANS: u32 = 1_000;

/// The span that another one is a part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SpanHome {
    /// The call.
    Call,
    /// The run of the connector within it.
    Run,
}

/// The trace of one call that is recorded. Clones belong to the same call.
#[derive(Debug, Clone)]
pub(crate) struct CallTrace(Arc<CallSpans>);

#[derive(Debug)]
struct CallSpans {
    source: Arc<SpanSource>,
    call: SpanContext,
    run: SpanId,
    /// How many more spans it may have.
    left: AtomicU32,
}

impl CallTrace {
    /// A call within this span.
    pub(super) fn begin(
        source: &Arc<SpanSource>,
        parent: &SpanContext,
        name: &'static str,
    ) -> (Self, OpenSpan) {
        let call = SpanContext {
            span: source.ids.span(),
            ..parent.clone()
        };
        let record = SpanRecord {
            trace: call.trace,
            span: call.span,
            parent: Some(SpanParent {
                span: parent.span,
                is_remote: false,
            }),
            state: call.state.clone(),
            name: name.into(),
            ..SpanRecord::default()
        };
        let span = OpenSpan::begin(&source.queue, record);
        let spans = CallSpans {
            source: source.clone(),
            call,
            run: source.ids.span(),
            left: AtomicU32::new(MAX_SPANS),
        };
        (Self(Arc::new(spans)), span)
    }

    /// The run of the connector, a part of the call.
    pub(crate) fn run(&self, name: &'static str) -> OpenSpan {
        self.open(
            self.0.run,
            self.0.call.span,
            name.into(),
            SpanKind::Internal,
        )
    }

    /// A part of the call or of its run. `None` if the call has too many spans.
    pub(crate) fn span(
        &self,
        home: SpanHome,
        name: impl Into<Cow<'static, str>>,
        kind: SpanKind,
    ) -> Option<OpenSpan> {
        if !self.takes_another() {
            return None;
        }
        let parent = match home {
            SpanHome::Call => self.0.call.span,
            SpanHome::Run => self.0.run,
        };
        Some(self.open(self.0.source.ids.span(), parent, name.into(), kind))
    }

    /// Work of its own that the run begins and that may outlast it, with its span. `None` if the call has too many
    /// spans.
    pub(crate) fn branch(&self, name: &'static str) -> Option<(Self, OpenSpan)> {
        if !self.takes_another() {
            return None;
        }
        let parent = SpanContext {
            span: self.0.run,
            ..self.0.call.clone()
        };
        let (mut branch, span) = Self::begin(&self.0.source, &parent, name);
        // Its requests are parts of the branch itself: nothing runs in it.
        if let Some(spans) = Arc::get_mut(&mut branch.0) {
            spans.run = spans.call.span;
        }
        Some((branch, span))
    }

    /// The call's own span.
    pub(super) fn context(&self) -> SpanContext {
        self.0.call.clone()
    }

    fn takes_another(&self) -> bool {
        let taken = self
            .0
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(1)
            });
        if taken.is_err() {
            SpanLoss::CallLimit.count(1);
        }
        taken.is_ok()
    }

    fn open(
        &self,
        span: SpanId,
        parent: SpanId,
        name: Cow<'static, str>,
        kind: SpanKind,
    ) -> OpenSpan {
        let call = &self.0.call;
        let record = SpanRecord {
            trace: call.trace,
            span,
            parent: Some(SpanParent {
                span: parent,
                is_remote: false,
            }),
            state: call.state.clone(),
            name,
            kind,
            ..SpanRecord::default()
        };
        OpenSpan::begin(&self.0.source.queue, record)
    }
}
