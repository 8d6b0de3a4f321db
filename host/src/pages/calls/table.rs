//! The entries of [`Calls`](super::Calls): who waits for what, and what may stay.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::{Bounds, Keeping, Outcome};
use crate::connectors::Waits;

pub(super) struct Table<K, T> {
    entries: HashMap<K, Entry<T>>,
    bounds: Bounds,
    next_id: u64,
    /// Outcomes among the entries, and their bytes.
    outcomes: usize,
    bytes: u64,
    closed: bool,
}

/// One call or its outcome.
pub(super) struct Entry<T> {
    id: u64,
    stage: Stage,
    /// Dropped with the entry, which its task notices.
    watchers: watch::Sender<usize>,
    /// None while anybody waits.
    unwatched_since: Option<Instant>,
    outcome: watch::Receiver<Option<T>>,
    waits: Arc<Waits>,
}

#[derive(Debug, Clone, Copy)]
enum Stage {
    Running,
    Finished { bytes: u64, keeping: Keeping },
}

/// What one who waits needs of an entry.
pub(super) struct Present<T> {
    pub(super) id: u64,
    pub(super) outcome: watch::Receiver<Option<T>>,
    pub(super) waits: Arc<Waits>,
}

impl<T> Entry<T> {
    pub(super) fn is_running(&self) -> bool {
        matches!(self.stage, Stage::Running)
    }

    /// For how long nobody has waited; none while somebody does.
    pub(super) fn unwatched_for(&self) -> Option<Duration> {
        Some(self.unwatched_since?.elapsed())
    }

    fn present(&self) -> Present<T> {
        Present {
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

impl<K, T> Table<K, T> {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self {
            entries: HashMap::new(),
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

impl<K: Eq + Hash, T> Table<K, T> {
    /// One more waits for the entry of this key, if there is one.
    pub(super) fn watch(&mut self, key: &K) -> Option<Present<T>> {
        let entry = self.entries.get_mut(key)?;
        entry.watch();
        let present = entry.present();
        if let Stage::Finished {
            keeping: Keeping::UntilTold,
            ..
        } = entry.stage
        {
            self.remove(key, present.id);
        }
        Some(present)
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
    ) -> (Present<T>, watch::Receiver<usize>) {
        self.next_id = self.next_id.wrapping_add(1);
        let watchers = watch::Sender::new(1);
        let watched = watchers.subscribe();
        let entry = Entry {
            id: self.next_id,
            stage: Stage::Running,
            watchers,
            unwatched_since: None,
            outcome,
            waits,
        };
        let present = entry.present();
        self.entries.insert(key, entry);
        (present, watched)
    }

    /// One of those who waited for this entry does so no longer.
    pub(super) fn leave(&mut self, key: &K, id: u64) {
        if let Some(entry) = self.entries.get_mut(key).filter(|entry| entry.id == id) {
            entry.leave();
        }
    }

    /// Takes the entry out, if it is this one.
    pub(super) fn remove(&mut self, key: &K, id: u64) {
        if self.entries.get(key).is_some_and(|entry| entry.id == id)
            && let Some(entry) = self.entries.remove(key)
        {
            self.count_out(&entry);
        }
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

    fn count_out(&mut self, entry: &Entry<T>) {
        if let Stage::Finished { bytes, .. } = entry.stage {
            self.outcomes = self.outcomes.saturating_sub(1);
            self.bytes = self.bytes.saturating_sub(bytes);
        }
    }
}

impl<K: Eq + Hash + Clone, T> Table<K, T> {
    /// Takes out the entry of this kind that nobody has waited for the longest. Whether there was one.
    pub(super) fn remove_oldest(&mut self, is_such: impl Fn(&Entry<T>) -> bool) -> bool {
        let oldest = self
            .entries
            .iter()
            .filter(|(_, entry)| entry.unwatched_since.is_some() && is_such(entry))
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

impl<K: Eq + Hash + Clone, T: Outcome> Table<K, T> {
    /// Notes what an entry's call ended in. Whether the entry stays.
    pub(super) fn finish(&mut self, key: &K, id: u64, outcome: &T) -> bool {
        let Some(entry) = self.entries.get_mut(key).filter(|entry| entry.id == id) else {
            return false;
        };
        let keeping = outcome.keeping();
        let stays = match keeping {
            Keeping::UntilDelivered => true,
            Keeping::UntilTold => entry.unwatched_since.is_some(),
            Keeping::ForThoseWhoWait => false,
        };
        if !stays {
            self.remove(key, id);
            return false;
        }
        let bytes = outcome.bytes();
        entry.stage = Stage::Finished { bytes, keeping };
        self.outcomes += 1;
        self.bytes = self.bytes.saturating_add(bytes);
        while (self.outcomes > self.bounds.outcomes || self.bytes > self.bounds.bytes)
            && self.remove_oldest(|entry| !entry.is_running())
        {}
        true
    }
}
