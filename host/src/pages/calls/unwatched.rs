//! The order in which entries without waiters are removed.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::entry::CallEntry;

/// The keys of entries without waiters, those left for the longest time first. Of several that were left at the same
/// time, the oldest call comes first.
pub(super) struct UnwatchedOrder<K> {
    calls: BTreeMap<(Instant, u64), K>,
    outcomes: BTreeMap<(Instant, u64), K>,
}

impl<K> Default for UnwatchedOrder<K> {
    fn default() -> Self {
        Self {
            calls: BTreeMap::new(),
            outcomes: BTreeMap::new(),
        }
    }
}

impl<K> UnwatchedOrder<K> {
    /// Adds an entry, unless somebody waits for it.
    pub(super) fn add<T>(&mut self, key: K, entry: &CallEntry<T>) {
        if let Some(since) = entry.unwatched_since() {
            self.of(entry).insert((since, entry.id), key);
        }
    }

    /// Removes an entry that may have been added in its present state.
    pub(super) fn remove<T>(&mut self, entry: &CallEntry<T>) {
        if let Some(since) = entry.unwatched_since() {
            self.of(entry).remove(&(since, entry.id));
        }
    }

    /// The key and id of the outcome that was left the longest time ago.
    pub(super) fn oldest_outcome(&self) -> Option<(&K, u64)> {
        let ((_, id), key) = self.outcomes.first_key_value()?;
        Some((key, *id))
    }

    /// The key and id of the call that was left the longest time ago, and at least this long ago, among those with a
    /// matching key.
    pub(super) fn oldest_call(
        &self,
        at_least: Duration,
        matches: impl Fn(&K) -> bool,
    ) -> Option<(&K, u64)> {
        self.calls
            .iter()
            .take_while(|((since, _), _)| since.elapsed() >= at_least)
            .find(|(_, key)| matches(key))
            .map(|((_, id), key)| (key, *id))
    }

    fn of<T>(&mut self, entry: &CallEntry<T>) -> &mut BTreeMap<(Instant, u64), K> {
        if entry.is_running() {
            &mut self.calls
        } else {
            &mut self.outcomes
        }
    }
}
