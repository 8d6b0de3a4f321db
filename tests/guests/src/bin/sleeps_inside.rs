//! Sleeps for SLEEP_MS in the middle of a page with the contract's `sleep`, and reports the outcome in a row. In the
//! schema it sleeps for SCHEMA_SLEEP_MS.
//! The host must suspend it without holding a thread, and refuse a sleep longer than the page's time.

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
