//! Sleeps for SLEEP_MS in the middle of a page with the standard library, which uses `wasi:clocks`.
//! The host must suspend it like its own `sleep`, and end it when the page's time is over.

use serde_json::json;
use std::time::Duration;
use weld_test_guests::{Error, Page, connector, number, one_row};

fn fetch_page(_table: String, _state: String) -> Result<Page, Error> {
    println!("begun");
    std::thread::sleep(Duration::from_millis(
        number("SLEEP_MS").unwrap_or_default().into(),
    ));
    one_row(&json!({ "slept": true }))
}

connector!(fetch_page);
