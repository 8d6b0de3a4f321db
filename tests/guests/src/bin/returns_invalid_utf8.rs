//! Answers strings that are not UTF-8, in the place that its table names; in its schema if BROKEN_SCHEMA is set.
//! The host cannot lift such a value, and must answer `invalid_page`, or `invalid_schema` for the schema.

use weld_test_guests::{Error, Page, Table, connector, last_page, one_table, table};

fn schema() -> Result<Vec<Table>, Error> {
    match std::env::var("BROKEN_SCHEMA") {
        Ok(_) => Ok(vec![table(&no_utf8(), &["id"])]),
        Err(_) => one_table(),
    }
}

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
    // SAFETY: none, on purpose: no code here reads the string as text, it is only passed to the host.
    unsafe { String::from_utf8_unchecked(bytes) }
}

connector!(schema, fetch_page);
