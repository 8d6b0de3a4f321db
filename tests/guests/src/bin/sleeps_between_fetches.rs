//! Calls its API (`url` in the state) twice, and sleeps for SLEEP_MS in between: with the contract's `sleep` in the
//! table `contract`, with the standard library in any other.
//! The host must give it that time however short its answers are, and must not let it call the API more than twice.

use serde_json::{Value, json};
use std::time::Duration;
use weld_test_guests::{Error, Page, connector, host, last_page, number};

fn fetch_page(table: String, state: String) -> Result<Page, Error> {
    let state: Value =
        serde_json::from_str(&state).map_err(|error| Error::InvalidState(error.to_string()))?;
    let url = state["url"].as_str().unwrap_or_default();
    let before = body(&format!("{url}/before"))?;
    let pause = number("SLEEP_MS").unwrap_or_default();
    if table == "contract" {
        host::sleep(pause).map_err(|error| Error::Other(format!("{error:?}")))?;
    } else {
        std::thread::sleep(Duration::from_millis(pause.into()));
    }
    let after = body(&format!("{url}/after"))?;
    let rows = json!([{ "id": 1, "body": before }, { "id": 2, "body": after }]);
    last_page(rows.to_string(), "{}")
}

fn body(url: &str) -> Result<String, Error> {
    let request = host::HttpRequest {
        method: "GET".to_owned(),
        url: url.to_owned(),
        headers: Vec::new(),
        body: None,
        timeout: None,
        idempotent: None,
        credential: None,
    };
    match host::http_fetch(&request) {
        Ok(host::HttpResponse {
            body: host::Body::Text(text),
            ..
        }) => Ok(text),
        other => Err(Error::Upstream(format!("{other:?}"))),
    }
}

connector!(fetch_page);
