//! The tables of a function that has just been built, as far as its schema needs neither variables nor an API.

use std::time::Duration;

use tempfile::TempDir;

use super::error::CliError;
use super::source::SyncSource;
use crate::author::build::BuiltComponent;
use crate::egress::HostMaps;
use crate::sync::{ClientOptions, ConnectorClient, SyncError};
use weld_protocol::Table;

/// How long the schema may take. Compiling is not part of it.
const PATIENCE: Duration = Duration::from_secs(20);

/// More than these are counted only.
const SHOWN: usize = 20;

/// A line about the tables, or why they are not known.
///
/// # Errors
///
/// The component can't be served: that of its host, which no variable changes.
pub(super) async fn tables(built: &BuiltComponent) -> Result<String, CliError> {
    let folder = TempDir::with_prefix("weld-host-").map_err(CliError::CheckSetUp)?;
    // Beside it there is no configuration.
    let component = folder.path().join("function.wasm");
    std::fs::write(&component, &built.bytes).map_err(CliError::CheckSetUp)?;
    let source = SyncSource::serve(&component, HostMaps::default()).await?;
    let options = ClientOptions {
        pauses: Vec::new(),
        answer_timeout: PATIENCE,
        ..ClientOptions::default()
    };
    let client = ConnectorClient::with_options(&source.url, source.key.as_ref(), options)?;
    let schema = client.schema().await;
    source.close().await;
    Ok(line(schema))
}

fn line(schema: Result<Vec<Table>, SyncError>) -> String {
    let tables = match schema {
        Ok(tables) => tables,
        Err(error) => {
            let reason = match error {
                SyncError::Refused { message, .. } => message,
                error => crate::report::chain(&error),
            };
            return format!("not known without variables and the API: {reason}");
        }
    };
    let names: Vec<_> = tables
        .iter()
        .take(SHOWN)
        .map(|table| &*table.name)
        .collect();
    match tables.len() {
        0 => "none: the schema is empty".to_owned(),
        count if count > SHOWN => format!("{count}, among them {}", names.join(", ")),
        _ => names.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tables(count: usize) -> Vec<Table> {
        let names = (1..=count).map(|number| format!("t{number}"));
        let table = |name| Table {
            name,
            primary_key: Vec::new(),
            fields: Vec::new(),
        };
        names.map(table).collect()
    }

    #[test]
    fn tables_are_named_up_to_a_number_and_a_refusal_says_why_they_are_not_known() {
        assert_eq!(line(Ok(tables(0))), "none: the schema is empty");
        assert_eq!(line(Ok(tables(2))), "t1, t2");
        assert!(line(Ok(tables(SHOWN))).ends_with("t20"));
        let many = line(Ok(tables(21)));
        assert!(many.starts_with("21, among them t1, ") && many.ends_with(", t20"));
        let refused = SyncError::Refused {
            url: "http://127.0.0.1:1/schema".to_owned(),
            status: 500,
            kind: None,
            message: "API_URL is not set".to_owned(),
            retry_after: None,
        };
        assert_eq!(
            line(Err(refused)),
            "not known without variables and the API: API_URL is not set"
        );
    }
}
