//! Checks the first pages of a table.

use std::time::Duration;

use serde_json::value::RawValue;
use weld_protocol::Table;

use super::finding::{Finding, FindingCode};
use super::{states, types};
use crate::sync::{Checks, ConnectorClient, PageWaitError, TableSync, Warning, WarningKind};

/// A page, with the state after it.
struct PageSample {
    rows: Vec<Box<RawValue>>,
    state: Box<RawValue>,
    has_more: bool,
    /// Whether the state differs from the one in the request.
    moved: bool,
}

impl PageSample {
    fn row_texts(&self) -> Vec<&str> {
        self.rows.iter().map(|row| row.get()).collect()
    }
}

/// Fetches the first page twice and the second page once. Returns the number of rows and the findings.
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

/// Like [`check`], but the findings don't name the table yet.
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
    let is_reported = large_integer.is_some();
    findings.extend(large_integer);
    match fetch(client, table, first_state, patience).await {
        Ok(again) => findings.extend(compare(&first, &again)),
        Err(error) => findings.push(missing_page(FindingCode::PageFailed, &error)),
    }
    if first.has_more && !first.moved && first.rows.is_empty() {
        let message = "a page without rows has hasMore: true and the same state as its request";
        findings.push(Finding::new(FindingCode::StateStuck, message));
        return 0;
    }
    let mut rows = first.rows.len();
    match fetch(client, table, first.state.clone(), patience).await {
        Ok(second) => {
            rows = rows.saturating_add(second.rows.len());
            let warnings = checks.page(2, &second.rows, &second.state, false);
            findings.extend(warnings.iter().filter_map(from_warning));
            findings.extend(states::check(second.state.get()).filter(|_| !is_reported));
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
    // A table that is not done has another page.
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

/// Compares two answers to the same request; `None` if they are equal.
fn compare(first: &PageSample, again: &PageSample) -> Option<Finding> {
    let difference = if first.row_texts() != again.row_texts() {
        let (first, again) = (first.rows.len(), again.rows.len());
        if first == again {
            "different rows".to_owned()
        } else {
            format!("{again} rows instead of {first}")
        }
    } else if first.has_more != again.has_more {
        "a different hasMore".to_owned()
    } else {
        return None;
    };
    let message = format!("the first page, requested again, had {difference}");
    Some(Finding::new(FindingCode::NotRepeatable, message))
}

/// A finding if the second page repeats the first one's rows.
fn repeated_page(first: &PageSample, second: &PageSample) -> Option<Finding> {
    let is_repeated =
        first.has_more && !first.rows.is_empty() && first.row_texts() == second.row_texts();
    let code = if first.moved {
        FindingCode::ResumeRepeats
    } else {
        FindingCode::StateStuck
    };
    let message = "the second page has the same rows as the first";
    is_repeated.then(|| Finding::new(code, message))
}

/// A sync's warning as a finding; `None` for a warning about the destination, since a check has none.
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
    fn warnings_about_a_destination_are_not_findings() {
        let names = vec!["SINCE".to_owned()];
        let kind = WarningKind::VariablesChanged { names };
        assert_eq!(from_warning(&warning(kind)), None);
        let field = "a".to_owned();
        let found = from_warning(&warning(WarningKind::FieldNeverCame { field }));
        let code = found.map(|finding| finding.code);
        assert_eq!(code, Some(FindingCode::FieldNeverCame));
    }

    #[test]
    fn pages_that_are_late_and_states_that_grow_are_reported_like_this() {
        let waits_for = Some("the API's quota".to_owned());
        let late = missing_page(
            FindingCode::PageFailed,
            &PageWaitError::Pending { waits_for },
        );
        let grows = WarningKind::StateGrows {
            pages: 20,
            bytes: 80_000,
        };
        let grows = from_warning(&warning(grows)).unwrap();
        assert_eq!(late.code, FindingCode::PageNotReady);
        assert_eq!(grows.code, FindingCode::StateGrows);
        insta::assert_snapshot!(format!("{}\n{}", late.message, grows.message));
    }
}
