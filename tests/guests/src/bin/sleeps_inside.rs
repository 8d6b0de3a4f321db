//! Sleeps for SLEEP_MS in the middle of a page, by the contract's `sleep`, and reports the outcome in a row; for
//! SCHEMA_SLEEP_MS in the schema.
//! The host must suspend it, hold no thread, and refuse a sleep that would outlast the page.

use serde_json::json;
use weld_test_guests::{Error, Page, Table, connector, host, number, one_row, one_table};

fn schema() -> Result<Vec<Table>, Error> {
    match host::sleep(number("SCHEMA_SLEEP_MS").unwrap_or_default()) {
        Ok(()) => one_table(),
        Err(out_of_time) => Err(Error::Other(format!("{out_of_time:?}"))),
    }
}

fn fetch_page(_table: String, _state: String) -> Result<Page, Error> {
    println!("begun");
    one_row(&match host::sleep(number("SLEEP_MS").unwrap_or_default()) {
        Ok(()) => json!({ "slept": true }),
        Err(out_of_time) => json!({ "slept": false, "left": out_of_time.left }),
    })
}

connector!(schema, fetch_page);
