//! The summary of a sync.

use std::time::Duration;

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
    pub(super) fn add(&mut self, page: SlowPage, rows: usize, bytes: usize) {
        self.pages = self.pages.saturating_add(1);
        self.rows = self.rows.saturating_add(rows as u64);
        self.bytes = self.bytes.saturating_add(bytes as u64);
        let place = self
            .slowest
            .partition_point(|slower| slower.took >= page.took);
        self.slowest.insert(place, page);
        self.slowest.truncate(SLOWEST);
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
            summary.add(SlowPage { number, took }, 10, 100);
        }
        let slowest: Vec<_> = summary.slowest.iter().map(|page| page.number).collect();
        assert_eq!(slowest, [2, 5, 4]);
        assert_eq!((summary.pages, summary.rows, summary.bytes), (5, 50, 500));
    }
}
