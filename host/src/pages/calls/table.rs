//! The entries of [`SharedCalls`](super::SharedCalls): who waits for what, and what may stay.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::outcome::{OutcomeBounds, Retention, SharedOutcome};
use crate::waits::Waits;

pub(super) struct CallTable<K, T> {
    entries: HashMap<K, CallEntry<T>>,
    /// Outcomes that are just being written to a client, by their ids: out of reach for those who ask now, but not
    /// forgotten yet.
    withdrawn: HashMap<u64, UnfinishedDelivery<T>>,
    bounds: OutcomeBounds,
    next_id: u64,
    /// Outcomes among the entries, and their bytes.
    outcomes: usize,
    bytes: u64,
    closed: bool,
}

/// One call or its outcome.
pub(super) struct CallEntry<T> {
    id: u64,
    stage: CallStage,
    /// Dropped with the entry, which its task notices.
    watchers: watch::Sender<usize>,
    /// None while anybody waits.
    unwatched_since: Option<Instant>,
    outcome: watch::Receiver<Option<T>>,
    waits: Arc<Waits>,
}

#[derive(Debug, Clone, Copy)]
enum CallStage {
    Running,
    Finished { bytes: u64, keeping: Retention },
}

struct UnfinishedDelivery<T> {
    entry: CallEntry<T>,
    /// How many clients it is being written to.
    deliveries: usize,
}

/// What one who waits needs of an entry.
pub(super) struct CallHandle<T> {
    pub(super) id: u64,
    pub(super) outcome: watch::Receiver<Option<T>>,
    pub(super) waits: Arc<Waits>,
}

impl<T> CallEntry<T> {
    pub(super) fn is_running(&self) -> bool {
        matches!(self.stage, CallStage::Running)
    }

    /// For how long nobody has waited; none while somebody does.
    pub(super) fn unwatched_for(&self) -> Option<Duration> {
        Some(self.unwatched_since?.elapsed())
    }

    fn handle(&self) -> CallHandle<T> {
        CallHandle {
            id: self.id,
            outcome: self.outcome.clone(),
            waits: self.waits.clone(),
        }
    }

    fn watch(&mut self) {
        self.unwatched_since = None;
        self.watchers.send_modify(|watchers| *watchers += 1);
    }

    fn leave(&mut self) {
        self.watchers
            .send_modify(|watchers| *watchers = watchers.saturating_sub(1));
        if *self.watchers.borrow() == 0 {
            self.unwatched_since = Some(Instant::now());
        }
    }
}

impl<K, T> CallTable<K, T> {
    pub(super) fn new(bounds: OutcomeBounds) -> Self {
        Self {
            entries: HashMap::new(),
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
    /// One more waits for the entry of this key, if there is one.
    pub(super) fn watch(&mut self, key: &K) -> Option<CallHandle<T>> {
        let entry = self.entries.get_mut(key)?;
        entry.watch();
        let handle = entry.handle();
        if let CallStage::Finished {
            keeping: Retention::UntilTold,
            ..
        } = entry.stage
        {
            self.remove(key, handle.id);
        }
        Some(handle)
    }

    #[cfg(test)]
    pub(super) fn holds(&self, key: &K) -> bool {
        self.entries.contains_key(key)
    }

    /// A new entry, for which one waits. Also answers how many do from now on.
    pub(super) fn insert(
        &mut self,
        key: K,
        outcome: watch::Receiver<Option<T>>,
        waits: Arc<Waits>,
    ) -> (CallHandle<T>, watch::Receiver<usize>) {
        self.next_id = self.next_id.wrapping_add(1);
        let watchers = watch::Sender::new(1);
        let watched = watchers.subscribe();
        let entry = CallEntry {
            id: self.next_id,
            stage: CallStage::Running,
            watchers,
            unwatched_since: None,
            outcome,
            waits,
        };
        let handle = entry.handle();
        self.entries.insert(key, entry);
        (handle, watched)
    }

    /// One of those who waited for this entry does so no longer.
    pub(super) fn leave(&mut self, key: &K, id: u64) {
        let entry = match self.entries.get_mut(key) {
            Some(entry) if entry.id == id => Some(entry),
            _ => self
                .withdrawn
                .get_mut(&id)
                .map(|withdrawn| &mut withdrawn.entry),
        };
        if let Some(entry) = entry {
            entry.leave();
        }
    }

    /// Puts an outcome out of reach for those who ask from now on, while it is written to one more client. Whether it
    /// is not forgotten already.
    pub(super) fn withdraw(&mut self, key: &K, id: u64) -> bool {
        if self.is_at(key, id)
            && let Some(entry) = self.entries.remove(key)
        {
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

    /// Takes the entry out, if it is this one.
    pub(super) fn remove(&mut self, key: &K, id: u64) {
        let entry = if self.is_at(key, id) {
            self.entries.remove(key)
        } else {
            self.withdrawn.remove(&id).map(|withdrawn| withdrawn.entry)
        };
        if let Some(entry) = entry {
            self.count_out(&entry);
        }
    }

    fn is_at(&self, key: &K, id: u64) -> bool {
        self.entries.get(key).is_some_and(|entry| entry.id == id)
    }

    /// Takes the entry out unless somebody waits for it. Whether it is out.
    pub(super) fn remove_unwatched(&mut self, key: &K, id: u64) -> bool {
        let is_watched = self
            .entries
            .get(key)
            .is_some_and(|entry| entry.id == id && entry.unwatched_since.is_none());
        if !is_watched {
            self.remove(key, id);
        }
        !is_watched
    }

    /// Takes out the calls under way whose waits are such. How many there were.
    pub(super) fn remove_running(&mut self, is_such: impl Fn(&Waits) -> bool) -> usize {
        let before = self.entries.len();
        self.entries
            .retain(|_, entry| !(entry.is_running() && is_such(&entry.waits)));
        before - self.entries.len()
    }

    fn count_out(&mut self, entry: &CallEntry<T>) {
        if let CallStage::Finished { bytes, .. } = entry.stage {
            self.outcomes = self.outcomes.saturating_sub(1);
            self.bytes = self.bytes.saturating_sub(bytes);
        }
    }
}

impl<K: Eq + Hash + Clone, T> CallTable<K, T> {
    /// One of the deliveries of a withdrawn outcome broke off. After the last one it is back in reach, unless another call
    /// has begun in its place.
    pub(super) fn restore(&mut self, key: &K, id: u64) {
        let Some(withdrawn) = self.withdrawn.get_mut(&id) else {
            return;
        };
        withdrawn.deliveries = withdrawn.deliveries.saturating_sub(1);
        if withdrawn.deliveries > 0 {
            return;
        }
        let Some(UnfinishedDelivery { entry, .. }) = self.withdrawn.remove(&id) else {
            return;
        };
        if self.entries.contains_key(key) {
            self.count_out(&entry);
        } else {
            self.entries.insert(key.clone(), entry);
        }
    }

    /// Takes out the entry of this kind that nobody has waited for the longest. Whether there was one.
    pub(super) fn remove_oldest(&mut self, is_such: impl Fn(&K, &CallEntry<T>) -> bool) -> bool {
        let oldest = self
            .entries
            .iter()
            .filter(|(key, entry)| entry.unwatched_since.is_some() && is_such(key, entry))
            .min_by_key(|(_, entry)| entry.unwatched_since)
            .map(|(key, entry)| (key.clone(), entry.id));
        match oldest {
            Some((key, id)) => {
                self.remove(&key, id);
                true
            }
            None => false,
        }
    }
}

impl<K: Eq + Hash + Clone, T: SharedOutcome> CallTable<K, T> {
    /// Notes what an entry's call ended in. Whether the entry stays.
    pub(super) fn finish(&mut self, key: &K, id: u64, outcome: &T) -> bool {
        let Some(entry) = self.entries.get_mut(key).filter(|entry| entry.id == id) else {
            return false;
        };
        let keeping = outcome.keeping();
        let stays = match keeping {
            Retention::UntilDelivered => true,
            Retention::UntilTold => entry.unwatched_since.is_some(),
            Retention::ForThoseWhoWait => false,
        };
        if !stays {
            self.remove(key, id);
            return false;
        }
        let bytes = outcome.bytes();
        entry.stage = CallStage::Finished { bytes, keeping };
        self.outcomes += 1;
        self.bytes = self.bytes.saturating_add(bytes);
        while (self.outcomes > self.bounds.outcomes || self.bytes > self.bounds.bytes)
            && self.remove_oldest(|_, entry| !entry.is_running())
        {}
        true
    }
}
