//! Paging by time of change, across syncs, for APIs that sort by that time.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Next;
use crate::Time;

/// Pages by time of change, then by key: the first sync fetches every row, later ones those that have changed since.
///
/// For APIs that sort by time of change and then by a key, and that can be asked for rows after both. Within a sync a
/// page continues after the last row's time *and* key, since many rows may share one time. A row may become visible
/// after others with later times, even while a long sync is running. To miss none of them, the next sync begins a
/// little earlier than the newest row, and never later than the start of this sync. A few rows are fetched twice; Weld
/// keeps one of each, by the primary key.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Changes<K> {
    /// Within a sync, the time of the last row; between two, the time from which changes may be missing.
    updated_since: Option<Time>,
    /// Within a sync, the key of the last row.
    after: Option<K>,
    /// When the current sync began.
    began: Option<Time>,
}

impl<K> Default for Changes<K> {
    fn default() -> Self {
        Self {
            updated_since: None,
            after: None,
            began: None,
        }
    }
}

impl<K> Changes<K> {
    /// The time of change to ask from; `None` asks for every row. A row may become visible later than its own time:
    /// `overlap` is the largest such delay, including the difference between the clocks. A sync begins that much
    /// earlier.
    #[must_use]
    pub fn since(&self, overlap: Duration) -> Option<Time> {
        match self.after {
            Some(_) => self.updated_since,
            None => self.updated_since.map(|time| time.before(overlap)),
        }
    }

    /// The key after which to continue, among the rows of that time; `None` at the start of a sync.
    #[must_use]
    pub fn after(&self) -> Option<&K> {
        self.after.as_ref()
    }

    /// Continues after the row with this time and key if there is `more`. Otherwise the next sync asks for what has
    /// changed since. `asked_at` is when this page was requested: [`Response::asked_at`](crate::Response::asked_at).
    #[must_use]
    pub fn next(self, last: Option<(Time, K)>, more: bool, asked_at: Time) -> Next<Self> {
        let began = self.began.unwrap_or(asked_at);
        match last {
            Some((time, key)) if more => Next {
                state: Self {
                    updated_since: Some(time),
                    after: Some(key),
                    began: Some(began),
                },
                more: true,
            },
            last => {
                let newest = last.map(|(time, _)| time).or(self.updated_since);
                Next {
                    state: Self {
                        updated_since: newest.map(|time| time.min(began)),
                        ..Self::default()
                    },
                    more: false,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "2024-01-01T00:00:00Z";
    const SECOND: &str = "2024-01-01T00:10:00Z";
    const ASKED_AT: &str = "2024-06-01T00:00:00Z";
    const MINUTE: Duration = Duration::from_secs(60);

    fn time(text: &str) -> Time {
        text.parse().unwrap()
    }

    fn state(updated_since: &str, after: Option<u64>) -> Changes<u64> {
        Changes {
            updated_since: Some(time(updated_since)),
            after,
            began: after.map(|_| time(ASKED_AT)),
        }
    }

    fn next(state: Changes<u64>, last: Option<(&str, u64)>, more: bool) -> Next<Changes<u64>> {
        let last = last.map(|(text, key)| (time(text), key));
        state.next(last, more, time(ASKED_AT))
    }

    #[test]
    fn the_first_sync_asks_for_every_row() {
        let first = Changes::<u64>::default();
        assert_eq!((first.since(MINUTE), first.after()), (None, None));
    }

    #[test]
    fn a_page_continues_among_the_rows_of_one_time_without_overlap() {
        let next = next(Changes::default(), Some((FIRST, 50)), true);
        assert!(next.more);
        assert_eq!(next.state, state(FIRST, Some(50)));
        assert_eq!(next.state.since(MINUTE), Some(time(FIRST)));
        assert_eq!(next.state.after(), Some(&50));
    }

    #[test]
    fn the_next_sync_begins_a_little_before_the_newest_row() {
        let end = next(state(FIRST, Some(50)), Some((SECOND, 52)), false);
        assert!(!end.more);
        assert_eq!(end.state, state(SECOND, None));
        assert_eq!(end.state.since(MINUTE), Some(time("2024-01-01T00:09:00Z")));
        assert_eq!(end.state.after(), None);
    }

    #[test]
    fn the_next_sync_begins_no_later_than_the_start_of_this_one() {
        let waited_an_hour = Changes {
            updated_since: Some(time(FIRST)),
            after: Some(50),
            began: Some(time(FIRST)),
        };
        let end = next(waited_an_hour, Some((SECOND, 51)), false);
        assert_eq!(end.state, state(FIRST, None));

        let short = next(
            Changes::default(),
            Some(("2024-06-01T00:00:01Z", 52)),
            false,
        );
        assert_eq!(short.state, state(ASKED_AT, None));
    }

    #[test]
    fn syncs_without_changes_keep_their_place() {
        for after in [None, Some(50)] {
            let end = next(state(SECOND, after), None, false);
            assert_eq!(end.state, state(SECOND, None), "{after:?}");
        }
    }

    #[test]
    fn states_in_another_format_are_rejected() {
        for text in [
            r#"{"updated_since": "yesterday"}"#,
            r#"{"after": "50"}"#,
            r#"{"next_page": 2}"#,
        ] {
            assert!(
                serde_json::from_str::<Changes<u64>>(text).is_err(),
                "{text}"
            );
        }
    }
}
