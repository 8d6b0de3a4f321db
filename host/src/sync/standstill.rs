//! Detects a table that makes no progress although its pages have `hasMore: true`.

use std::hash::{BuildHasher, RandomState};

use serde_json::value::RawValue;

/// How many pages without progress may follow each other. A connector that waits sends pending answers; without this
/// limit, any other connector could be called forever.
const MAX_PAGES: u32 = 10;

/// The pages without progress at the current end of a table.
#[derive(Default)]
pub(super) struct Standstill {
    digests: RandomState,
    /// A digest of the last page's rows; `None` if its state moved.
    rows: Option<u64>,
    pages: u32,
}

impl Standstill {
    /// Adds a page that is not the last one. `moved` says whether its state differs from the request's. Returns the
    /// number of pages without progress if there are too many: pages with an unchanged state, and without rows or with
    /// those of the page before.
    ///
    /// New rows with the same state are progress: a connector that empties a queue answers like this.
    pub(super) fn add_page(&mut self, rows: &[Box<RawValue>], moved: bool) -> Option<u32> {
        let before = self.rows.take();
        if !moved {
            let texts: Vec<_> = rows.iter().map(|row| row.get()).collect();
            self.rows = Some(self.digests.hash_one(texts));
        }
        let is_idle = !moved && (rows.is_empty() || self.rows == before);
        self.pages = if is_idle {
            self.pages.saturating_add(1)
        } else {
            0
        };
        (self.pages >= MAX_PAGES).then_some(self.pages)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After how many pages the standstill is detected, out of a hundred.
    fn found(mut page: impl FnMut(u32) -> (String, bool)) -> Option<u32> {
        let mut standstill = Standstill::default();
        (1..=100).find(|&number| {
            let (rows, moved) = page(number);
            let rows: Vec<Box<RawValue>> = serde_json::from_str(&rows).unwrap();
            standstill.add_page(&rows, moved).is_some()
        })
    }

    #[test]
    fn pages_without_progress_are_distinguished_from_others() {
        let numbered = |number| format!(r#"[{{"id": {number}}}]"#);
        assert_eq!(found(|_| ("[]".to_owned(), false)), Some(10));
        assert_eq!(found(|_| ("[]".to_owned(), true)), None);
        assert_eq!(found(|_| (numbered(7), true)), None);
        // The first page has new rows.
        assert_eq!(found(|_| (numbered(7), false)), Some(11));
        assert_eq!(found(|number| (numbered(number), false)), None);
        assert_eq!(found(|number| (numbered(number % 2), false)), None);
        assert_eq!(
            found(|number| ("[]".to_owned(), number.is_multiple_of(10))),
            None
        );
    }
}
