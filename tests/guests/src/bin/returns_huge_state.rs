//! Answers a state of as many kilobytes as its table's name says.
//! The host must answer `state_too_large` above `state-size`.

use weld_test_guests::{Error, Page, connector, last_page};

fn fetch_page(table: String, _state: String) -> Result<Page, Error> {
    let Ok(kilobytes) = table.parse::<usize>() else {
        return Err(Error::UnknownTable);
    };
    last_page(
        "[]",
        format!(r#"{{"filler":"{}"}}"#, "x".repeat((kilobytes << 10) - 13)),
    )
}

connector!(fetch_page);
