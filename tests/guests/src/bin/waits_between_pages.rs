//! Counts its pages in the state, asks for a wait of WAIT_MS after each, and is finished after the third.
//! The host must hold the next request until then, and return the state to the guest without its own key.

use serde_json::{Value, json};
use weld_test_guests::{Error, Page, connector, number};

fn fetch_page(_table: String, state: String) -> Result<Page, Error> {
    let state: Value =
        serde_json::from_str(&state).map_err(|error| Error::InvalidState(error.to_string()))?;
    let page = state
        .get("page")
        .and_then(Value::as_u64)
        .unwrap_or_default()
        + 1;
    Ok(Page {
        insert: json!([{ "id": page, "state": state.to_string() }]).to_string(),
        state: json!({ "page": page }).to_string(),
        has_more: !page.is_multiple_of(3),
        wait: number("WAIT_MS"),
    })
}

connector!(fetch_page);
