//! Whether a connector is what its host and Weld expect: its file, then what it answers.
//!
//! Here belong the questions that are asked and what their answers show. It reads a component's surface itself, and asks
//! the running connector through the client of `sync`.

mod component;
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

/// How far a connector is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CheckDepth {
    /// Whether pages are asked for, which most connectors need their API for.
    pub(crate) pages: bool,
    /// How long one page may be pending.
    pub(crate) patience: Duration,
}

/// What a connector showed when it was asked.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    /// Each table's name, and how many rows its pages had where it was asked.
    pub(crate) tables: Vec<(String, Option<usize>)>,
    pub(crate) findings: Vec<Finding>,
}

/// Asks a connector for its schema and, of each table, for the first page twice and for the one after it.
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
