//! Calls under way, and results that nobody has taken yet: equal requests share one call.
//!
//! A call belongs to no request. It goes on while anybody waits for it, and for a while after the last one left, so
//! that a client who asks again finds it where it is. Its result stays until it has reached a client as a whole, so
//! that a cut connection loses nothing, and no longer, so that nobody gets an old one.
//!
//! One mutex guards the table, and nothing is awaited while it is held.

mod table;
mod waiter;

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use tracing::Instrument;

use crate::lock::Mutex;
use crate::waits::Waits;
use table::Table;
pub(super) use waiter::{Crashed, Waiter};

/// What a call ends in, cheap to clone.
pub(super) trait Outcome: Clone + Send + Sync + 'static {
    /// What keeping it costs, in bytes.
    fn bytes(&self) -> u64;

    /// How long it counts.
    fn keeping(&self) -> Keeping;
}

/// How long an outcome counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keeping {
    /// Until it has reached a client as a whole.
    UntilDelivered,
    /// Until somebody was told: those who wait when it comes, or else the next one who asks.
    UntilTold,
    /// For those who wait when it comes, and nobody else.
    ForThoseWhoWait,
}

/// How long calls and outcomes stay without anybody who waits for them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Linger {
    /// A call.
    pub(super) running: Duration,
    /// Its outcome, from its end or from when the last one left.
    pub(super) finished: Duration,
}

/// What all outcomes that wait for a client may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) outcomes: usize,
    pub(super) bytes: u64,
}

/// The table is closed: no call begins any more.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Closed;

pub(super) struct Calls<K, T>(Arc<Shared<K, T>>);

impl<K, T> Clone for Calls<K, T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

struct Shared<K, T> {
    table: Mutex<Table<K, T>>,
    /// Calls under way.
    running: watch::Sender<usize>,
}

impl<K, T> Calls<K, T>
where
    K: Eq + Hash + Clone + Send + 'static,
    T: Outcome,
{
    pub(super) fn new(bounds: Bounds) -> Self {
        Self(Arc::new(Shared {
            table: Mutex::new(Table::new(bounds)),
            running: watch::Sender::new(0),
        }))
    }

    /// Waits for the call of this key: the one under way, the one whose outcome nobody has taken yet, or a new one,
    /// which `begin` makes, with the waits that `waits` makes.
    ///
    /// # Errors
    ///
    /// [`Closed`], where a new one would have to begin.
    pub(super) fn join<F>(
        &self,
        key: K,
        linger: Linger,
        waits: impl FnOnce() -> Arc<Waits>,
        begin: impl FnOnce(Arc<Waits>) -> F,
    ) -> Result<Waiter<K, T>, Closed>
    where
        F: Future<Output = T> + Send + 'static,
    {
        let mut table = self.0.table();
        if let Some(present) = table.watch(&key) {
            tracing::debug!("joins a call");
            return Ok(Waiter::new(self.0.clone(), key, present, true));
        }
        if table.is_closed() {
            return Err(Closed);
        }
        let waits = waits();
        let outcome = watch::Sender::new(None);
        let (present, watchers) = table.insert(key.clone(), outcome.subscribe(), waits.clone());
        let life = Life {
            shared: self.0.clone(),
            key: key.clone(),
            id: present.id,
            watchers,
        };
        self.0.running.send_modify(|running| *running += 1);
        let running = Running(self.0.clone());
        // In the words of the request that began it.
        tokio::spawn(
            life.run(begin(waits), linger, outcome, running)
                .in_current_span(),
        );
        Ok(Waiter::new(self.0.clone(), key, present, false))
    }

    /// Cancels the call that nobody has waited for the longest, and for `at_least` so long, among those whose keys are
    /// such. Whether there was one.
    pub(super) fn cancel_unwatched(
        &self,
        at_least: Duration,
        is_such: impl Fn(&K) -> bool,
    ) -> bool {
        self.0.table().remove_oldest(|key, entry| {
            entry.is_running() && entry.unwatched_for() >= Some(at_least) && is_such(key)
        })
    }

    #[cfg(test)]
    fn holds(&self, key: &K) -> bool {
        self.0.table().holds(key)
    }

    /// Begins no more calls.
    pub(super) fn close(&self) {
        self.0.table().close();
    }

    /// Waits until all calls have ended, `until` at the most, and cancels those that remain. One that would only sleep
    /// past that time is cancelled at once. Answers how many were cancelled.
    pub(super) async fn drain(&self, until: Instant) -> usize {
        /// How often calls are looked at that may have begun to sleep.
        const LOOK_EVERY: Duration = Duration::from_millis(100);
        let mut running = self.0.running.subscribe();
        let mut cancelled = 0;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            cancelled += self
                .0
                .table()
                .remove_running(|waits| left.is_zero() || waits.sleeps_longer_than(left));
            let ended = running.wait_for(|running| *running == 0);
            // The sender lives in `self`, so an error can't come.
            if tokio::time::timeout(left.min(LOOK_EVERY), ended)
                .await
                .is_ok()
                || left.is_zero()
            {
                return cancelled;
            }
        }
    }
}

impl<K, T> Shared<K, T> {
    fn table(&self) -> MutexGuard<'_, Table<K, T>> {
        self.table.lock()
    }
}

/// A call under way is counted for as long as this lives.
struct Running<K, T>(Arc<Shared<K, T>>);

impl<K, T> Drop for Running<K, T> {
    fn drop(&mut self) {
        self.0
            .running
            .send_modify(|running| *running = running.saturating_sub(1));
    }
}

/// An entry's own task, from its call's beginning to when its outcome is forgotten. Whoever takes the entry out of the
/// table ends it.
struct Life<K: Eq + Hash, T> {
    shared: Arc<Shared<K, T>>,
    key: K,
    id: u64,
    /// How many wait. Closed once the entry is out of the table.
    watchers: watch::Receiver<usize>,
}

impl<K: Eq + Hash + Clone, T: Outcome> Life<K, T> {
    async fn run(
        mut self,
        call: impl Future<Output = T>,
        linger: Linger,
        outcome: watch::Sender<Option<T>>,
        running: Running<K, T>,
    ) {
        // Moved in here, so that the call is dropped before it is counted as ended.
        let ended = async move {
            let _running = running;
            call.await
        };
        let came = tokio::select! {
            biased;
            came = ended => came,
            () = self.forgotten(linger.running) => {
                tracing::info!("cancelled: nobody waits for the call any more");
                return;
            }
        };
        let is_kept = self.shared.table().finish(&self.key, self.id, &came);
        outcome.send_replace(Some(came));
        if is_kept {
            self.forgotten(linger.finished).await;
        }
    }

    /// Waits until nobody has waited for so long, or somebody else took the entry out of the table.
    async fn forgotten(&mut self, linger: Duration) {
        loop {
            if self
                .watchers
                .wait_for(|watchers| *watchers == 0)
                .await
                .is_err()
            {
                return;
            }
            tokio::select! {
                watched = self.watchers.wait_for(|watchers| *watchers > 0) => {
                    if watched.is_err() {
                        return;
                    }
                }
                () = tokio::time::sleep(linger) => {
                    if self.shared.table().remove_unwatched(&self.key, self.id) {
                        return;
                    }
                }
            }
        }
    }
}

impl<K: Eq + Hash, T> Drop for Life<K, T> {
    /// A call that panics takes its entry along.
    fn drop(&mut self) {
        self.shared.table().remove(&self.key, self.id);
    }
}
