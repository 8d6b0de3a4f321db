//! A queue that is fair between the keys that share it: they take turns, and the entries of each key keep their
//! order.
//!
//! A leaf: it may use no other room. Admission uses one for calls that wait for a sandbox, and the sandbox one for
//! calls that wait for a processor.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// Entries of type `T` under keys of type `K`. A key with more entries than others makes itself wait longer, not
/// them.
#[derive(Debug)]
pub(crate) struct FairQueue<K, T> {
    rows: HashMap<K, VecDeque<(u64, T)>>,
    /// The keys that have entries; the first one is next.
    turns: VecDeque<K>,
    entries: usize,
    next_number: u64,
}

/// An entry's place in the queue, with which it can be found again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ticket<K> {
    pub(crate) key: K,
    /// Unique within the queue.
    pub(crate) number: u64,
}

impl<K, T> Default for FairQueue<K, T> {
    fn default() -> Self {
        Self {
            rows: HashMap::new(),
            turns: VecDeque::new(),
            entries: 0,
            next_number: 0,
        }
    }
}

impl<K: Clone + Eq + Hash, T> FairQueue<K, T> {
    /// The number of entries.
    pub(crate) fn len(&self) -> usize {
        self.entries
    }

    /// The number of entries of this key.
    pub(crate) fn len_of(&self, key: &K) -> usize {
        self.rows.get(key).map_or(0, VecDeque::len)
    }

    /// Adds an entry at the end of its key's row.
    pub(crate) fn push(&mut self, key: K, entry: T) -> Ticket<K> {
        let number = self.next_number;
        self.next_number = self.next_number.wrapping_add(1);
        if !self.rows.contains_key(&key) {
            self.turns.push_back(key.clone());
        }
        self.rows
            .entry(key.clone())
            .or_default()
            .push_back((number, entry));
        self.entries += 1;
        Ticket { key, number }
    }

    /// The entry of this ticket; `None` if it has left the queue.
    pub(crate) fn get_mut(&mut self, ticket: &Ticket<K>) -> Option<&mut T> {
        let row = self.rows.get_mut(&ticket.key)?;
        let place = place(row, ticket.number)?;
        row.get_mut(place).map(|(_, entry)| entry)
    }

    /// Removes the entry of this ticket; `None` if it has left the queue.
    pub(crate) fn remove(&mut self, ticket: &Ticket<K>) -> Option<T> {
        let row = self.rows.get_mut(&ticket.key)?;
        let place = place(row, ticket.number)?;
        let (_, entry) = row.remove(place)?;
        self.left(&ticket.key);
        Some(entry)
    }

    /// Removes the first entry of the key whose turn it is. A key is skipped and keeps its turn if `may` is false for
    /// its first entry.
    pub(crate) fn pop(&mut self, may: impl Fn(&K, &T) -> bool) -> Option<(Ticket<K>, T)> {
        let turn = self.turns.iter().position(|key| {
            let first = self.rows.get(key).and_then(VecDeque::front);
            first.is_some_and(|(_, entry)| may(key, entry))
        })?;
        let key = self.turns.remove(turn)?;
        self.turns.push_back(key.clone());
        let (number, entry) = self.rows.get_mut(&key)?.pop_front()?;
        self.left(&key);
        Some((Ticket { key, number }, entry))
    }

    /// The key that has the most entries, if it has more than `key`; otherwise `None`.
    pub(crate) fn longer_than(&self, key: &K) -> Option<&K> {
        let own = self.len_of(key);
        let longest = self.turns.iter().max_by_key(|key| self.len_of(key))?;
        (self.len_of(longest) > own).then_some(longest)
    }

    /// Removes the newest entry of this key.
    pub(crate) fn pop_newest(&mut self, key: &K) -> Option<T> {
        let (_, entry) = self.rows.get_mut(key)?.pop_back()?;
        self.left(key);
        Some(entry)
    }

    /// Removes all entries.
    pub(crate) fn clear(&mut self) {
        self.rows.clear();
        self.turns.clear();
        self.entries = 0;
    }

    /// Called after an entry of this key was removed.
    fn left(&mut self, key: &K) {
        self.entries = self.entries.saturating_sub(1);
        if self.rows.get(key).is_some_and(VecDeque::is_empty) {
            self.rows.remove(key);
            self.turns.retain(|other| other != key);
        }
    }
}

/// The index of a number in a row. Rows are sorted by number.
fn place<T>(row: &VecDeque<(u64, T)>, number: u64) -> Option<usize> {
    row.binary_search_by_key(&number, |(number, _)| *number)
        .ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filled(entries: &[(&'static str, u32)]) -> FairQueue<&'static str, u32> {
        let mut queue = FairQueue::default();
        for (key, entry) in entries {
            queue.push(*key, *entry);
        }
        queue
    }

    fn drained(mut queue: FairQueue<&'static str, u32>) -> Vec<u32> {
        std::iter::from_fn(|| queue.pop(|_, _| true))
            .map(|(_, entry)| entry)
            .collect()
    }

    #[test]
    fn keys_take_turns_and_each_keeps_its_order() {
        let queue = filled(&[
            ("a", 1),
            ("a", 2),
            ("a", 3),
            ("b", 10),
            ("c", 20),
            ("b", 11),
        ]);
        assert_eq!(drained(queue), [1, 10, 20, 2, 11, 3]);
    }

    #[test]
    fn key_that_may_not_run_is_skipped_and_keeps_its_turn() {
        let mut queue = filled(&[("a", 1), ("b", 10), ("b", 11)]);
        let next = queue.pop(|key, _| *key != "a").map(|(_, entry)| entry);
        assert_eq!(next, Some(10));
        assert_eq!(drained(queue), [1, 11]);
    }

    #[test]
    fn an_entry_leaves_from_anywhere() {
        let mut queue = filled(&[("a", 1)]);
        let second = queue.push("a", 2);
        queue.push("a", 3);
        let only = queue.push("b", 10);
        assert_eq!(queue.get_mut(&second).copied(), Some(2));
        assert_eq!(
            (queue.remove(&second), queue.remove(&only)),
            (Some(2), Some(10))
        );
        assert_eq!((queue.remove(&second), queue.get_mut(&only)), (None, None));
        assert_eq!(queue.len(), 2);
        assert_eq!(drained(queue), [1, 3]);
    }

    #[test]
    fn the_longest_row_gives_up_its_newest() {
        let mut queue = filled(&[("a", 1), ("a", 2), ("b", 10)]);
        assert_eq!(queue.longer_than(&"b"), Some(&"a"));
        assert_eq!(queue.longer_than(&"a"), None);
        assert_eq!(queue.pop_newest(&"a"), Some(2));
        assert_eq!(queue.longer_than(&"b"), None);
        assert!(queue.longer_than(&"new").is_some());
    }

    proptest! {
        /// Every key with an entry gets a turn before any key gets a second one, whatever leaves in between.
        #[test]
        fn nobody_gets_two_turns_while_another_waits_for_one(
            keys in proptest::collection::vec(0_u8..5, 1..60),
            leaving in proptest::collection::vec(0_usize..60, 0..20),
        ) {
            let mut queue = FairQueue::default();
            let mut tickets: Vec<_> = keys.iter().map(|key| queue.push(*key, ())).collect();
            for number in leaving {
                if number < tickets.len() {
                    queue.remove(&tickets.swap_remove(number));
                }
            }
            prop_assert_eq!(queue.len(), tickets.len());
            let mut served = Vec::new();
            while let Some((ticket, ())) = queue.pop(|_, _| true) {
                served.push(ticket.key);
            }
            prop_assert_eq!(served.len(), tickets.len());
            for (turn, key) in served.iter().enumerate() {
                let Some(gap) = served[turn + 1..].iter().position(|other| other == key) else {
                    continue;
                };
                let (between, rest) = served[turn + 1..].split_at(gap);
                for other in rest.iter().filter(|other| *other != key) {
                    prop_assert!(between.contains(other), "{served:?}");
                }
            }
        }
    }
}
