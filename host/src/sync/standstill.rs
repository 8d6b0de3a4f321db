//! A table that says that there is more, and brings nothing new.

use std::hash::{BuildHasher, RandomState};

use serde_json::value::RawValue;

/// How many pages of no use are asked for in a row: a connector that skips nothing but waits does so with pending
/// answers, and anything else would be asked for ever.
const MAX_PAGES: u32 = 10;

/// What one table's last pages came to.
#[derive(Default)]
pub(super) struct Standstill {
    digests: RandomState,
    /// The rows of the last page, where its state did not move.
    rows: Option<u64>,
    pages: u32,
}

impl Standstill {
    /// Takes in a page after which there is to be another. `moved` says whether its state is another than was sent.
    /// Gives the number of pages where there were too many of no use: without rows or with those of the page before,
    /// and with the state that was sent.
    ///
    /// New rows with the same state are of use: so a connector answers that empties a queue.
    pub(super) fn see(&mut self, rows: &[Box<RawValue>], moved: bool) -> Option<u32> {
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

    /// After how many pages the table is found to stand still, if it is within a hundred.
    fn found(mut page: impl FnMut(u32) -> (String, bool)) -> Option<u32> {
        let mut standstill = Standstill::default();
        (1..=100).find(|&number| {
            let (rows, moved) = page(number);
            let rows: Vec<Box<RawValue>> = serde_json::from_str(&rows).unwrap();
            standstill.see(&rows, moved).is_some()
        })
    }

    #[test]
    fn pages_of_no_use_are_told_from_others() {
        let numbered = |number| format!(r#"[{{"id": {number}}}]"#);
        assert_eq!(found(|_| ("[]".to_owned(), false)), Some(10));
        assert_eq!(found(|_| ("[]".to_owned(), true)), None);
        assert_eq!(found(|_| (numbered(7), true)), None);
        // The first of them may be new.
        assert_eq!(found(|_| (numbered(7), false)), Some(11));
        assert_eq!(found(|number| (numbered(number), false)), None);
        assert_eq!(found(|number| (numbered(number % 2), false)), None);
        assert_eq!(
            found(|number| ("[]".to_owned(), number.is_multiple_of(10))),
            None
        );
    }
}
