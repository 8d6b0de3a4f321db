//! The span of work that can be canceled.

use std::thread;

use super::open_span::OpenSpan;

/// The span of work that can be canceled. If it is dropped before [`end`](Self::end), it says so: its `error.type` is
/// `canceled`, or `crashed` if a panic ended the work.
#[derive(Debug)]
pub(crate) struct WorkSpan {
    span: OpenSpan,
    has_ended: bool,
}

impl WorkSpan {
    /// Work that has begun with this span.
    pub(crate) fn new(span: OpenSpan) -> Self {
        Self {
            span,
            has_ended: false,
        }
    }

    /// Ends the span, after this last change: the work came to its own end, well or not.
    pub(crate) fn end(mut self, change: impl FnOnce(&mut OpenSpan)) {
        self.has_ended = true;
        change(&mut self.span);
    }
}

impl Drop for WorkSpan {
    fn drop(&mut self) {
        if !self.has_ended {
            let is_panic = thread::panicking();
            let kind = if is_panic { "crashed" } else { "canceled" };
            self.span.set("error.type", kind);
            self.span.fail("");
        }
    }
}
