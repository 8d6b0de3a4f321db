//! Checks whether a connector meets the expectations of its host and of Weld: first its file, then its answers.
//!
//! This module reads a component's interface, requests the schema and pages from the running connector through the
//! client of `sync`, and judges the answers.

mod component;
#[cfg(test)]
mod documented;
mod finding;
mod names;
mod pages;
mod states;
mod times;
mod types;

use std::time::Duration;

pub(crate) use component::{Surface, surface};
pub(crate) use finding::{Finding, FindingCode, Severity};

use crate::sync::ConnectorClient;

/// What to request from a connector.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CheckDepth {
    /// Whether to request pages, for which most connectors need their API.
    pub(crate) pages: bool,
    /// How long a page may be pending.
    pub(crate) patience: Duration,
}

/// The results of the requests to a connector.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    /// Each table's name, with the number of rows on its pages; `None` if no page was requested.
    pub(crate) tables: Vec<(String, Option<usize>)>,
    pub(crate) findings: Vec<Finding>,
}

/// Requests a connector's schema and, for each table, the first page twice and the second page once.
pub(crate) async fn run(client: &ConnectorClient, depth: CheckDepth) -> Answers {
    let mut answers = Answers::default();
    let tables = match client.schema().await {
        Ok(tables) => tables,
        Err(error) => {
            let finding = Finding::from_refusal(FindingCode::SchemaFailed, &error);
            answers.findings.push(finding);
            return answers;
        }
    };
    if tables.is_empty() {
        answers.findings.push(Finding::new(
            FindingCode::NoTables,
            "the schema has no tables",
        ));
    }
    answers.findings.extend(names::check(&tables));
    for table in &tables {
        let rows = if depth.pages {
            let (rows, findings) = pages::check(client, table, depth.patience).await;
            answers.findings.extend(findings);
            Some(rows)
        } else {
            None
        };
        answers.tables.push((table.name.clone(), rows));
    }
    answers
}
