//! Fails with the contract's error that its table names; `schema` with the one that the variable SCHEMA_ERROR names.
//! The host must map each to its status and kind.

use weld_test_guests::{Error, Page, Table, connector, number, one_table};

fn schema() -> Result<Vec<Table>, Error> {
    match std::env::var("SCHEMA_ERROR") {
        Ok(name) => Err(error(&name)),
        Err(_) => one_table(),
    }
}

fn fetch_page(table: String, _state: String) -> Result<Page, Error> {
    Err(error(&table))
}

fn error(name: &str) -> Error {
    let message = format!("the guest says {name}");
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
