//! Answers a million nested arrays or objects, in rows or state, as its table says.
//! The host's stack must suffice: it answers `invalid_page` or passes them on, and keeps serving.

use weld_test_guests::{Error, Page, connector, last_page};

const DEPTH: usize = 1_000_000;

fn fetch_page(table: String, _state: String) -> Result<Page, Error> {
    let arrays = || format!("{}{}", "[".repeat(DEPTH), "]".repeat(DEPTH));
    match table.as_str() {
        "arrays" => last_page(arrays(), "{}"),
        "value" => last_page(format!(r#"[{{"value":{}}}]"#, arrays()), "{}"),
        "objects" => last_page(
            format!("[{}1{}]", r#"{"a":"#.repeat(DEPTH), "}".repeat(DEPTH)),
            "{}",
        ),
        "state" => last_page("[]", format!(r#"{{"value":{}}}"#, arrays())),
        _ => Err(Error::UnknownTable),
    }
}

connector!(fetch_page);
