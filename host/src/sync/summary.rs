//! What a sync did.

use std::time::Duration;

/// How many of the slowest pages are kept.
const SLOWEST: usize = 3;

/// What a sync did, counting only pages that were put away.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Those that began, in their order.
    pub tables: Vec<TableSummary>,
    /// The whole time.
    pub took: Duration,
    /// Whether it was stopped before the end.
    pub stopped: bool,
}

/// What a sync did with one table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableSummary {
    /// Its name.
    pub table: String,
    /// Pages of this run.
    pub pages: u64,
    /// Rows of these pages.
    pub rows: u64,
    /// The length of these pages' answers, decompressed.
    pub bytes: u64,
    /// From the first request to the last page put away.
    pub took: Duration,
    /// The slowest pages, slowest first, at most three.
    pub slowest: Vec<SlowPage>,
    /// How many warnings there were.
    pub warnings: u64,
    /// Whether it came to its end.
    pub complete: bool,
}

/// A page and its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlowPage {
    /// Counted from 1 in this run.
    pub number: u64,
    /// From the first request for it to its arrival, waits included.
    pub took: Duration,
}

impl Summary {
    /// Rows of all tables.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|table| table.rows).sum()
    }

    /// Pages of all tables.
    #[must_use]
    pub fn pages(&self) -> u64 {
        self.tables.iter().map(|table| table.pages).sum()
    }

    /// Bytes of all tables.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.tables.iter().map(|table| table.bytes).sum()
    }

    /// Warnings of all tables.
    #[must_use]
    pub fn warnings(&self) -> u64 {
        self.tables.iter().map(|table| table.warnings).sum()
    }
}

impl TableSummary {
    /// Counts a page that was put away.
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
    fn the_three_slowest_pages_are_kept() {
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
