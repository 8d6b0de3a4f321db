//! The guard against syncs that never end: pages that make no progress, again and again.
//!
//! The most common mistake in a connector is a cursor that never moves: Weld would keep asking until somebody looks
//! at the bill. Two kinds of pages make no progress although they announce another page: a page without rows whose
//! state the table has had before, and a page with the same state and rows as the one before. `limits.empty-pages` of
//! them in a row end the sync.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::MutexGuard;

use weld_protocol::Page;

use crate::lock::Mutex;

/// How many tables are remembered. If there are more, the one requested the longest time ago is forgotten.
const MAX_TABLES: usize = 4_096;

/// How many states in a row without rows are remembered for one table. Longer cycles go unnoticed.
const MAX_STATES: usize = 1_024;

/// How many states are remembered for all tables together: about 5 MB.
const MAX_ALL_STATES: usize = 256 << 10;

/// This many pages in a row made no progress.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct StuckSync {
    pub(super) pages: u32,
}

/// The last pages of every table. A restart loses them, and the count starts again.
#[derive(Default)]
pub(super) struct Guard {
    digests: RandomState,
    tables: Mutex<TableTraces>,
}

/// Tables, by a digest of the connector's and the table's name, since names may be long.
#[derive(Default)]
struct TableTraces {
    by_digest: HashMap<u64, Trace>,
    /// The digests in `by_digest`, by [`Trace::last_used`].
    by_use: BTreeMap<u64, u64>,
    /// The number of states in all traces.
    states: usize,
    /// Counts the pages of all tables; used as a clock that can't jump.
    pages: u64,
}

/// The last pages of one table in one sync.
struct Trace {
    /// A digest of the last state that was answered.
    answered: u64,
    /// A digest of the last page's rows if its state did not move.
    rows: Option<u64>,
    /// All states since the last page with rows.
    seen: HashSet<u64>,
    /// The number of pages in a row without progress.
    idle: u32,
    /// A value of [`TableTraces::pages`], so it is unique.
    last_used: u64,
}

impl Trace {
    fn new(state: u64) -> Self {
        Self {
            answered: state,
            rows: None,
            seen: HashSet::from([state]),
            idle: 0,
            last_used: 0,
        }
    }
}

/// One page, as input for the guard.
pub(super) struct PageStep<'a> {
    pub(super) connector: &'a str,
    pub(super) table: &'a str,
    /// The canonical state of the request.
    pub(super) incoming: &'a str,
    pub(super) page: &'a Page,
    /// Whether the connector asks to wait, for example for an export that isn't ready: such a page is not part of a
    /// cycle.
    pub(super) waits: bool,
    /// `limits.empty-pages`.
    pub(super) max_pages: u32,
}

impl Guard {
    /// Records a page.
    ///
    /// # Errors
    ///
    /// [`StuckSync`]. The count then starts again, so that a retried sync gets as far as this one.
    pub(super) fn note(&self, step: &PageStep<'_>) -> Result<(), StuckSync> {
        let key = self.digests.hash_one((step.connector, step.table));
        let digest = |text: &str| self.digests.hash_one(text);
        if !step.page.has_more() {
            self.tables().take(key);
            return Ok(());
        }
        // Before the lock is taken, since the digests read the whole page.
        let before = digest(step.incoming);
        let after = digest(&step.page.canonical_state());
        let rows = (after == before).then(|| digest(step.page.insert()));
        let mut tables = self.tables();
        let mut trace = tables
            .take(key)
            .filter(|trace| trace.answered == before)
            .unwrap_or_else(|| Trace::new(before));
        if !step.waits {
            let is_idle = if step.page.rows() == 0 {
                if trace.seen.len() >= MAX_STATES {
                    trace.seen.clear();
                }
                !trace.seen.insert(after)
            } else {
                trace.seen = HashSet::from([after]);
                rows.is_some() && rows == trace.rows
            };
            trace.rows = rows;
            trace.idle = if is_idle {
                trace.idle.saturating_add(1)
            } else {
                0
            };
            if trace.idle >= step.max_pages {
                return Err(StuckSync { pages: trace.idle });
            }
        }
        trace.answered = after;
        tables.keep(key, trace);
        Ok(())
    }

    fn tables(&self) -> MutexGuard<'_, TableTraces> {
        self.tables.lock()
    }
}

impl TableTraces {
    fn take(&mut self, key: u64) -> Option<Trace> {
        let trace = self.by_digest.remove(&key)?;
        self.by_use.remove(&trace.last_used);
        self.states = self.states.saturating_sub(trace.seen.len());
        Some(trace)
    }

    /// Forgets the tables that were requested the longest time ago if there are too many.
    fn keep(&mut self, key: u64, mut trace: Trace) {
        self.pages = self.pages.saturating_add(1);
        trace.last_used = self.pages;
        self.states = self.states.saturating_add(trace.seen.len());
        self.by_use.insert(trace.last_used, key);
        self.by_digest.insert(key, trace);
        while self.by_digest.len() > MAX_TABLES || self.states > MAX_ALL_STATES {
            let Some(oldest) = self.by_use.first_key_value().map(|(_, key)| *key) else {
                return;
            };
            self.take(oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: u32 = 3;

    /// Records a page of `beers` that answers `incoming` with `state`, both in canonical spelling.
    fn note(guard: &Guard, incoming: &str, insert: &str, state: &str) -> Result<(), StuckSync> {
        note_with(guard, incoming, insert, state, true, false)
    }

    fn note_with(
        guard: &Guard,
        incoming: &str,
        insert: &str,
        state: &str,
        has_more: bool,
        waits: bool,
    ) -> Result<(), StuckSync> {
        let page = Page::check(insert.to_owned(), state.to_owned(), has_more).unwrap();
        guard.note(&PageStep {
            connector: "beers",
            table: "beers",
            incoming,
            page: &page,
            waits,
            max_pages: LIMIT,
        })
    }

    /// How many pages it takes until the guard ends the sync.
    fn pages_until_stuck(mut page: impl FnMut(u32) -> Result<(), StuckSync>) -> Option<u32> {
        (1..100).find(|&number| page(number).is_err())
    }

    #[test]
    fn cursor_that_never_moves_is_stuck_with_rows_and_without() {
        let guard = Guard::default();
        let empty = pages_until_stuck(|_| note(&guard, "{}", "[]", "{}"));
        assert_eq!(empty, Some(3));
        let rows = pages_until_stuck(|_| note(&guard, "{}", r#"[{"id":1}]"#, "{}"));
        assert_eq!(rows, Some(4), "the first of them repeats no page");
    }

    #[test]
    fn cycle_of_states_without_rows_is_stuck() {
        let guard = Guard::default();
        let states = ["{}", r#"{"a":1}"#, r#"{"b":1}"#];
        let at = |number: u32| states[number as usize % 3];
        let stuck = pages_until_stuck(|number| note(&guard, at(number - 1), "[]", at(number)));
        assert_eq!(stuck, Some(2 + 3));
    }

    #[test]
    fn pages_that_make_progress_are_never_stuck() {
        let guard = Guard::default();
        let moving = pages_until_stuck(|number| {
            let state = |number| format!(r#"{{"page":{number}}}"#);
            note(&guard, &state(number - 1), "[]", &state(number))
        });
        assert_eq!(moving, None, "a state that is new each time");
        let queue = pages_until_stuck(|number| {
            note(&guard, "{}", &format!(r#"[{{"id":{number}}}]"#), "{}")
        });
        assert_eq!(queue, None, "other rows each time, as from a queue");
        let waiting = pages_until_stuck(|_| note_with(&guard, "{}", "[]", "{}", true, true));
        assert_eq!(waiting, None, "a page that asks to wait");
        let done = pages_until_stuck(|_| note_with(&guard, "{}", "[]", "{}", false, false));
        assert_eq!(done, None, "a last page");
    }

    #[test]
    fn another_sync_restarts_the_count() {
        let guard = Guard::default();
        for _ in 0..10 {
            for _ in 1..LIMIT {
                assert_eq!(note(&guard, r#"{"a":1}"#, "[]", r#"{"a":1}"#), Ok(()));
            }
            assert_eq!(note(&guard, "{}", "[]", r#"{"a":1}"#), Ok(()));
        }
    }

    #[test]
    fn waits_in_between_neither_count_nor_reset_the_count() {
        let guard = Guard::default();
        let stuck =
            pages_until_stuck(|number| note_with(&guard, "{}", "[]", "{}", true, number % 2 == 0));
        assert_eq!(stuck, Some(5));
    }

    #[test]
    fn memory_is_bounded() {
        let guard = Guard::default();
        let page = Page::check("[]".to_owned(), "{}".to_owned(), true).unwrap();
        for table in 0..MAX_TABLES + 100 {
            let noted = guard.note(&PageStep {
                connector: "beers",
                table: &table.to_string(),
                incoming: r#"{"a":1}"#,
                page: &page,
                waits: false,
                max_pages: LIMIT,
            });
            assert_eq!(noted, Ok(()));
        }
        let noted = note(&guard, "{}", "[]", r#"{"a":1}"#);
        assert_eq!(noted, Ok(()));
        {
            let tables = guard.tables();
            assert_eq!(tables.by_digest.len(), MAX_TABLES);
            assert_eq!(tables.by_use.len(), MAX_TABLES);
        }
        for number in 0..2 * MAX_STATES {
            let state = |number| format!(r#"{{"page":{number}}}"#);
            assert_eq!(
                note(&guard, &state(number), "[]", &state(number + 1)),
                Ok(())
            );
        }
        let key = guard.digests.hash_one(("beers", "beers"));
        assert!(guard.tables().by_digest[&key].seen.len() <= MAX_STATES);
    }

    #[test]
    fn states_of_all_tables_together_are_bounded() {
        let mut tables = TableTraces::default();
        let full = || Trace {
            seen: (0..1_024).collect(),
            ..Trace::new(0)
        };
        for key in 0..300 {
            tables.keep(key, full());
        }
        let counted = tables.by_digest.values().map(|trace| trace.seen.len());
        assert_eq!(counted.sum::<usize>(), tables.states);
        assert_eq!(tables.states, MAX_ALL_STATES);
        assert!(
            tables.take(0).is_none(),
            "the table unused for the longest time is forgotten"
        );
        assert!(tables.take(299).is_some());
        assert_eq!(tables.by_use.len(), tables.by_digest.len());
    }
}
