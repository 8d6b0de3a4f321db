//! Answers JSON for `insert` that is not an array, of the kind that its table names.
//! The host must answer `invalid_page`.

use weld_test_guests::{Error, Page, connector, last_page};

fn fetch_page(table: String, _state: String) -> Result<Page, Error> {
    let insert = match table.as_str() {
        "string" => r#""[{\"id\": 1}]""#,
        "object" => r#"{"id": 1}"#,
        "null" => "null",
        "number" => "1",
        _ => return Err(Error::UnknownTable),
    };
    last_page(insert, "{}")
}

connector!(fetch_page);
