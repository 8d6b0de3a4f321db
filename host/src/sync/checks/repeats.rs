//! Detects pages that only repeat rows of earlier ones.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use super::warning::WarningKind;

/// How many pages in a row must have no new row.
const PAGES: u32 = 10;

/// How many rows are remembered, the first ones of the run: pages that repeat begin again there, or repeat the last one.
const REMEMBERED_ROWS: usize = 1 << 20;

/// The rows of a table in this run, by their keys.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    digests: RandomState,
    /// Digests of the first rows.
    first: HashSet<u64>,
    /// Digests of the page before, if its rows are not among the first.
    before: HashSet<u64>,
    current: HashSet<u64>,
    has_rows: bool,
    has_new: bool,
    /// The number of pages without a new row until now.
    pages: u32,
    reported: bool,
}

impl Repeats {
    /// Adds a row of the current page: its key, or the whole row if it has none.
    pub(super) fn add_row(&mut self, key: &str) {
        if self.reported {
            return;
        }
        self.has_rows = true;
        let digest = self.digests.hash_one(key);
        if self.first.contains(&digest) {
            return;
        }
        // A row that is on a page twice doesn't make the page new.
        if !self.current.insert(digest) {
            return;
        }
        self.has_new |= !self.before.contains(&digest);
    }

    /// Ends the current page. One without rows says nothing.
    pub(super) fn end_page(&mut self) -> Option<WarningKind> {
        if self.reported || !std::mem::take(&mut self.has_rows) {
            return None;
        }
        let is_full = self.first.len() >= REMEMBERED_ROWS;
        let current = std::mem::take(&mut self.current);
        if is_full {
            self.before = current;
        } else {
            self.first.extend(current);
        }
        self.pages = if std::mem::take(&mut self.has_new) {
            0
        } else {
            self.pages.saturating_add(1)
        };
        if self.pages < PAGES {
            return None;
        }
        self.reported = true;
        self.first = HashSet::new();
        self.before = HashSet::new();
        Some(WarningKind::PagesRepeat { pages: self.pages })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After how many pages a repetition is reported, out of two hundred.
    fn found(page: impl Fn(usize) -> Vec<usize>) -> Option<usize> {
        let mut repeats = Repeats::default();
        let reports = (1..=200).filter(|&number| {
            for row in page(number) {
                repeats.add_row(&row.to_string());
            }
            repeats.end_page().is_some()
        });
        let reports: Vec<_> = reports.collect();
        assert!(reports.len() <= 1, "it is reported once: {reports:?}");
        reports.first().copied()
    }

    #[test]
    fn ten_pages_without_a_new_row_are_reported_once() {
        assert_eq!(found(|_| vec![1, 2, 3]), Some(11));
        // The pages begin again from the first one.
        assert_eq!(found(|number| vec![number % 50]), Some(60));
        assert_eq!(found(|number| vec![1, number.min(20)]), Some(30));
        // Pages without rows are in between.
        assert_eq!(
            found(|number| if number.is_multiple_of(2) {
                vec![]
            } else {
                vec![7]
            }),
            Some(21)
        );
    }

    #[test]
    fn pages_with_new_rows_are_not_reported() {
        assert_eq!(found(|number| vec![number]), None);
        assert_eq!(found(|number| vec![number, number + 1, 1]), None);
        assert_eq!(found(|_| Vec::new()), None);
        // Nine pages repeat, then there is a new row.
        assert_eq!(found(|number| vec![number / 10]), None);
    }

    #[test]
    fn a_table_with_more_rows_than_are_remembered_is_watched_too() {
        let mut repeats = Repeats::default();
        for row in 0..REMEMBERED_ROWS + 10 {
            repeats.add_row(&row.to_string());
        }
        assert_eq!(repeats.end_page(), None);
        let mut page = |rows: &[usize]| {
            for row in rows {
                repeats.add_row(&row.to_string());
            }
            repeats.end_page().is_some()
        };
        let last = REMEMBERED_ROWS * 2;
        // The first remembered rows are known, and so are those of the page before.
        assert!(!page(&[last]));
        assert_eq!((1..=10).find(|_| page(&[last])), Some(10));
    }
}
