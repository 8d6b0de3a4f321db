//! Has the tables `rows` and `more`. Answers two pages of two rows each, and then fails as the variable FAILURE says. It
//! warns in its log before each failure.
//! A sync must keep the pages, name the place, and retry only what may pass by itself.

use serde_json::{Value, json};
use weld_test_guests::{Error, Page, Table, connector, host, table};

fn schema() -> Result<Vec<Table>, Error> {
    Ok(vec![table("rows", &["id"]), table("more", &["id"])])
}

fn fetch_page(_table: String, state: String) -> Result<Page, Error> {
    let state: Value =
        serde_json::from_str(&state).map_err(|error| Error::InvalidState(error.to_string()))?;
    let page = state["page"].as_u64().unwrap_or_default();
    if page == 2 {
        host::log(host::LogLevel::Warn, "page 3 is about to fail");
        return failed(&std::env::var("FAILURE").unwrap_or_default());
    }
    let first = page * 2;
    Ok(Page {
        insert: json!([{"id": first}, {"id": first + 1}]).to_string(),
        state: json!({"page": page + 1}).to_string(),
        has_more: true,
        wait: None,
    })
}

fn failed(how: &str) -> Result<Page, Error> {
    let words = "KeyError: 'idd' (app.py:46)".to_owned();
    match how {
        "misconfigured" => Err(Error::Misconfigured(words)),
        "unauthorized" => Err(Error::Unauthorized(words)),
        "upstream" => Err(Error::Upstream(words)),
        "panic" => panic!("{words}"),
        "loop" => loop {
            std::hint::black_box(());
        },
        "page" => Ok(Page {
            insert: "[1]".to_owned(),
            state: "{}".to_owned(),
            has_more: true,
            wait: None,
        }),
        _ => Err(Error::Other(words)),
    }
}

connector!(schema, fetch_page);
