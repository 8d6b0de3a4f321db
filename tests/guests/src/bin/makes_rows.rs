//! Answers one page with the number of rows that is its table's name, of about 1.5 KB each, without any request.
//! The host must pass all of them on; the benchmark measures the cost.

use weld_test_guests::{Error, Page, connector, last_page};

#[path = "../made_rows.rs"]
mod made_rows;

fn fetch_page(table: String, _state: String) -> Result<Page, Error> {
    let Ok(count) = table.parse::<u32>() else {
        return Err(Error::UnknownTable);
    };
    last_page(made_rows::rows(count), "{}")
}

connector!(fetch_page);
