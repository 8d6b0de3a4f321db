//! Where the task of a call runs.

use std::future::Future;
use std::panic::{self, AssertUnwindSafe};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use tokio::runtime::Handle;
use tracing::{Instrument, Span};

use crate::lock::Mutex;

/// The task of a call within the request that began it. Most pages have only that request, so they need no task of their
/// own. Once it leaves, the task is spawned.
pub(super) struct HomeTask {
    task: Pin<Box<dyn Future<Output = ()> + Send>>,
    calls: Arc<HomeCalls>,
    /// That of `calls`.
    waker: Waker,
    /// The request's span, for the log after the request has left.
    span: Span,
}

/// Whether the task is to be polled. The request is polled for reasons of its own, too, and a call that is polled takes a
/// turn to compute.
struct HomeCalls {
    is_called: AtomicBool,
    request: Mutex<Option<Waker>>,
}

impl Wake for HomeCalls {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.is_called.store(true, Ordering::Release);
        let request = self.request.lock().clone();
        if let Some(request) = request {
            request.wake();
        }
    }
}

impl HomeTask {
    pub(super) fn new(task: impl Future<Output = ()> + Send + 'static) -> Self {
        let calls = Arc::new(HomeCalls {
            is_called: AtomicBool::new(true),
            request: Mutex::new(None),
        });
        Self {
            task: Box::pin(task),
            waker: calls.clone().into(),
            calls,
            span: Span::current(),
        }
    }

    /// Polls the task if it is to be polled. Ready once it has ended. A panic ends it, too, and goes no further, since the
    /// request must get an answer.
    pub(super) fn poll(&mut self, context: &Context<'_>) -> Poll<()> {
        // Before the look at whether it is called, so that a later call wakes this request.
        *self.calls.request.lock() = Some(context.waker().clone());
        if !self.calls.is_called.swap(false, Ordering::AcqRel) {
            return Poll::Pending;
        }
        let mut context = Context::from_waker(&self.waker);
        let polled = AssertUnwindSafe(|| self.task.as_mut().poll(&mut context));
        panic::catch_unwind(polled).unwrap_or(Poll::Ready(()))
    }

    /// Spawns the task, so that it goes on without the request. Without a runtime, which has ended then, the task is dropped.
    pub(super) fn leave(self) {
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(self.task.instrument(self.span));
        }
    }
}
