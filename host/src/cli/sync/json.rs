//! Shows a sync as JSON: one object for each event, one for the summary, and one for an error.

use serde_json::{Value, json};

use weld_protocol::ErrorKind;

use crate::cli::error::CliError;
use crate::cli::output::say;
use crate::report;
use crate::sync::{Event, ReachedLimit, SlowPage, Summary, Upserts};

/// Lines of JSON on stdout.
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
                upserts,
                bytes,
                took,
            } => json!({
                "event": "page", "table": table, "page": number, "rows": rows,
                "inserted": inserted(*upserts), "updated": updated(*upserts), "bytes": bytes,
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
                page,
                next_try,
                wait,
                cause,
            } => json!({
                "event": "retry", "table": table, "page": page, "try": next_try, "wait-seconds": wait.as_secs_f64(),
                "cause": cause,
            }),
            Event::Warning(warning) => json!({
                "event": "warning", "table": warning.table, "page": warning.page,
                "message": warning.kind.to_string(),
            }),
            Event::LimitReached { table, limit } => {
                json!({"event": "limit-reached", "table": table, "limit": limit_value(*limit)})
            }
            Event::TableDone(done) => json!({
                "event": "table-done", "table": done.table, "pages": done.pages, "rows": done.rows,
                "inserted": inserted(done.upserts), "updated": updated(done.upserts),
                "limit": done.limit.map(limit_value), "bytes": done.bytes,
                "seconds": done.took.as_secs_f64(), "complete": done.complete,
                "slowest": done.slowest.iter().map(slow_page).collect::<Vec<_>>(),
            }),
        };
        say(&line.to_string());
    }

    pub(super) fn end(&self, summary: Option<&Summary>) {
        if let Some(summary) = summary {
            let line = json!({
                "event": "summary", "tables": summary.tables.len(), "pages": summary.pages(),
                "rows": summary.rows(), "inserted": inserted(summary.upserts()),
                "updated": updated(summary.upserts()), "bytes": summary.bytes(),
                "warnings": summary.warnings(),
                "limited": summary.limited().map(|(table, _)| table).collect::<Vec<_>>(),
                "seconds": summary.took.as_secs_f64(), "stopped": summary.stopped,
            });
            say(&line.to_string());
        }
    }

    /// The event for an error that ends the command. A signal is not an error: the summary says that it was stopped.
    pub(in crate::cli) fn error(&self, error: &CliError) {
        let failure = match error {
            CliError::SyncFailed(failure) => Some(failure),
            CliError::SyncStopped(_) | CliError::SyncNotBegun => return,
            _ => None,
        };
        let cause = failure.map(|failure| report::chain(&*failure.cause));
        let line = json!({
            "event": "error",
            "table": failure.and_then(|failure| failure.table.as_deref()),
            "page": failure.and_then(|failure| failure.page),
            "rows": failure.map_or(0, |failure| failure.rows),
            "kind": failure.and_then(|failure| failure.cause.kind()).map(ErrorKind::as_str),
            "cause": cause.unwrap_or_else(|| report::chain(error)),
            "unreached": failure.map(|failure| failure.unreached.as_slice()).unwrap_or_default(),
        });
        say(&line.to_string());
    }
}

fn inserted(upserts: Option<Upserts>) -> Option<u64> {
    upserts.map(|upserts| upserts.inserted)
}

fn updated(upserts: Option<Upserts>) -> Option<u64> {
    upserts.map(|upserts| upserts.updated)
}

/// The limit as the flag that set it, without its dashes.
fn limit_value(limit: ReachedLimit) -> Value {
    match limit {
        ReachedLimit::Rows(rows) => json!({"limit": rows}),
        ReachedLimit::Pages(pages) => json!({"pages": pages}),
    }
}

fn slow_page(page: &SlowPage) -> Value {
    json!({"page": page.number, "seconds": page.took.as_secs_f64()})
}
