//! Shows a sync as lines of text (without a terminal) or JSON, and formats the summary.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::{Value, json};
use weld_protocol::Pending;

use crate::cli::output::say;
use crate::report;
use crate::sync::{Event, SlowPage, Summary};

/// How often the current table gets a line.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// How many bytes of the host's description of a wait are shown.
const MAX_WAIT_BYTES: usize = 200;

/// Text lines on stderr, since the rows may go to stdout.
pub(in crate::cli) struct TextLog {
    last_line: Instant,
    rows: u64,
}

impl TextLog {
    pub(super) fn new() -> Self {
        Self {
            last_line: Instant::now(),
            rows: 0,
        }
    }

    pub(super) fn event(&mut self, event: &Event) {
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
                        "{}: page {number}, {} rows",
                        report::escaped(table),
                        self.rows
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
            Event::TableDone(done) => {
                let how = if done.complete { "done" } else { "stopped" };
                eprintln!(
                    "{}: {how}, {} rows",
                    report::escaped(&done.table),
                    done.rows
                );
            }
            Event::Retry { .. } | Event::Warning(_) => {
                if let Some(text) = notice(event) {
                    eprintln!("{text}");
                }
            }
            Event::Tables(_) => {}
        }
    }
}

/// One JSON object for each event, and one for the summary.
pub(in crate::cli) struct JsonLog;

impl JsonLog {
    pub(super) fn event(&self, event: &Event) {
        let line = match event {
            Event::Tables(tables) => json!({"event": "tables", "tables": tables}),
            Event::TableBegan { table, resumed } => {
                json!({"event": "table-began", "table": table, "resumed": resumed})
            }
            Event::Page {
                table,
                number,
                rows,
                bytes,
                took,
            } => json!({
                "event": "page", "table": table, "page": number, "rows": rows, "bytes": bytes,
                "seconds": took.as_secs_f64(),
            }),
            Event::Waiting {
                table,
                until,
                reason,
                waits_for,
            } => json!({
                "event": "waiting", "table": table, "reason": reason.as_str(),
                "until": until.map(|until| until.to_string()), "waits-for": waits_for,
            }),
            Event::Retry {
                table,
                next_try,
                wait,
                cause,
            } => json!({
                "event": "retry", "table": table, "try": next_try, "wait-seconds": wait.as_secs_f64(),
                "cause": cause,
            }),
            Event::Warning(warning) => json!({
                "event": "warning", "table": warning.table, "page": warning.page,
                "message": warning.kind.to_string(),
            }),
            Event::TableDone(done) => json!({
                "event": "table-done", "table": done.table, "pages": done.pages, "rows": done.rows,
                "bytes": done.bytes, "seconds": done.took.as_secs_f64(), "complete": done.complete,
                "slowest": done.slowest.iter().map(slow_page).collect::<Vec<_>>(),
            }),
        };
        say(&line.to_string());
    }

    pub(super) fn end(&self, summary: Option<&Summary>) {
        if let Some(summary) = summary {
            let line = json!({
                "event": "summary", "tables": summary.tables.len(), "pages": summary.pages(),
                "rows": summary.rows(), "bytes": summary.bytes(), "warnings": summary.warnings(),
                "seconds": summary.took.as_secs_f64(), "stopped": summary.stopped,
            });
            say(&line.to_string());
        }
    }
}

fn slow_page(page: &SlowPage) -> Value {
    json!({"page": page.number, "seconds": page.took.as_secs_f64()})
}

/// The text of a warning or a retry; `None` for other events.
pub(super) fn notice(event: &Event) -> Option<String> {
    let text = match event {
        Event::Warning(warning) => format!("warning: {warning}"),
        Event::Retry {
            table,
            next_try,
            wait,
            cause,
        } => {
            let what = table.as_deref().unwrap_or("schema");
            format!("{what}: try {next_try} in {wait:.1?}: {cause}")
        }
        Event::Tables(_)
        | Event::TableBegan { .. }
        | Event::Page { .. }
        | Event::Waiting { .. }
        | Event::TableDone(_) => return None,
    };
    Some(report::escaped(&text))
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

/// A size with a binary unit, such as `1.5 MiB`.
pub(super) fn size(bytes: u64) -> String {
    bytesize::ByteSize(bytes).display().iec().to_string()
}

/// The summary: a line for each table, and one for the total.
pub(in crate::cli) fn summary_lines(summary: &Summary) -> Vec<String> {
    let mut lines = vec![format!(
        "{:<20} {:>7} {:>10} {:>10} {:>9}  slowest pages",
        "table", "pages", "rows", "size", "seconds"
    )];
    for table in &summary.tables {
        let slowest: Vec<String> = table
            .slowest
            .iter()
            .map(|page| format!("{} ({:.1} s)", page.number, page.took.as_secs_f64()))
            .collect();
        let name = report::shortened(&report::escaped(&table.table), 40);
        lines.push(format!(
            "{name:<20} {:>7} {:>10} {:>10} {:>9.1}  {}",
            table.pages,
            table.rows,
            size(table.bytes),
            table.took.as_secs_f64(),
            slowest.join(", ")
        ));
    }
    lines.push(format!(
        "{:<20} {:>7} {:>10} {:>10} {:>9.1}",
        "total",
        summary.pages(),
        summary.rows(),
        size(summary.bytes()),
        summary.took.as_secs_f64()
    ));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

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
