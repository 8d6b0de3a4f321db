//! The first pages of a table.

use std::time::Duration;

use serde_json::value::RawValue;
use weld_protocol::Table;

use super::finding::{Finding, FindingCode};
use super::{states, types};
use crate::sync::{Checks, ConnectorClient, PageWaitError, TableSync, Warning, WarningKind};

/// One page, and where it leaves the table.
struct PageSample {
    rows: Vec<Box<RawValue>>,
    state: Box<RawValue>,
    has_more: bool,
    /// Whether the state is another than was sent.
    moved: bool,
}

impl PageSample {
    fn row_texts(&self) -> Vec<&str> {
        self.rows.iter().map(|row| row.get()).collect()
    }
}

/// Fetches the first page twice and the one after it. Gives the number of rows, and what is wrong with them.
pub(super) async fn check(
    client: &ConnectorClient,
    table: &Table,
    patience: Duration,
) -> (usize, Vec<Finding>) {
    let mut findings = Vec::new();
    let rows = fetch_and_check(client, table, patience, &mut findings).await;
    let findings = findings
        .into_iter()
        .map(|finding| finding.in_table(&table.name));
    (rows, findings.collect())
}

/// As [`check`], with findings that don't name the table yet.
async fn fetch_and_check(
    client: &ConnectorClient,
    table: &Table,
    patience: Duration,
    findings: &mut Vec<Finding>,
) -> usize {
    let Ok(first_state) = RawValue::from_string("{}".to_owned()) else {
        return 0;
    };
    let first = match fetch(client, table, first_state.clone(), patience).await {
        Ok(first) => first,
        Err(error) => {
            findings.push(missing_page(FindingCode::PageFailed, &error));
            return 0;
        }
    };
    let mut checks = Checks::new(table, true);
    let warnings = checks.page(1, &first.rows, &first.state, !first.has_more);
    findings.extend(warnings.iter().filter_map(from_warning));
    findings.extend(types::check(table, &first.rows));
    let large_integer = states::check(first.state.get());
    let is_told = large_integer.is_some();
    findings.extend(large_integer);
    match fetch(client, table, first_state, patience).await {
        Ok(again) => findings.extend(compare(&first, &again)),
        Err(error) => findings.push(missing_page(FindingCode::PageFailed, &error)),
    }
    if first.has_more && !first.moved && first.rows.is_empty() {
        let message =
            "a page without rows says that there is more, and has the state that was sent";
        findings.push(Finding::new(FindingCode::StateStuck, message));
        return 0;
    }
    let mut rows = first.rows.len();
    match fetch(client, table, first.state.clone(), patience).await {
        Ok(second) => {
            rows = rows.saturating_add(second.rows.len());
            let warnings = checks.page(2, &second.rows, &second.state, false);
            findings.extend(warnings.iter().filter_map(from_warning));
            findings.extend(states::check(second.state.get()).filter(|_| !is_told));
            findings.extend(repeated_page(&first, &second));
        }
        Err(error) => findings.push(missing_page(FindingCode::ResumeFailed, &error)),
    }
    rows
}

/// Fetches the page after a state.
async fn fetch(
    client: &ConnectorClient,
    table: &Table,
    state: Box<RawValue>,
    patience: Duration,
) -> Result<PageSample, PageWaitError> {
    let mut reading = TableSync::new(client, &table.name, state);
    // A table that is not done has pages.
    let rows = reading.page_within(patience).await?.unwrap_or_default();
    Ok(PageSample {
        rows,
        state: reading.state().to_owned(),
        has_more: !reading.is_done(),
        moved: reading.moved(),
    })
}

fn missing_page(code: FindingCode, error: &PageWaitError) -> Finding {
    match error {
        PageWaitError::Request(error) => Finding::from_refusal(code, error),
        PageWaitError::Pending { .. } => Finding::new(FindingCode::PageNotReady, error.to_string()),
    }
}

/// How two answers to one request differ.
fn compare(first: &PageSample, again: &PageSample) -> Option<Finding> {
    let difference = if first.row_texts() != again.row_texts() {
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
    let message = format!("the first page, asked for once more, had {difference}");
    Some(Finding::new(FindingCode::NotRepeatable, message))
}

/// Whether the second page has the first one's rows.
fn repeated_page(first: &PageSample, second: &PageSample) -> Option<Finding> {
    let is_repeated =
        first.has_more && !first.rows.is_empty() && first.row_texts() == second.row_texts();
    let code = if first.moved {
        FindingCode::ResumeRepeats
    } else {
        FindingCode::StateStuck
    };
    let message = "the page after the first has the first one's rows";
    is_repeated.then(|| Finding::new(code, message))
}

/// A warning of a sync as a finding; `None` for one about a destination, which a check doesn't have.
fn from_warning(warning: &Warning) -> Option<Finding> {
    let code = match warning.kind {
        WarningKind::KeyMissing { .. } => FindingCode::KeyMissing,
        WarningKind::KeyNull { .. } => FindingCode::KeyNull,
        WarningKind::KeyTwice { .. } => FindingCode::KeyTwice,
        WarningKind::FieldNeverCame { .. } => FindingCode::FieldNeverCame,
        WarningKind::KindChanged { .. } => FindingCode::KindChanged,
        WarningKind::VariablesChanged { .. } => return None,
        WarningKind::StateGrows { .. } => FindingCode::StateGrows,
    };
    Some(Finding::new(code, warning.kind.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warning(kind: WarningKind) -> Warning {
        Warning {
            table: "t".to_owned(),
            page: 1,
            kind,
        }
    }

    #[test]
    fn warnings_about_a_destination_are_no_findings() {
        let names = vec!["SINCE".to_owned()];
        let kind = WarningKind::VariablesChanged { names };
        assert_eq!(from_warning(&warning(kind)), None);
        let field = "a".to_owned();
        let found = from_warning(&warning(WarningKind::FieldNeverCame { field }));
        let code = found.map(|finding| finding.code);
        assert_eq!(code, Some(FindingCode::FieldNeverCame));
    }
}
