//! Answers a state with the host's reserved key, in the spelling that its table names.
//! The host must answer `invalid_page`, since the key is reserved for the host.

use weld_test_guests::{Error, Page, connector, last_page};

fn fetch_page(table: String, _state: String) -> Result<Page, Error> {
    let state = match table.as_str() {
        "plain" => r#"{"weld-host": {}}"#,
        "escaped" => {
            r#"{"page": 1, "\u0077eld\u002dhost": {"not-before": "2030-01-01T00:00:00Z"}}"#
        }
        "null" => r#"{"weld-host": null}"#,
        "nested" => r#"{"inner": {"weld-host": 1}}"#,
        _ => return Err(Error::UnknownTable),
    };
    last_page("[]", state)
}

connector!(fetch_page);
