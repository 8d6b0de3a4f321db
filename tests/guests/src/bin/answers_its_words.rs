//! Answers a row with the variable WORDS of its configuration and with its own mark. The benchmark changes the mark's
//! digits in the component's bytes to create another component.
//! The host must pass the words of the configuration with which it was loaded, and no others.

use serde_json::json;
use weld_test_guests::{Error, Page, connector, one_row};

const MARK: &str = "component 000000";

fn fetch_page(_table: String, _state: String) -> Result<Page, Error> {
    one_row(&json!({
        "words": std::env::var("WORDS").unwrap_or_default(),
        "mark": std::hint::black_box(MARK),
    }))
}

connector!(fetch_page);
