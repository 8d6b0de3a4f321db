//! Shows a sync as lines of text, without a terminal.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use weld_protocol::Pending;

use super::retries::RetryNotices;
use crate::report;
use crate::sync::{Event, Summary, SyncFailure, TableSummary, Warning};

/// How often the current table gets a line.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// How the host's description of a wait begins if an answer caused it.
const ANOTHER_TRY: &str = "another try at ";

/// How many bytes of the host's description of a wait are shown.
const MAX_WAIT_BYTES: usize = 200;

/// Text lines on stderr, since the rows may go to stdout.
pub(in crate::cli) struct TextLog {
    last_line: Instant,
    rows: u64,
    retries: RetryNotices,
    refusals: RefusalNotices,
}

/// The refusals and failures of APIs for which pages wait. Each is shown at once when it differs from the last one, since
/// it may be the cause of a wait without end.
#[derive(Debug, Default)]
pub(super) struct RefusalNotices {
    last: Option<String>,
}

impl RefusalNotices {
    /// The line to show for an event.
    pub(super) fn event(&mut self, event: &Event) -> Option<String> {
        match event {
            Event::Waiting {
                table,
                until: time,
                reason,
                waits_for: Some(wait),
            } if wait.starts_with(ANOTHER_TRY) => {
                let (what, _) = wait.rsplit_once(" until ").unwrap_or((wait, ""));
                let refusal = format!("{table} {what}");
                if self.last.as_ref() == Some(&refusal) {
                    return None;
                }
                self.last = Some(refusal);
                let why = until(*reason, *time, Some(wait));
                Some(format!("{}: {why}", report::escaped(table)))
            }
            Event::Page { .. } | Event::TableDone(_) => {
                self.last = None;
                None
            }
            _ => None,
        }
    }
}

impl TextLog {
    pub(super) fn new() -> Self {
        Self {
            last_line: Instant::now(),
            rows: 0,
            retries: RetryNotices::default(),
            refusals: RefusalNotices::default(),
        }
    }

    pub(super) fn event(&mut self, event: &Event) {
        for line in self.retries.event(event) {
            eprintln!("{line}");
        }
        if let Some(line) = self.refusals.event(event) {
            self.last_line = Instant::now();
            eprintln!("{line}");
        }
        match event {
            Event::TableBegan { table, resumed } => {
                self.rows = 0;
                let how = if *resumed { "resuming" } else { "starting" };
                eprintln!("{}: {how}", report::escaped(table));
            }
            Event::Page {
                table,
                number,
                rows,
                ..
            } => {
                self.rows = self.rows.saturating_add(*rows as u64);
                if self.last_line.elapsed() >= LINE_EVERY {
                    self.last_line = Instant::now();
                    eprintln!(
                        "{}: page {number}, {}",
                        report::escaped(table),
                        rows_text(self.rows)
                    );
                }
            }
            Event::Waiting {
                table,
                until: time,
                reason,
                waits_for,
            } => {
                if self.last_line.elapsed() >= LINE_EVERY {
                    self.last_line = Instant::now();
                    let why = until(*reason, *time, waits_for.as_deref());
                    eprintln!("{}: {why}", report::escaped(table));
                }
            }
            Event::TableDone(done) => eprintln!("{}", table_done(done)),
            Event::Warning(warning) => eprintln!("{}", warning_line(warning)),
            Event::Tables(_) | Event::Retry { .. } | Event::LimitReached { .. } => {}
        }
    }

    pub(super) fn end(&mut self, ended: Result<&Summary, &SyncFailure>) {
        if let Some(line) = self.retries.end(ended) {
            eprintln!("{line}");
        }
    }
}

/// The last line of a table.
fn table_done(done: &TableSummary) -> String {
    let how = match done.limit {
        Some(limit) => format!("stopped at {limit}"),
        None if done.complete => "done".to_owned(),
        None => "stopped".to_owned(),
    };
    let counts = done.upserts.map_or_else(String::new, |upserts| {
        format!(" ({} new, {} updated)", upserts.inserted, upserts.updated)
    });
    let rows = rows_text(done.rows);
    format!("{}: {how}, {rows}{counts}", report::escaped(&done.table))
}

/// A number of rows.
pub(super) fn rows_text(rows: u64) -> String {
    match rows {
        1 => "1 row".to_owned(),
        _ => format!("{rows} rows"),
    }
}

/// The line for a warning.
pub(super) fn warning_line(warning: &Warning) -> String {
    report::escaped(&format!("warning: {warning}"))
}

/// What a postponed page waits for, from the host's description. `None` if the connector asked for the wait.
fn postponed_for(waits_for: Option<&str>) -> Option<&str> {
    let (what, _) = waits_for?.rsplit_once(" until ")?;
    (what != "requested wait").then_some(what)
}

/// Why a page has not come yet, and until when it waits.
pub(super) fn until(reason: Pending, time: Option<Timestamp>, waits_for: Option<&str>) -> String {
    match (reason, time, waits_for) {
        (Pending::Waiting, Some(time), wait) => match postponed_for(wait) {
            None => format!("waiting until {time:.0}"),
            Some(what) => format!(
                "waiting until {time:.0}: {}",
                report::shortened(&report::escaped(what), MAX_WAIT_BYTES)
            ),
        },
        (Pending::Waiting, None, _) => "waiting".to_owned(),
        (Pending::Running, _, None) => "page in progress".to_owned(),
        (Pending::Running, _, Some(wait)) => format!(
            "page in progress: {}",
            report::shortened(&report::escaped(wait), MAX_WAIT_BYTES)
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU64;

    use super::*;
    use crate::sync::{ReachedLimit, Upserts};

    #[test]
    fn the_last_line_of_a_table_tells_new_rows_and_updates_apart() {
        let done = |rows, complete, limit: u64, upserts: Option<(u64, u64)>| {
            table_done(&TableSummary {
                table: "t".to_owned(),
                rows,
                complete,
                limit: NonZeroU64::new(limit).map(ReachedLimit::Rows),
                upserts: upserts.map(|(inserted, updated)| Upserts { inserted, updated }),
                ..TableSummary::default()
            })
        };
        assert_eq!(done(1, true, 0, None), "t: done, 1 row");
        assert_eq!(done(0, false, 0, None), "t: stopped, 0 rows");
        assert_eq!(
            done(12, false, 10, Some((9, 3))),
            "t: stopped at --limit 10, 12 rows (9 new, 3 updated)"
        );
    }

    #[test]
    fn a_refusal_is_shown_at_once_and_again_when_it_changes() {
        let waiting = |wait: &str| Event::Waiting {
            table: "beers".to_owned(),
            until: Some("2026-11-24T02:58:59Z".parse().unwrap()),
            reason: Pending::Waiting,
            waits_for: Some(wait.to_owned()),
        };
        let refused = "another try at https://a (it answered 429 Too Many Requests)";
        let failed = "another try at https://a (it answered 503 Service Unavailable)";
        let mut notices = RefusalNotices::default();
        for (wait, expected) in [
            ("response of https://a", None),
            (refused, Some(refused)),
            (refused, None),
            (failed, Some(failed)),
            (refused, Some(refused)),
        ] {
            let line = notices.event(&waiting(&format!("{wait} until 2026-11-24T02:58:59Z")));
            let expected =
                expected.map(|what| format!("beers: waiting until 2026-11-24T02:58:59Z: {what}"));
            assert_eq!(line, expected);
        }
        assert_eq!(
            notices.event(&Event::TableDone(TableSummary::default())),
            None
        );
        assert!(notices.event(&waiting(refused)).is_some(), "another page");
    }

    #[test]
    fn waits_between_pages_show_their_reason() {
        let time = "2026-11-24T02:58:59.4Z".parse().unwrap();
        for (last_line, expected) in [
            (None, "waiting until 2026-11-24T02:58:59Z"),
            (
                Some("requested wait until 2026-11-24T02:58:59Z"),
                "waiting until 2026-11-24T02:58:59Z",
            ),
            (
                Some("quota of shop until 2026-11-24T02:58:59Z"),
                "waiting until 2026-11-24T02:58:59Z: quota of shop",
            ),
        ] {
            assert_eq!(until(Pending::Waiting, Some(time), last_line), expected);
        }
    }
}
