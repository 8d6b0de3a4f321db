//! Fails with the contract's error that its table names; `schema` fails with the one in the variable SCHEMA_ERROR, or
//! returns no tables if that is `no_tables`.
//! The message is `words` of the state, repeated `times` times; SLEEP_MS pass before it fails.
//! The host must map each error to its status and kind. A message of any length must not break the answer or the log.

use serde_json::Value;
use weld_test_guests::{Error, Page, Table, connector, host, number, one_table};

fn schema() -> Result<Vec<Table>, Error> {
    match std::env::var("SCHEMA_ERROR") {
        Ok(name) if name == "no_tables" => Ok(Vec::new()),
        Ok(name) => Err(error(&name, "the guest says this".to_owned())),
        Err(_) => one_table(),
    }
}

fn fetch_page(table: String, state: String) -> Result<Page, Error> {
    if let Some(pause) = number("SLEEP_MS") {
        host::sleep(pause).map_err(|error| Error::Other(format!("{error:?}")))?;
    }
    let state: Value =
        serde_json::from_str(&state).map_err(|error| Error::InvalidState(error.to_string()))?;
    let words = state["words"].as_str().unwrap_or("the guest says this");
    let times = state["times"].as_u64().unwrap_or(1);
    Err(error(&table, words.repeat(times as usize)))
}

fn error(name: &str, message: String) -> Error {
    match name {
        "misconfigured" => Error::Misconfigured(message),
        "invalid_state" => Error::InvalidState(message),
        "unauthorized" => Error::Unauthorized(message),
        "rate_limited" => Error::RateLimited(number("RATE_LIMIT_MS")),
        "upstream" => Error::Upstream(message),
        "other" => Error::Other(message),
        _ => Error::UnknownTable,
    }
}

connector!(schema, fetch_page);
