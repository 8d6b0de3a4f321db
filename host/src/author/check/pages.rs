//! Checks the first pages of a table.

use serde_json::value::RawValue;
use weld_protocol::Table;

use super::code::FindingCode;
use super::columns::UndeclaredColumns;
use super::failure::{self, FailureContext};
use super::finding::Finding;
use super::{Subject, states, values};
use crate::sync::{Checks, PageWaitError, TableSync, Warning, WarningKind};

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
pub(super) async fn check(subject: &Subject<'_>, table: &Table) -> (usize, Vec<Finding>) {
    let mut check = TableCheck {
        subject,
        table,
        findings: Vec::new(),
    };
    let rows = check.run().await;
    (rows, check.findings)
}

/// The check of a table.
struct TableCheck<'a> {
    subject: &'a Subject<'a>,
    table: &'a Table,
    findings: Vec<Finding>,
}

impl TableCheck<'_> {
    async fn run(&mut self) -> usize {
        let Ok(first_state) = RawValue::from_string("{}".to_owned()) else {
            return 0;
        };
        let table = self.table;
        let Some(first) = self
            .fetch(FindingCode::PageFailed, first_state.clone())
            .await
        else {
            return 0;
        };
        let mut checks = Checks::new(table, true);
        let mut columns = UndeclaredColumns::new(table);
        columns.add(&first.rows);
        let mut warnings = checks.page(1, &first.rows, &first.state, !first.has_more);
        self.extend(values::check(table, &first.rows));
        let large_integer = states::check(first.state.get());
        let is_reported = large_integer.is_some();
        self.extend(large_integer);
        if let Some(again) = self.fetch(FindingCode::PageFailed, first_state).await {
            self.extend(compare(&first, &again));
        }
        let mut rows = first.rows.len();
        if first.has_more && !first.moved && first.rows.is_empty() {
            let message =
                "a page without rows says that there is more, with the same state as its request";
            self.extend([Finding::new(FindingCode::StateStuck, message)]);
        } else if let Some(second) = self
            .fetch(FindingCode::ResumeFailed, first.state.clone())
            .await
        {
            rows = rows.saturating_add(second.rows.len());
            columns.add(&second.rows);
            let is_end = first.has_more && !second.has_more;
            warnings.extend(checks.page(2, &second.rows, &second.state, is_end));
            self.extend(states::check(second.state.get()).filter(|_| !is_reported));
            self.extend(repeated_page(&first, &second));
        }
        let (missing, others) = of_warnings(warnings);
        self.extend(others);
        self.findings.extend(columns.findings(missing));
        rows
    }

    fn extend(&mut self, findings: impl IntoIterator<Item = Finding>) {
        let findings = findings.into_iter();
        self.findings
            .extend(findings.map(|finding| finding.in_table(&self.table.name)));
    }

    /// Fetches the page after a state; `None` if it failed, which is then among the findings, under `code` if the cause
    /// has no code of its own.
    async fn fetch(&mut self, code: FindingCode, state: Box<RawValue>) -> Option<PageSample> {
        let fetched = fetch(self.subject, self.table, state).await;
        let calls = (self.subject.failed_calls)();
        let context = FailureContext {
            settings: &self.subject.settings,
            variables: self.subject.variables,
            table: Some(&self.table.name),
            calls: &calls,
        };
        match fetched {
            Ok(page) => {
                self.findings.extend(context.ignored_refusals());
                Some(page)
            }
            Err(error) => {
                self.findings
                    .push(failure::missing_page(code, &error, context));
                None
            }
        }
    }
}

async fn fetch(
    subject: &Subject<'_>,
    table: &Table,
    state: Box<RawValue>,
) -> Result<PageSample, PageWaitError> {
    let mut reading = TableSync::new(subject.client, &table.name, state);
    // A table that is not done has another page.
    let rows = reading
        .page_within(subject.patience)
        .await?
        .unwrap_or_default();
    Ok(PageSample {
        rows,
        state: reading.state().to_owned(),
        has_more: !reading.is_done(),
        moved: reading.moved(),
    })
}

/// Compares two answers to the same request; `None` if they are equal.
fn compare(first: &PageSample, again: &PageSample) -> Option<Finding> {
    let difference = if first.row_texts() != again.row_texts() {
        let (first, again) = (first.rows.len(), again.rows.len());
        if first == again {
            "had different rows".to_owned()
        } else {
            format!("had {again} rows instead of {first}")
        }
    } else if first.has_more != again.has_more {
        match again.has_more {
            true => "said that more rows follow, unlike the first time".to_owned(),
            false => "said that nothing follows, unlike the first time".to_owned(),
        }
    } else {
        return None;
    };
    let message = format!("the first page, requested again, {difference}");
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

/// A sync's warnings as findings: those about declared fields that never came, with the field, and the others.
fn of_warnings(warnings: Vec<Warning>) -> (Vec<(String, Finding)>, Vec<Finding>) {
    let (mut missing, mut others) = (Vec::new(), Vec::new());
    for warning in warnings {
        let message = warning.kind.to_string();
        let code = match warning.kind {
            WarningKind::FieldNeverCame { field } => {
                missing.push((field, Finding::new(FindingCode::FieldNeverCame, message)));
                continue;
            }
            WarningKind::KeyMissing { .. } => FindingCode::KeyMissing,
            WarningKind::KeyNull { .. } => FindingCode::KeyNull,
            WarningKind::KeyTwice { .. } => FindingCode::KeyTwice,
            WarningKind::KindChanged { .. } => FindingCode::KindChanged,
            // A check has no destination, reads fewer pages than these need, and judges types by itself.
            WarningKind::VariablesChanged { .. }
            | WarningKind::StateGrows { .. }
            | WarningKind::PagesRepeat { .. }
            | WarningKind::UnknownType(_) => continue,
        };
        others.push(Finding::new(code, message));
    }
    (missing, others)
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
    fn warnings_about_a_destination_or_many_pages_are_not_findings() {
        let names = vec!["SINCE".to_owned()];
        let (field, column) = ("a".to_owned(), "b".to_owned());
        let (missing, others) = of_warnings(vec![
            warning(WarningKind::VariablesChanged { names }),
            warning(WarningKind::FieldNeverCame { field }),
            warning(WarningKind::KeyNull { column, row: 1 }),
            warning(WarningKind::StateGrows {
                pages: 20,
                bytes: 80_000,
            }),
        ]);
        let missing: Vec<_> = missing.iter().map(|(field, _)| field.as_str()).collect();
        assert_eq!(missing, ["a"]);
        let codes: Vec<_> = others.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, [FindingCode::KeyNull]);
    }
}
