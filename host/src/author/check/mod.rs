//! Checks whether a connector meets the expectations of its host and of Weld: first its file, then its answers.
//!
//! This module reads a component's interface, requests the schema and pages from the running connector through the
//! client of `sync`, and judges the answers. Findings with one cause become one finding.

mod code;
mod columns;
mod component;
#[cfg(test)]
mod documented;
mod failure;
mod finding;
mod likeness;
mod names;
mod pages;
mod states;
mod times;
mod types;
mod values;

use std::fmt::{self, Debug, Formatter};
use std::time::Duration;

pub(crate) use code::{FindingCode, Severity};
pub(crate) use component::{Surface, surface};
pub(crate) use failure::FailedCall;
pub(crate) use finding::Finding;

use crate::sync::{ConnectorClient, ConnectorVariables};
use failure::FailureContext;

/// The connector to check, and how.
pub(crate) struct Subject<'a> {
    pub(crate) client: &'a ConnectorClient,
    /// The path of its configuration file, such as `./plugins/shop.toml`, which need not exist.
    pub(crate) settings: String,
    /// Its variables; `None` if they are unknown.
    pub(crate) variables: Option<&'a ConnectorVariables>,
    /// Removes and returns its calls to APIs that failed since the last time.
    pub(crate) failed_calls: &'a dyn Fn() -> Vec<FailedCall>,
    /// Whether to request pages, for which most connectors need their API.
    pub(crate) pages: bool,
    /// How long a page may be pending.
    pub(crate) patience: Duration,
}

impl Debug for Subject<'_> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Subject");
        shown.field("settings", &self.settings);
        shown.finish_non_exhaustive()
    }
}

/// The results of the requests to a connector.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    /// Each table's name, with the number of rows on its pages; `None` if no page was requested.
    pub(crate) tables: Vec<(String, Option<usize>)>,
    /// One for each cause.
    pub(crate) findings: Vec<Finding>,
}

/// Requests a connector's schema and, for each table, the first page twice and the second page once.
pub(crate) async fn run(subject: &Subject<'_>) -> Answers {
    let mut answers = Answers::default();
    let requested = subject.client.schema().await;
    let calls = (subject.failed_calls)();
    let context = FailureContext {
        settings: &subject.settings,
        variables: subject.variables,
        table: None,
        calls: &calls,
    };
    let tables = match requested {
        Ok(tables) => tables,
        Err(error) => {
            let finding = context.finding(FindingCode::SchemaFailed, &error);
            answers.findings.push(finding);
            return answers;
        }
    };
    let mut findings = context.ignored_refusals();
    if tables.is_empty() {
        findings.push(Finding::new(
            FindingCode::NoTables,
            "the schema has no tables",
        ));
    }
    findings.extend(names::check(&tables));
    findings.extend(tables.iter().flat_map(types::check));
    for table in &tables {
        let rows = if subject.pages {
            let (rows, found) = pages::check(subject, table).await;
            findings.extend(found);
            Some(rows)
        } else {
            None
        };
        answers.tables.push((table.name.clone(), rows));
    }
    answers.findings = finding::grouped(findings);
    answers
}
