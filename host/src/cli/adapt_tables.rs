//! The tables of a function that has just been built, if its schema needs neither variables nor an API.

use std::ffi::OsStr;
use std::time::Duration;

use tempfile::TempDir;

use super::error::CliError;
use super::progress::ProgressLines;
use super::server_flags::CeilingFlags;
use super::source::SyncSource;
use crate::author::adapt::AdaptedFunction;
use crate::author::build::BuiltComponent;
use crate::egress::HostMaps;
use crate::sync::{ClientOptions, ConnectorClient, SyncError};
use weld_protocol::Table;

/// How long the schema may take, without compiling.
const PATIENCE: Duration = Duration::from_secs(20);

/// How many tables are listed by name.
const SHOWN: usize = 20;

/// The line that lists the tables, or says why they are not known.
///
/// # Errors
///
/// The component can't be served. The error is that of its host; no variable changes it.
pub(super) async fn tables(
    built: &BuiltComponent,
    function: &AdaptedFunction,
) -> Result<String, CliError> {
    let folder = TempDir::with_prefix("weld-host-").map_err(CliError::CheckSetUp)?;
    // There is no configuration next to the copy. Its file name makes messages name the connector's own configuration.
    let name = built
        .path
        .file_name()
        .unwrap_or(OsStr::new("function.wasm"));
    let component = folder.path().join(name);
    std::fs::write(&component, &built.bytes).map_err(CliError::CheckSetUp)?;
    let source = SyncSource::serve(
        &component,
        HostMaps::default(),
        &CeilingFlags::default(),
        &ProgressLines::shown(),
    )
    .await?;
    let options = ClientOptions {
        pauses: Vec::new(),
        answer_timeout: PATIENCE,
        ..ClientOptions::default()
    };
    let client = ConnectorClient::with_options(&source.url, source.key.as_ref(), options)?;
    let schema = client.schema().await;
    source.close().await;
    Ok(line(schema, function))
}

fn line(schema: Result<Vec<Table>, SyncError>, function: &AdaptedFunction) -> String {
    let tables = match schema {
        Ok(tables) => tables,
        Err(error) => {
            let reason = match error {
                SyncError::Refused { message, .. } => message,
                error => crate::report::chain(&error),
            };
            return unknown(&reason, function);
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

/// What to do to see the tables, if the schema failed for this reason.
fn unknown(reason: &str, function: &AdaptedFunction) -> String {
    let is_in_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let words: Vec<_> = reason.split(|letter| !is_in_name(letter)).collect();
    let mut missing = function
        .variables()
        .filter(|(name, _)| words.contains(name));
    if let Some((name, place)) = missing.next() {
        return format!("set {name} to see the tables: {place} needs it");
    }
    if reason.contains("under [network]") {
        return "the schema needs an API, which `adapt` does not call: run `weld-host check` on the component to list them"
            .to_owned();
    }
    format!("not known: {reason}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::ServerName;

    fn tables(count: usize) -> Vec<Table> {
        let names = (1..=count).map(|number| format!("t{number}"));
        let table = |name| Table {
            name,
            primary_key: Vec::new(),
            fields: Vec::new(),
        };
        names.map(table).collect()
    }

    fn refused(message: &str) -> Result<Vec<Table>, SyncError> {
        Err(SyncError::Refused {
            server: ServerName::Component,
            status: 500,
            kind: None,
            temporary: None,
            message: message.to_owned(),
            retry_after: None,
        })
    }

    #[test]
    fn tables_are_listed_up_to_a_limit() {
        let function = AdaptedFunction::with_variables(&[]);
        let line = |schema| line(schema, &function);
        assert_eq!(line(Ok(tables(0))), "none: the schema is empty");
        assert_eq!(line(Ok(tables(2))), "t1, t2");
        assert!(line(Ok(tables(SHOWN))).ends_with("t20"));
        let many = line(Ok(tables(21)));
        assert!(many.starts_with("21, among them t1, ") && many.ends_with(", t20"));
    }

    #[test]
    fn a_refusal_says_what_to_do_to_see_the_tables() {
        let function = AdaptedFunction::with_variables(&["API", "API_URL"]);
        for (message, expected) in [
            (
                "main.py:3 needs API_URL, which is not set: add API_URL = … to the section [env]",
                "set API_URL to see the tables: main.py:3 needs it",
            ),
            (
                "index.js fails while it loads, and API is not set in [env]: no",
                "set API to see the tables: main.py:3 needs it",
            ),
            (
                "no rule permits it; add \"https://a\" to `allow` under [network] in shop.toml",
                "the schema needs an API, which `adapt` does not call: run `weld-host check` on the component to list them",
            ),
            ("API_URLS are odd", "not known: API_URLS are odd"),
        ] {
            assert_eq!(line(refused(message), &function), expected);
        }
    }
}
