//! Answers an array with an element that is not an object, of the kind that its table names.
//! The host must answer `invalid_page`, wherever in the array the element is.

use weld_test_guests::{Error, Page, connector, last_page};

fn fetch_page(table: String, _state: String) -> Result<Page, Error> {
    let insert = match table.as_str() {
        "array" => "[[1]]",
        "null" => "[null]",
        "number" => "[1]",
        "string" => r#"["row"]"#,
        "last" => r#"[{"id": 1}, {"id": 2}, true]"#,
        _ => return Err(Error::UnknownTable),
    };
    last_page(insert, "{}")
}

connector!(fetch_page);
