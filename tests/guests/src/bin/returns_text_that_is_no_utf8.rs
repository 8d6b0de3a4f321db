//! Answers strings that are no UTF-8, in the place its table names.
//! The host cannot lift such a value, and must answer `invalid_page`.

use weld_test_guests::{Error, Page, connector, last_page};

fn fetch_page(table: String, _state: String) -> Result<Page, Error> {
    match table.as_str() {
        "rows" => last_page(no_utf8(), "{}"),
        "state" => last_page("[]", no_utf8()),
        "error" => Err(Error::Other(no_utf8())),
        _ => Err(Error::UnknownTable),
    }
}

fn no_utf8() -> String {
    let bytes = b"[{\"id\": \"\xff\xfe\"}]".to_vec();
    // SAFETY: none, on purpose: no code here reads the string as text, it only crosses to the host.
    unsafe { String::from_utf8_unchecked(bytes) }
}

connector!(fetch_page);
