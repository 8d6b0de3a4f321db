//! Running calls, and results that nobody has fetched yet. Equal requests share one call.
//!
//! A call belongs to no request. While the one that began it waits, it polls the call; after that, the call has a task
//! of its own. It runs while somebody waits for it, and for a while after the last waiter has left, so that a client that
//! asks again finds it further along. Its result is kept until it has completely reached a client, so that a broken
//! connection loses nothing. After that it is dropped, so that nobody gets an old one.
//!
//! One mutex guards the table. Nothing is awaited while it is held.

mod entry;
mod home;
mod outcome;
mod registry;
mod table;
mod task;
mod unwatched;
mod waiter;

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::traces::{OpenSpan, RequestSpan};
use crate::waits::Waits;
use home::HomeTask;
pub(super) use outcome::{CallKey, Linger, OutcomeBounds, Retention, SharedOutcome};
use registry::{CallRegistry, RunningCall};
use task::CallTask;
pub(super) use waiter::{CallPanic, Waiter};

/// The table is closed: no new call begins.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoMoreCalls;

/// All calls of one kind, and their outcomes.
pub(super) struct SharedCalls<K, T>(Arc<CallRegistry<K, T>>);

impl<K, T> Clone for SharedCalls<K, T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K, T> SharedCalls<K, T>
where
    K: CallKey,
    T: SharedOutcome,
{
    pub(super) fn new(bounds: OutcomeBounds) -> Self {
        Self(Arc::new(CallRegistry::new(bounds)))
    }

    /// Waits for the call with this key: the running one, the one whose outcome nobody has fetched yet, or a new one,
    /// which `begin` creates. `request` is the span of the request that waits, if it is recorded: a new call becomes a part
    /// of its trace, under this name, and `begin` gets the call's span.
    ///
    /// # Errors
    ///
    /// [`NoMoreCalls`] if a new call would have to begin.
    pub(super) fn join<F>(
        &self,
        key: K,
        linger: Linger,
        (request, name): (Option<&RequestSpan>, &'static str),
        begin: impl FnOnce(Arc<Waits>, Option<OpenSpan>) -> F,
    ) -> Result<Waiter<K, T>, NoMoreCalls>
    where
        F: Future<Output = T> + Send + 'static,
    {
        let mut table = self.0.table();
        if let Some((handle, reported)) = table.watch(&key) {
            drop(table);
            drop(reported);
            tracing::debug!("joins a call");
            if let Some(request) = request
                && let Some(call) = handle.waits.trace()
            {
                request.joins(call);
            }
            return Ok(Waiter::new(self.0.clone(), key, handle, None));
        }
        if table.is_closed() {
            return Err(NoMoreCalls);
        }
        let (trace, span) = request.map(|request| request.call(name)).unzip();
        let waits = key.waits(trace);
        let outcome = watch::Sender::new(None);
        let (handle, watchers) = table.insert(key.clone(), outcome.subscribe(), waits.clone());
        let task = CallTask {
            shared: self.0.clone(),
            key: key.clone(),
            id: handle.id,
            watchers,
        };
        let running = RunningCall::begin(&self.0);
        let task = HomeTask::new(task.run(begin(waits, span), linger, outcome, running));
        Ok(Waiter::new(self.0.clone(), key, handle, Some(task)))
    }

    /// The waits of all running calls.
    pub(super) fn running(&self) -> Vec<Arc<Waits>> {
        self.0.table().running()
    }

    /// Cancels the call that has been without waiters for the longest time, and for `at_least` this long, among those
    /// whose keys match `matches`. Returns whether there was one.
    pub(super) fn cancel_unwatched(
        &self,
        at_least: Duration,
        matches: impl Fn(&K) -> bool,
    ) -> bool {
        let canceled = self.0.table().remove_oldest_call(at_least, matches);
        canceled.is_some()
    }

    /// Forgets the outcome that has been without waiters for the longest time. Returns its size in bytes; `None` if
    /// there is none.
    pub(super) fn forget_oldest(&self) -> Option<u64> {
        let forgotten = self.0.table().remove_oldest_outcome();
        forgotten.map(|(bytes, _)| bytes)
    }

    /// How many outcomes are kept, and their bytes.
    pub(super) fn kept(&self) -> (usize, u64) {
        self.0.table().kept()
    }

    #[cfg(test)]
    fn holds(&self, key: &K) -> bool {
        self.0.table().holds(key)
    }

    #[cfg(test)]
    fn unwatched_outcomes(&self) -> (usize, u64) {
        self.0.table().unwatched_outcomes()
    }

    /// Begins no new calls from now on.
    pub(super) fn close(&self) {
        self.0.table().close();
    }

    /// Waits until all calls have ended that somebody waits for, at most until `until`, and cancels the others. A call
    /// that would only sleep past that time is canceled at once. Returns how many were canceled.
    pub(super) async fn drain(&self, until: Instant) -> usize {
        /// How often to look for calls that have begun to sleep.
        const LOOK_EVERY: Duration = Duration::from_millis(100);
        let mut running = self.0.running.subscribe();
        let mut canceled = 0;
        loop {
            while self.cancel_unwatched(Duration::ZERO, |_| true) {
                canceled += 1;
            }
            let left = until.saturating_duration_since(Instant::now());
            let too_long = self
                .0
                .table()
                .remove_running(|waits| left.is_zero() || waits.sleeps_longer_than(left));
            canceled += too_long.len();
            drop(too_long);
            let ended = running.wait_for(|running| *running == 0);
            // The sender is in `self`, so this can't be an error.
            if tokio::time::timeout(left.min(LOOK_EVERY), ended)
                .await
                .is_ok()
                || left.is_zero()
            {
                return canceled;
            }
        }
    }
}
