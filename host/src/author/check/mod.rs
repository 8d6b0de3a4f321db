//! Whether a connector is what its host and Weld expect: its file, then what it answers.
//!
//! Here belong the questions that are asked and what their answers show. It reads a component's surface itself, and asks
//! the running connector through the client of `sync`.

mod component;
mod finding;
mod names;
mod pages;
mod types;

use std::time::Duration;

use weld_protocol::{ErrorKind, Table};

pub(crate) use component::{Surface, surface};
pub(crate) use finding::{Code, Finding, Severity};

use crate::sync::{Client, SyncError};

/// How far a connector is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Depth {
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
pub(crate) async fn ask(client: &Client, depth: Depth) -> Answers {
    let mut answers = Answers::default();
    let tables = match client.schema().await {
        Ok(tables) => tables,
        Err(error) => {
            answers.findings.push(refused(Code::SchemaFailed, &error));
            return answers;
        }
    };
    if tables.is_empty() {
        answers
            .findings
            .push(Finding::new(Code::NoTables, "the schema has no tables"));
    }
    answers.findings.extend(names::look(&tables));
    for table in &tables {
        let rows = if depth.pages {
            let (rows, findings) = pages::look(client, table, depth.patience).await;
            answers.findings.extend(findings);
            Some(rows)
        } else {
            None
        };
        answers.tables.push((table.name.clone(), rows));
    }
    answers
}

/// An answer that is an error: a connector that lacks a setting is told from one that fails.
fn refused(code: Code, error: &SyncError) -> Finding {
    let code = match error.kind() {
        Some(ErrorKind::Misconfigured) => Code::Misconfigured,
        Some(ErrorKind::UpstreamUnauthorized | ErrorKind::CredentialsFailed) => Code::Unauthorized,
        _ => code,
    };
    let message = match error {
        SyncError::Refused { kind, message, .. } => {
            let kind = kind.map_or("no error of the protocol", ErrorKind::as_str);
            format!("{message} ({kind})")
        }
        other => crate::report::chain(other),
    };
    Finding::new(code, message)
}

fn of_table(table: &Table, finding: Finding) -> Finding {
    Finding {
        table: Some(table.name.clone()),
        ..finding
    }
}
