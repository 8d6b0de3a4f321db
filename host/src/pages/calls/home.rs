//! Where the task of a call runs.

use std::future::Future;
use std::panic::{self, AssertUnwindSafe};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;
use tracing::{Instrument, Span};

/// The task of a call within the request that began it. Most pages have no other request, and so take no change of
/// threads. Once that request leaves, the task runs on its own.
pub(super) struct HomeTask {
    task: Pin<Box<dyn Future<Output = ()> + Send>>,
    /// That of the request, for the time after it.
    span: Span,
}

impl HomeTask {
    pub(super) fn new(task: impl Future<Output = ()> + Send + 'static) -> Self {
        Self {
            task: Box::pin(task),
            span: Span::current(),
        }
    }

    /// Goes on. Ready once the task has ended; a panic ends it, too, and goes no further, since a request must get an
    /// answer.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let polled = AssertUnwindSafe(|| self.task.as_mut().poll(context));
        panic::catch_unwind(polled).unwrap_or(Poll::Ready(()))
    }

    /// Goes on without the request. Without a runtime, which has ended then, the task ends.
    pub(super) fn leave(self) {
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(self.task.instrument(self.span));
        }
    }
}
