//! Announces another page after every page, and never makes progress: `still` answers its state and no rows, `same`
//! its state and the same row, `circle` cycles through three states, `onward` advances without rows, and `exporting`
//! waits.
//! The host must end all of them except the last two as stuck.

use serde_json::{Value, json};
use weld_test_guests::{Error, Page, connector};

fn fetch_page(table: String, state: String) -> Result<Page, Error> {
    let number = serde_json::from_str::<Value>(&state)
        .map_err(|error| Error::InvalidState(error.to_string()))?
        .get("number")
        .and_then(Value::as_u64)
        .unwrap_or_default();
    let (insert, next) = match table.as_str() {
        "still" | "exporting" => (json!([]), number),
        "same" => (json!([{ "id": 1 }]), number),
        "circle" => (json!([]), (number + 1) % 3),
        "onward" => (json!([]), number + 1),
        _ => return Err(Error::UnknownTable),
    };
    Ok(Page {
        insert: insert.to_string(),
        state: json!({ "number": next }).to_string(),
        has_more: true,
        wait: (table == "exporting").then_some(1),
    })
}

connector!(fetch_page);
