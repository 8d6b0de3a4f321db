//! The first pages of a table.

use std::time::{Duration, Instant};

use serde_json::value::RawValue;
use weld_protocol::{Pending, Table};

use super::finding::{Code, Finding};
use super::{of_table, refused, types};
use crate::sync::{Checks, Client, Finding as Found, Progress, SyncError, TableSync};

/// Between two requests for a page that is pending.
const PENDING_INTERVAL: Duration = Duration::from_millis(100);

/// One page.
struct Page {
    rows: Vec<Box<RawValue>>,
    state: Box<RawValue>,
    has_more: bool,
    moved: bool,
}

/// Why there is no page.
enum NoPage {
    Refused(SyncError),
    /// It is pending for longer than anybody waits here.
    Pending(Option<String>),
}

/// Asks for the first page twice and for the one after it. Answers how many rows came, and what was found.
pub(super) async fn look(
    client: &Client,
    table: &Table,
    patience: Duration,
) -> (usize, Vec<Finding>) {
    let mut findings = Vec::new();
    let rows = ask(client, table, patience, &mut findings).await;
    let findings = findings.into_iter().map(|finding| of_table(table, finding));
    (rows, findings.collect())
}

async fn ask(
    client: &Client,
    table: &Table,
    patience: Duration,
    findings: &mut Vec<Finding>,
) -> usize {
    let Ok(first_state) = RawValue::from_string("{}".to_owned()) else {
        return 0;
    };
    let first = match page(client, table, first_state.clone(), patience).await {
        Ok(first) => first,
        Err(reason) => {
            findings.push(no_page(Code::PageFailed, reason));
            return 0;
        }
    };
    let mut checks = Checks::new(table, true);
    let seen = checks.page(1, &first.rows, &first.state, !first.has_more);
    findings.extend(seen.into_iter().map(|warning| of_checks(&warning.finding)));
    findings.extend(types::look(table, &first.rows));
    match page(client, table, first_state, patience).await {
        Ok(again) => findings.extend(compared(&first, &again)),
        Err(reason) => findings.push(no_page(Code::PageFailed, reason)),
    }
    if first.has_more && !first.moved && first.rows.is_empty() {
        let message =
            "a page without rows says that there is more, and has the state that was sent";
        findings.push(Finding::new(Code::StateStuck, message));
        return 0;
    }
    let mut rows = first.rows.len();
    match page(client, table, first.state.clone(), patience).await {
        Ok(second) => {
            rows = rows.saturating_add(second.rows.len());
            let seen = checks.page(2, &second.rows, &second.state, false);
            findings.extend(seen.into_iter().map(|warning| of_checks(&warning.finding)));
            if first.has_more && !first.rows.is_empty() && texts(&first) == texts(&second) {
                let message = "the page after the first has the first one's rows";
                let code = if first.moved {
                    Code::ResumeRepeats
                } else {
                    Code::StateStuck
                };
                findings.push(Finding::new(code, message));
            }
        }
        Err(reason) => findings.push(no_page(Code::ResumeFailed, reason)),
    }
    rows
}

/// Asks until there is a page.
async fn page(
    client: &Client,
    table: &Table,
    state: Box<RawValue>,
    patience: Duration,
) -> Result<Page, NoPage> {
    let began = Instant::now();
    let mut reading = TableSync::new(client, &table.name, state);
    loop {
        match reading.advance().await.map_err(NoPage::Refused)? {
            Progress::Page { rows, .. } => {
                return Ok(Page {
                    rows,
                    state: reading.state().to_owned(),
                    has_more: !reading.is_done(),
                    moved: reading.moved(),
                });
            }
            Progress::Pending(_) if began.elapsed() >= patience => {
                return Err(NoPage::Pending(waits_for(&reading)));
            }
            Progress::Pending(Pending::Waiting | Pending::Running) => {
                tokio::time::sleep(PENDING_INTERVAL).await;
            }
            // A table that is not done has pages.
            Progress::Done => return Err(NoPage::Pending(None)),
        }
    }
}

fn waits_for(reading: &TableSync<'_>) -> Option<String> {
    let until = reading
        .waiting_until()
        .map(|until| format!("not before {until}"));
    reading.waits_for().map(str::to_owned).or(until)
}

fn no_page(code: Code, reason: NoPage) -> Finding {
    match reason {
        NoPage::Refused(error) => refused(code, &error),
        NoPage::Pending(waits_for) => {
            let for_what = waits_for.map(|what| format!(", it waits: {what}"));
            let message = format!("the page is not ready{}", for_what.unwrap_or_default());
            Finding::new(Code::PageNotReady, message)
        }
    }
}

/// What two answers to one request differ in.
fn compared(first: &Page, again: &Page) -> Option<Finding> {
    let what = if texts(first) != texts(again) {
        let (first, again) = (first.rows.len(), again.rows.len());
        if first == again {
            "other rows".to_owned()
        } else {
            format!("{again} rows instead of {first}")
        }
    } else if first.has_more != again.has_more {
        "another hasMore".to_owned()
    } else {
        return None;
    };
    let message = format!("the first page, asked for once more, had {what}");
    Some(Finding::new(Code::NotRepeatable, message))
}

fn texts(page: &Page) -> Vec<&str> {
    page.rows.iter().map(|row| row.get()).collect()
}

/// What the checks of a sync have found, as a finding.
fn of_checks(found: &Found) -> Finding {
    let code = match found {
        Found::KeyMissing { .. } => Code::KeyMissing,
        Found::KeyNull { .. } => Code::KeyNull,
        Found::KeyTwice { .. } => Code::KeyTwice,
        Found::FieldNeverCame { .. } => Code::FieldNeverCame,
        Found::KindChanged { .. } => Code::KindChanged,
        Found::StateGrows { .. } => Code::StateGrows,
    };
    Finding::new(code, found.to_string())
}
