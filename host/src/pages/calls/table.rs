//! The entries of [`SharedCalls`](super::SharedCalls): which requests wait for what, and which entries may stay.
//!
//! A method returns the entries that it removes, so that they are dropped after the table is unlocked: a page may be
//! large.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::entry::{CallEntry, CallHandle, CallStage};
use super::outcome::{OutcomeBounds, Retention, SharedOutcome};
use super::unwatched::UnwatchedOrder;
use crate::waits::Waits;

pub(super) struct CallTable<K, T> {
    entries: HashMap<K, CallEntry<T>>,
    /// The entries that have no waiters.
    unwatched: UnwatchedOrder<K>,
    /// Outcomes that are being written to a client, by id: new requests can't find them, but they are not forgotten
    /// yet. Their clients wait for them, so they are never without waiters.
    withdrawn: HashMap<u64, UnfinishedDelivery<T>>,
    bounds: OutcomeBounds,
    next_id: u64,
    /// The number of outcomes, both entries and withdrawn ones, and their size in bytes.
    outcomes: usize,
    bytes: u64,
    closed: bool,
}

struct UnfinishedDelivery<T> {
    entry: CallEntry<T>,
    /// How many clients it is being written to.
    deliveries: usize,
}

impl<K, T> CallTable<K, T> {
    pub(super) fn new(bounds: OutcomeBounds) -> Self {
        Self {
            entries: HashMap::new(),
            unwatched: UnwatchedOrder::default(),
            withdrawn: HashMap::new(),
            bounds,
            next_id: 0,
            outcomes: 0,
            bytes: 0,
            closed: false,
        }
    }

    pub(super) fn close(&mut self) {
        self.closed = true;
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }
}

impl<K: Eq + Hash, T> CallTable<K, T> {
    #[cfg(test)]
    pub(super) fn holds(&self, key: &K) -> bool {
        self.entries.contains_key(key)
    }

    /// The number of outcomes without waiters and their bytes, counted from scratch.
    #[cfg(test)]
    pub(super) fn unwatched_outcomes(&self) -> (usize, u64) {
        let all = self.entries.values();
        let withdrawn = self.withdrawn.values().map(|withdrawn| &withdrawn.entry);
        all.chain(withdrawn)
            .filter(|entry| entry.unwatched_since().is_some())
            .fold((0, 0), |(outcomes, bytes), entry| match entry.stage {
                CallStage::Running => (outcomes, bytes),
                CallStage::Finished { bytes: more, .. } => (outcomes + 1, bytes + more),
            })
    }

    /// Removes the entry if it has this id.
    #[must_use = "drop the removed entries after unlocking the table"]
    pub(super) fn remove(&mut self, key: &K, id: u64) -> Option<CallEntry<T>> {
        let entry = if self.is_at(key, id) {
            let entry = self.entries.remove(key)?;
            self.unwatched.remove(&entry);
            entry
        } else {
            self.withdrawn.remove(&id)?.entry
        };
        if let CallStage::Finished { bytes, .. } = entry.stage {
            self.outcomes = self.outcomes.saturating_sub(1);
            self.bytes = self.bytes.saturating_sub(bytes);
        }
        Some(entry)
    }

    /// Hides an outcome from new requests while it is written to one more client. Returns false if it has already
    /// been forgotten.
    pub(super) fn withdraw(&mut self, key: &K, id: u64) -> bool {
        if self.is_at(key, id)
            && let Some(entry) = self.entries.remove(key)
        {
            self.unwatched.remove(&entry);
            let deliveries = 0;
            self.withdrawn
                .insert(id, UnfinishedDelivery { entry, deliveries });
        }
        match self.withdrawn.get_mut(&id) {
            Some(withdrawn) => {
                withdrawn.deliveries += 1;
                true
            }
            None => false,
        }
    }

    /// Removes the entry unless somebody waits for it. Returns whether it is gone.
    pub(super) fn remove_unwatched(&mut self, key: &K, id: u64) -> (bool, Option<CallEntry<T>>) {
        let is_watched = self
            .entries
            .get(key)
            .is_some_and(|entry| entry.id == id && entry.unwatched_since().is_none());
        if is_watched {
            (false, None)
        } else {
            (true, self.remove(key, id))
        }
    }

    /// The waits of the running calls.
    pub(super) fn running(&self) -> Vec<Arc<Waits>> {
        let running = self.entries.values().filter(|entry| entry.is_running());
        running.map(|entry| entry.waits.clone()).collect()
    }

    fn is_at(&self, key: &K, id: u64) -> bool {
        self.entries.get(key).is_some_and(|entry| entry.id == id)
    }
}

impl<K: Eq + Hash + Clone, T> CallTable<K, T> {
    /// Adds a waiter to the entry with this key, if there is one. Also returns the entry of a failure that is thereby
    /// reported and removed.
    pub(super) fn watch(&mut self, key: &K) -> Option<(CallHandle<T>, Option<CallEntry<T>>)> {
        let entry = self.entries.get_mut(key)?;
        self.unwatched.remove(entry);
        entry.watch();
        let handle = entry.handle();
        let is_reported = matches!(
            entry.stage,
            CallStage::Finished {
                keeping: Retention::UntilReported,
                ..
            }
        );
        let reported = is_reported.then(|| self.remove(key, handle.id)).flatten();
        Some((handle, reported))
    }

    /// Adds an entry with one waiter. Also returns the receiver of its number of waiters.
    pub(super) fn insert(
        &mut self,
        key: K,
        outcome: watch::Receiver<Option<T>>,
        waits: Arc<Waits>,
    ) -> (CallHandle<T>, watch::Receiver<usize>) {
        self.next_id = self.next_id.wrapping_add(1);
        let (entry, watched) = CallEntry::new(self.next_id, outcome, waits);
        let handle = entry.handle();
        self.entries.insert(key, entry);
        (handle, watched)
    }

    /// One waiter of this entry has left. Returns the outcomes that exceed the bounds as a result.
    #[must_use = "drop the removed entries after unlocking the table"]
    pub(super) fn leave(&mut self, key: &K, id: u64) -> Vec<CallEntry<T>> {
        match self.entries.get_mut(key).filter(|entry| entry.id == id) {
            Some(entry) => {
                entry.leave();
                self.unwatched.add(key.clone(), entry);
            }
            None => {
                if let Some(withdrawn) = self.withdrawn.get_mut(&id) {
                    withdrawn.entry.leave();
                }
            }
        }
        self.shed()
    }

    /// A delivery of a withdrawn outcome broke off. After the last one, requests can find the outcome again, unless
    /// another call has taken its place. Returns the entries that were removed.
    #[must_use = "drop the removed entries after unlocking the table"]
    pub(super) fn restore(&mut self, key: &K, id: u64) -> Vec<CallEntry<T>> {
        let Some(withdrawn) = self.withdrawn.get_mut(&id) else {
            return Vec::new();
        };
        withdrawn.deliveries = withdrawn.deliveries.saturating_sub(1);
        if withdrawn.deliveries > 0 {
            return Vec::new();
        }
        if self.entries.contains_key(key) {
            return self.remove(key, id).into_iter().collect();
        }
        if let Some(UnfinishedDelivery { entry, .. }) = self.withdrawn.remove(&id) {
            self.unwatched.add(key.clone(), &entry);
            self.entries.insert(key.clone(), entry);
        }
        self.shed()
    }

    /// Removes the outcome that was left the longest time ago. Returns its bytes.
    pub(super) fn remove_oldest_outcome(&mut self) -> Option<(u64, CallEntry<T>)> {
        let (key, id) = self.unwatched.oldest_outcome()?;
        let (key, before) = (key.clone(), self.bytes);
        let entry = self.remove(&key, id)?;
        Some((before.saturating_sub(self.bytes), entry))
    }

    /// Removes the call that was left the longest time ago, and at least this long ago, among those with a matching
    /// key.
    pub(super) fn remove_oldest_call(
        &mut self,
        at_least: Duration,
        matches: impl Fn(&K) -> bool,
    ) -> Option<CallEntry<T>> {
        let (key, id) = self.unwatched.oldest_call(at_least, matches)?;
        let key = key.clone();
        self.remove(&key, id)
    }

    /// How many outcomes are kept, and their bytes.
    pub(super) fn kept(&self) -> (usize, u64) {
        (self.outcomes, self.bytes)
    }

    /// Removes the running calls whose waits match.
    #[must_use = "drop the removed entries after unlocking the table"]
    pub(super) fn remove_running(&mut self, matches: impl Fn(&Waits) -> bool) -> Vec<CallEntry<T>> {
        let such: Vec<(K, u64)> = self
            .entries
            .iter()
            .filter(|(_, entry)| entry.is_running() && matches(&entry.waits))
            .map(|(key, entry)| (key.clone(), entry.id))
            .collect();
        such.iter()
            .filter_map(|(key, id)| self.remove(key, *id))
            .collect()
    }

    /// Removes outcomes without waiters while they exceed the bounds, those left for the longest time first. It is
    /// called whenever an outcome enters the table or loses its last waiter.
    fn shed(&mut self) -> Vec<CallEntry<T>> {
        let mut gone = Vec::new();
        while self.outcomes > self.bounds.outcomes || self.bytes > self.bounds.bytes {
            let Some((_, entry)) = self.remove_oldest_outcome() else {
                break;
            };
            gone.push(entry);
        }
        gone
    }
}

impl<K: Eq + Hash + Clone, T: SharedOutcome> CallTable<K, T> {
    /// Records the outcome of an entry's call. Returns whether the entry stays, and the entries removed instead.
    pub(super) fn finish(&mut self, key: &K, id: u64, outcome: &T) -> (bool, Vec<CallEntry<T>>) {
        let Some(entry) = self.entries.get_mut(key).filter(|entry| entry.id == id) else {
            return (false, Vec::new());
        };
        let keeping = outcome.keeping();
        let stays = match keeping {
            Retention::UntilDelivered => true,
            Retention::UntilReported => entry.unwatched_since().is_some(),
            Retention::ForWaitersOnly => false,
        };
        if !stays {
            return (false, self.remove(key, id).into_iter().collect());
        }
        let bytes = outcome.bytes();
        self.unwatched.remove(entry);
        entry.finish(bytes, keeping);
        self.unwatched.add(key.clone(), entry);
        self.outcomes += 1;
        self.bytes = self.bytes.saturating_add(bytes);
        (true, self.shed())
    }
}
