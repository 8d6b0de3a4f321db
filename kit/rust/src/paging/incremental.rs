//! Paging by time of change across syncs, combined with another way of paging within a sync.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Next;
use crate::Time;

/// Fetches in each sync the rows that have changed since the last sync began, and pages within them by number, offset,
/// cursor or key.
///
/// For APIs that can be asked for rows changed since a time, in any order. The window's start stays the same during a
/// sync. A few rows are fetched twice; Weld keeps one of each, by the primary key.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Incremental<P> {
    /// When the last complete sync began.
    since: Option<Time>,
    /// When the current sync began.
    began: Option<Time>,
    /// Where the current sync continues.
    place: Option<P>,
}

impl<P: Clone + Default> Incremental<P> {
    /// The time of change to ask from; `None` asks for every row. A row may become visible later than its own time:
    /// `overlap` is the largest such delay, including the difference between the clocks.
    #[must_use]
    pub fn since(&self, overlap: Duration) -> Option<Time> {
        self.since.map(|time| time.before(overlap))
    }

    /// Where to continue within the window.
    #[must_use]
    pub fn place(&self) -> P {
        self.place.clone().unwrap_or_default()
    }

    /// Continues at `place`. After the last page, the next sync asks for what has changed since this one began.
    /// `asked_at` is when this page was requested: [`Response::asked_at`](crate::Response::asked_at).
    #[must_use]
    pub fn next(self, place: Next<P>, asked_at: Time) -> Next<Self> {
        let began = self.began.unwrap_or(asked_at);
        let state = if place.more {
            Self {
                since: self.since,
                began: Some(began),
                place: Some(place.state),
            }
        } else {
            Self {
                since: Some(began),
                began: None,
                place: None,
            }
        };
        Next {
            state,
            more: place.more,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paging::PageNumber;

    const MINUTE: Duration = Duration::from_secs(60);

    fn time(text: &str) -> Time {
        text.parse().unwrap()
    }

    #[test]
    fn the_window_stays_during_a_sync_and_then_moves_to_its_start() {
        let first = Incremental::<PageNumber>::default();
        assert_eq!((first.since(MINUTE), first.place().number()), (None, 1));
        let place = first.place().next(true);
        let second = first.next(place, time("2024-01-01T00:00:00Z"));
        assert!(second.more);
        let text = serde_json::to_string(&second.state).unwrap();
        let second: Incremental<PageNumber> = serde_json::from_str(&text).unwrap();
        assert_eq!((second.since(MINUTE), second.place().number()), (None, 2));

        let place = second.place().next(false);
        let end = second.next(place, time("2024-01-01T01:00:00Z"));
        assert!(!end.more);
        assert_eq!(end.state.since(MINUTE), Some(time("2023-12-31T23:59:00Z")));
        assert_eq!(end.state.place().number(), 1);
    }
}
