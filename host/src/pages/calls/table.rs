//! The entries of [`SharedCalls`](super::SharedCalls): who waits for what, and what may stay.
//!
//! What a method takes out it hands over, so that it is dropped once the table's lock is free: a page may be large.

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
    /// Those of `entries` that nobody waits for.
    unwatched: UnwatchedOrder<K>,
    /// Outcomes that are just being written to a client, by their ids: out of reach for those who ask now, but not
    /// forgotten yet. Their clients wait for them, so they are never unwatched.
    withdrawn: HashMap<u64, UnfinishedDelivery<T>>,
    bounds: OutcomeBounds,
    next_id: u64,
    /// Outcomes among the entries and those withdrawn, and their bytes.
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

    /// Outcomes that nobody waits for, and their bytes, counted anew.
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

    /// Takes the entry out, if it is this one.
    #[must_use = "what is taken out is to be dropped without the lock"]
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

    /// Puts an outcome out of reach for those who ask from now on, while it is written to one more client. Whether it
    /// is not forgotten already.
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

    /// Takes the entry out unless somebody waits for it. Whether it is out.
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

    fn is_at(&self, key: &K, id: u64) -> bool {
        self.entries.get(key).is_some_and(|entry| entry.id == id)
    }
}

impl<K: Eq + Hash + Clone, T> CallTable<K, T> {
    /// One more waits for the entry of this key, if there is one. Also hands over a failure that is told with this.
    pub(super) fn watch(&mut self, key: &K) -> Option<(CallHandle<T>, Option<CallEntry<T>>)> {
        let entry = self.entries.get_mut(key)?;
        self.unwatched.remove(entry);
        entry.watch();
        let handle = entry.handle();
        let is_told = matches!(
            entry.stage,
            CallStage::Finished {
                keeping: Retention::UntilTold,
                ..
            }
        );
        let told = is_told.then(|| self.remove(key, handle.id)).flatten();
        Some((handle, told))
    }

    /// A new entry, for which one waits. Also answers how many do from now on.
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

    /// One of those who waited for this entry does so no longer. Hands over the outcomes that are too many with it.
    #[must_use = "what is taken out is to be dropped without the lock"]
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

    /// One of the deliveries of a withdrawn outcome broke off. After the last one it is back in reach, unless another call
    /// has begun in its place. Hands over what goes.
    #[must_use = "what is taken out is to be dropped without the lock"]
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

    /// Takes out the outcome that was left the longest ago. Answers its bytes.
    pub(super) fn remove_oldest_outcome(&mut self) -> Option<(u64, CallEntry<T>)> {
        let (key, id) = self.unwatched.oldest_outcome()?;
        let (key, before) = (key.clone(), self.bytes);
        let entry = self.remove(&key, id)?;
        Some((before.saturating_sub(self.bytes), entry))
    }

    /// Takes out the call that was left the longest ago, and at least so long, among those with such a key.
    pub(super) fn remove_oldest_call(
        &mut self,
        at_least: Duration,
        is_such: impl Fn(&K) -> bool,
    ) -> Option<CallEntry<T>> {
        let (key, id) = self.unwatched.oldest_call(at_least, is_such)?;
        let key = key.clone();
        self.remove(&key, id)
    }

    /// Takes out the calls under way whose waits are such.
    #[must_use = "what is taken out is to be dropped without the lock"]
    pub(super) fn remove_running(&mut self, is_such: impl Fn(&Waits) -> bool) -> Vec<CallEntry<T>> {
        let such: Vec<(K, u64)> = self
            .entries
            .iter()
            .filter(|(_, entry)| entry.is_running() && is_such(&entry.waits))
            .map(|(key, entry)| (key.clone(), entry.id))
            .collect();
        such.iter()
            .filter_map(|(key, id)| self.remove(key, *id))
            .collect()
    }

    /// Takes out outcomes that nobody waits for while there are too many of all, the longest left first. Every way by which
    /// an outcome comes into the table, or is left by the last who waited for it, ends here.
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
    /// Notes what an entry's call ended in. Whether the entry stays, and what goes instead.
    pub(super) fn finish(&mut self, key: &K, id: u64, outcome: &T) -> (bool, Vec<CallEntry<T>>) {
        let Some(entry) = self.entries.get_mut(key).filter(|entry| entry.id == id) else {
            return (false, Vec::new());
        };
        let keeping = outcome.keeping();
        let stays = match keeping {
            Retention::UntilDelivered => true,
            Retention::UntilTold => entry.unwatched_since().is_some(),
            Retention::ForThoseWhoWait => false,
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
