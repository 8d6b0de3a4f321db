//! Answers one row that shows the input: table, state as text, and the environment, read in both ways.
//! The host must pass the request's values, the configured variables, and nothing else.

use serde_json::json;
use weld_test_guests::{Error, Page, connector, host, last_page};

fn fetch_page(table: String, state: String) -> Result<Page, Error> {
    let row = json!({
        "table": table,
        "state": state,
        "environment": host::environment().into_iter().collect::<std::collections::BTreeMap<_, _>>(),
        "variables": std::env::vars().collect::<std::collections::BTreeMap<_, _>>(),
        "arguments": std::env::args().collect::<Vec<_>>(),
    });
    last_page(format!("[{row}]"), state)
}

connector!(fetch_page);
