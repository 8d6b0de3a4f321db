//! Single rules, one at a time; how they go together is the subject of [`model`](super::model).

mod calls;
mod outcomes;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::oneshot;

use super::{CallKey, Linger, OutcomeBounds, Retention, SharedCalls, SharedOutcome, Waiter};
use crate::waits::Waits;

const LINGER: Linger = Linger {
    running: Duration::from_secs(120),
    finished: Duration::from_secs(60),
};

/// What a call of these tests ends in: its number, and what it costs to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) call: usize,
    pub(super) bytes: u64,
    pub(super) keeping: Retention,
}

impl SharedOutcome for Told {
    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn keeping(&self) -> Retention {
        self.keeping
    }
}

impl CallKey for &'static str {
    fn waits(&self) -> Arc<Waits> {
        Arc::default()
    }
}

impl CallKey for u8 {
    fn waits(&self) -> Arc<Waits> {
        Arc::default()
    }
}

/// Ends a call, which is over by itself once this is closed.
type End = oneshot::Sender<Told>;

struct World {
    calls: SharedCalls<&'static str, Told>,
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
            calls: SharedCalls::new(bounds),
            begun: Arc::default(),
        }
    }

    /// One more who waits; with the end of the call, where it began for this one.
    fn ask(&self, key: &'static str) -> (Waiter<&'static str, Told>, Option<End>) {
        let mut end = None;
        let waiter = self
            .calls
            .join(key, LINGER, |_| {
                self.begun.fetch_add(1, Ordering::Relaxed);
                let (sender, receiver) = oneshot::channel();
                end = Some(sender);
                async move { receiver.await.unwrap() }
            })
            .unwrap();
        (waiter, end)
    }

    fn begin(&self, key: &'static str) -> (Waiter<&'static str, Told>, End) {
        let (waiter, end) = self.ask(key);
        (waiter, end.expect("a new call"))
    }

    fn told(&self, bytes: u64, keeping: Retention) -> Told {
        Told {
            call: self.begun.load(Ordering::Relaxed),
            bytes,
            keeping,
        }
    }

    fn page(&self) -> Told {
        self.told(10, Retention::UntilDelivered)
    }
}

/// Lets every task do what it can do now.
pub(super) async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}
