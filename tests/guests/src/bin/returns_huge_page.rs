//! Answers one page of as many megabytes as its table's name says.
//! The host must answer `page_too_large` above `page-size`, and pass on the whole page below it.

use weld_test_guests::{Error, Page, connector, last_page};

fn fetch_page(table: String, _state: String) -> Result<Page, Error> {
    let Ok(megabytes) = table.parse::<usize>() else {
        return Err(Error::UnknownTable);
    };
    let row = format!(r#"{{"filler":"{}"}}"#, "x".repeat((1 << 20) - 13));
    last_page(format!("[{}]", vec![row; megabytes].join(",")), "{}")
}

connector!(fetch_page);
