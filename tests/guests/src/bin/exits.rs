//! Calls `exit` in the middle of a page, with the status that its table names.
//! The host must answer `connector_crashed` even for status 0, since there is no page.

use weld_test_guests::{Error, Page, connector};

fn fetch_page(table: String, _state: String) -> Result<Page, Error> {
    match table.parse() {
        Ok(status) => std::process::exit(status),
        Err(_) => Err(Error::UnknownTable),
    }
}

connector!(fetch_page);
