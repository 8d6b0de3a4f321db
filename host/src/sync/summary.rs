//! The summary of a sync.

use std::time::Duration;

use super::destinations::Upserts;
use super::limits::ReachedLimit;

/// How many of the slowest pages are listed.
const SLOWEST: usize = 3;

/// The summary of a sync. It counts only stored pages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// The tables that were started, in order.
    pub tables: Vec<TableSummary>,
    /// The total time.
    pub took: Duration,
    /// Whether the sync was stopped before its end.
    pub stopped: bool,
}

/// The summary of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableSummary {
    /// The table's name.
    pub table: String,
    /// The number of pages in this run.
    pub pages: u64,
    /// The number of rows on these pages.
    pub rows: u64,
    /// How many of these rows were new, and how many replaced stored ones; `None` if the destination only appends, or
    /// before the first page.
    pub upserts: Option<Upserts>,
    /// The size of these pages' answers in bytes, decompressed.
    pub bytes: u64,
    /// The time from the first request to the last stored page.
    pub took: Duration,
    /// The slowest pages, slowest first, at most three.
    pub slowest: Vec<SlowPage>,
    /// The number of warnings.
    pub warnings: u64,
    /// Whether the table was synced to its end.
    pub complete: bool,
    /// The limit at which the table stopped before its end.
    pub limit: Option<ReachedLimit>,
}

/// A page and how long it took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlowPage {
    /// The page's number in this run, from 1.
    pub number: u64,
    /// The time from the first request for the page to its arrival, including waits.
    pub took: Duration,
}

impl Summary {
    /// The number of rows in all tables.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|table| table.rows).sum()
    }

    /// The numbers of new and of replaced rows in all tables; `None` if no table has them.
    #[must_use]
    pub fn upserts(&self) -> Option<Upserts> {
        let tables = self.tables.iter();
        tables.filter_map(|table| table.upserts).reduce(total)
    }

    /// The tables that stopped at a limit, each with the limit.
    pub fn limited(&self) -> impl Iterator<Item = (&str, ReachedLimit)> {
        let tables = self.tables.iter();
        tables.filter_map(|table| Some((table.table.as_str(), table.limit?)))
    }

    /// The number of pages in all tables.
    #[must_use]
    pub fn pages(&self) -> u64 {
        self.tables.iter().map(|table| table.pages).sum()
    }

    /// The size of all answers in bytes, decompressed.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.tables.iter().map(|table| table.bytes).sum()
    }

    /// The number of warnings in all tables.
    #[must_use]
    pub fn warnings(&self) -> u64 {
        self.tables.iter().map(|table| table.warnings).sum()
    }
}

impl TableSummary {
    /// Adds a stored page.
    pub(super) fn add(
        &mut self,
        page: SlowPage,
        rows: usize,
        upserts: Option<Upserts>,
        bytes: usize,
    ) {
        self.pages = self.pages.saturating_add(1);
        self.rows = self.rows.saturating_add(rows as u64);
        self.upserts = self.upserts.into_iter().chain(upserts).reduce(total);
        self.bytes = self.bytes.saturating_add(bytes as u64);
        let place = self
            .slowest
            .partition_point(|slower| slower.took >= page.took);
        self.slowest.insert(place, page);
        self.slowest.truncate(SLOWEST);
    }
}

fn total(one: Upserts, other: Upserts) -> Upserts {
    Upserts {
        inserted: one.inserted.saturating_add(other.inserted),
        updated: one.updated.saturating_add(other.updated),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_slowest_pages_are_listed() {
        let mut summary = TableSummary::default();
        for (number, milliseconds) in [(1, 5), (2, 9), (3, 1), (4, 7), (5, 9)] {
            let took = Duration::from_millis(milliseconds);
            let upserts = (number > 1).then_some(Upserts {
                inserted: 7,
                updated: 3,
            });
            summary.add(SlowPage { number, took }, 10, upserts, 100);
        }
        let slowest: Vec<_> = summary.slowest.iter().map(|page| page.number).collect();
        assert_eq!(slowest, [2, 5, 4]);
        assert_eq!((summary.pages, summary.rows, summary.bytes), (5, 50, 500));
        let upserts = Some(Upserts {
            inserted: 28,
            updated: 12,
        });
        assert_eq!(summary.upserts, upserts);
    }
}
