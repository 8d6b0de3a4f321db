//! Answers a row with the variable WORDS of its configuration.
//! The host must give it the words of the configuration that it was loaded with, and no others.

use serde_json::json;
use weld_test_guests::{Error, Page, connector, one_row};

fn fetch_page(_table: String, _state: String) -> Result<Page, Error> {
    one_row(&json!({ "words": std::env::var("WORDS").unwrap_or_default() }))
}

connector!(fetch_page);
