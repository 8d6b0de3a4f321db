//! Single rules, one at a time; [`model`](super::model) tests how they combine.

mod calls;
mod home;
mod outcomes;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::oneshot;

use super::{CallKey, Linger, OutcomeBounds, Retention, SharedCalls, SharedOutcome, Waiter};
use crate::traces::CallTrace;
use crate::waits::Waits;

const LINGER: Linger = Linger {
    running: Duration::from_secs(120),
    finished: Duration::from_secs(60),
};

/// The outcome of a call in these tests: its number, and the cost of keeping it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TestOutcome {
    pub(super) call: usize,
    pub(super) bytes: u64,
    pub(super) keeping: Retention,
}

impl SharedOutcome for TestOutcome {
    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn keeping(&self) -> Retention {
        self.keeping
    }
}

impl CallKey for &'static str {
    fn waits(&self, _: Option<CallTrace>) -> Arc<Waits> {
        Arc::default()
    }
}

impl CallKey for u8 {
    fn waits(&self, _: Option<CallTrace>) -> Arc<Waits> {
        Arc::default()
    }
}

/// Ends a call. Dropping it ends the call as well.
type End = oneshot::Sender<TestOutcome>;

struct World {
    /// Whether calls run without their requests from the beginning.
    apart: bool,
    calls: SharedCalls<&'static str, TestOutcome>,
    begun: Arc<AtomicUsize>,
}

impl World {
    fn new() -> Self {
        Self::with(OutcomeBounds {
            outcomes: 100,
            bytes: 1_000,
        })
    }

    fn with(bounds: OutcomeBounds) -> Self {
        Self {
            apart: true,
            calls: SharedCalls::new(bounds),
            begun: Arc::default(),
        }
    }

    /// Adds a waiter; with the end of the call if this began a new one.
    fn ask(&self, key: &'static str) -> (Waiter<&'static str, TestOutcome>, Option<End>) {
        let mut end = None;
        let mut waiter = self
            .calls
            .join(key, LINGER, (None, ""), |_, _| {
                self.begun.fetch_add(1, Ordering::Relaxed);
                let (sender, receiver) = oneshot::channel();
                end = Some(sender);
                async move { receiver.await.unwrap() }
            })
            .unwrap();
        if self.apart {
            waiter.leave_task();
        }
        (waiter, end)
    }

    fn begin(&self, key: &'static str) -> (Waiter<&'static str, TestOutcome>, End) {
        let (waiter, end) = self.ask(key);
        (waiter, end.expect("a new call"))
    }

    fn outcome(&self, bytes: u64, keeping: Retention) -> TestOutcome {
        TestOutcome {
            call: self.begun.load(Ordering::Relaxed),
            bytes,
            keeping,
        }
    }

    fn page(&self) -> TestOutcome {
        self.outcome(10, Retention::UntilDelivered)
    }
}

/// Lets every task run until it has to wait.
pub(super) async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}
