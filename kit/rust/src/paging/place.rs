//! Ways of paging for tables that each sync fetches as a whole.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::Next;

/// Pages by number: `page=1`, `page=2`, …
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PageNumber {
    next_page: Option<NonZeroU32>,
}

impl PageNumber {
    /// The number of the page to ask for, starting at 1.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.next_page.unwrap_or(NonZeroU32::MIN).get()
    }

    /// Continues with the next page if there is `more`.
    #[must_use]
    pub fn next(&self, more: bool) -> Next<Self> {
        let this = self.next_page.unwrap_or(NonZeroU32::MIN);
        let next_page = Some(this.saturating_add(1));
        Next::or_default(Self { next_page }, more)
    }
}

/// Pages by offset: `offset=0`, `offset=50`, …
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Offset {
    offset: Option<u64>,
}

impl Offset {
    /// How many rows to skip.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset.unwrap_or(0)
    }

    /// Continues after the `rows` rows of this page if there is `more`.
    #[must_use]
    pub fn next(&self, rows: usize, more: bool) -> Next<Self> {
        let rows = u64::try_from(rows).unwrap_or(u64::MAX);
        let offset = Some(self.offset().saturating_add(rows));
        Next::or_default(Self { offset }, more)
    }
}

/// Pages by cursor: each response contains a token or a URL that asks for the next page.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Cursor {
    cursor: Option<String>,
}

impl Cursor {
    /// The cursor from the last response; `None` on the first page.
    #[must_use]
    pub fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }

    /// Continues at the response's cursor. Without a cursor, this page was the last.
    #[must_use]
    pub fn next(cursor: Option<impl Into<String>>) -> Next<Self> {
        let cursor = cursor.map(Into::into);
        let more = cursor.is_some();
        Next::or_default(Self { cursor }, more)
    }
}

/// Pages by key: the rows are sorted by a key, and each page asks for the rows after the last one's key.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct After<K> {
    after: Option<K>,
}

impl<K> Default for After<K> {
    fn default() -> Self {
        Self { after: None }
    }
}

impl<K> After<K> {
    /// The key of the last row fetched; `None` on the first page.
    #[must_use]
    pub fn after(&self) -> Option<&K> {
        self.after.as_ref()
    }

    /// Continues after the row with the key `last` if there is `more`. A page without rows is the last.
    #[must_use]
    pub fn next(last: Option<K>, more: bool) -> Next<Self> {
        let more = more && last.is_some();
        Next::or_default(Self { after: last }, more)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::de::DeserializeOwned;

    /// A state as Weld hands it back.
    fn kept<S: Default + DeserializeOwned + Serialize>(next: &Next<S>) -> S {
        let text = serde_json::to_string(&next.state).unwrap();
        crate::PageRequest::new("rows", text).state().unwrap()
    }

    #[test]
    fn page_numbers_start_at_one_and_start_over_after_the_last_page() {
        let first = PageNumber::default();
        assert_eq!(first.number(), 1);
        let second: PageNumber = kept(&first.next(true));
        assert_eq!(second.number(), 2);
        let end = second.next(false);
        assert!(!end.more);
        assert_eq!(kept(&end).number(), 1);
    }

    #[test]
    fn offsets_advance_by_the_rows_of_a_page() {
        let second: Offset = kept(&Offset::default().next(50, true));
        assert_eq!(second.offset(), 50);
        assert_eq!(kept(&second.next(20, true)).offset(), 70);
        assert_eq!(kept(&second.next(20, false)).offset(), 0);
    }

    #[test]
    fn a_cursor_is_returned_unchanged_and_the_sync_ends_without_one() {
        let next = Cursor::next(Some("x+/="));
        assert!(next.more);
        assert_eq!(kept(&next).cursor(), Some("x+/="));
        let end = Cursor::next(None::<String>);
        assert!(!end.more);
        assert_eq!(kept(&end).cursor(), None);
    }

    #[test]
    fn keys_continue_after_the_last_row() {
        let next = After::next(Some(159), true);
        assert_eq!(kept(&next).after(), Some(&159));
        for end in [
            After::next(Some(160), false),
            After::next(None::<u64>, true),
        ] {
            assert!(!end.more);
            assert_eq!(kept(&end).after(), None);
        }
    }

    #[test]
    fn states_in_another_format_are_rejected() {
        fn refused<S: DeserializeOwned>(texts: &[&str]) {
            for text in texts {
                assert!(serde_json::from_str::<S>(text).is_err(), "{text}");
            }
        }
        refused::<PageNumber>(&[
            r#"{"next_page":0}"#,
            r#"{"next_page":"2"}"#,
            r#"{"offset":5}"#,
        ]);
        refused::<Offset>(&[r#"{"offset":-1}"#, r#"{"next_page":2}"#]);
        refused::<Cursor>(&[r#"{"cursor":5}"#, r#"{"offset":5}"#]);
        refused::<After<u64>>(&[r#"{"after":"5"}"#, r#"{"cursor":"x"}"#]);
    }
}
