//! The keys of calls, their outcomes, and how long these are kept.

use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use crate::traces::CallTrace;
use crate::waits::Waits;

/// What equal requests have in common.
pub(in crate::pages) trait CallKey: Eq + Hash + Clone + Send + 'static {
    /// Where a new call with this key records its waits, and its trace if that is recorded.
    fn waits(&self, trace: Option<CallTrace>) -> Arc<Waits>;
}

/// The outcome of a call. Cheap to clone.
pub(in crate::pages) trait SharedOutcome: Clone + Send + Sync + 'static {
    /// The memory that keeping it costs, in bytes.
    fn bytes(&self) -> u64;

    /// How long it is kept.
    fn keeping(&self) -> Retention;
}

/// How long an outcome is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::pages) enum Retention {
    /// Until it has completely reached a client.
    UntilDelivered,
    /// Until it was reported: to the requests waiting when it comes, or otherwise to the next request.
    UntilReported,
    /// Only for the requests that are waiting when it comes.
    ForWaitersOnly,
}

/// How long calls and outcomes are kept without waiters.
#[derive(Debug, Clone, Copy)]
pub(in crate::pages) struct Linger {
    /// A call.
    pub(in crate::pages) running: Duration,
    /// Its outcome, counted from its end or from when the last waiter left.
    pub(in crate::pages) finished: Duration,
}

/// The memory that all outcomes without waiters may take.
#[derive(Debug, Clone, Copy)]
pub(in crate::pages) struct OutcomeBounds {
    pub(in crate::pages) outcomes: usize,
    pub(in crate::pages) bytes: u64,
}
