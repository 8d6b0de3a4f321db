//! Fetches the `url` of its state, then allocates `bytes` of memory; if it `logs`, it calls the host in between.
//! Its row says whether it got the memory.
//! The host must charge the response until the guest's next call of the host, and no longer.

use serde_json::{Value, json};
use weld_test_guests::{Error, Page, connector, host, one_row};

fn fetch_page(_table: String, state: String) -> Result<Page, Error> {
    let wanted: Value =
        serde_json::from_str(&state).map_err(|error| Error::InvalidState(error.to_string()))?;
    let request = host::HttpRequest {
        method: "GET".to_owned(),
        url: wanted["url"].as_str().unwrap_or_default().to_owned(),
        headers: Vec::new(),
        body: None,
        timeout: None,
        idempotent: None,
        credential: None,
    };
    let response =
        host::http_fetch(&request).map_err(|error| Error::Other(format!("{error:?}")))?;
    if wanted["logs"] == true {
        host::log(host::LogLevel::Info, "it has the response");
    }
    let bytes = wanted["bytes"].as_u64().unwrap_or_default();
    let mut taken = Vec::<u8>::new();
    let is_taken = taken
        .try_reserve_exact(usize::try_from(bytes).unwrap_or(usize::MAX))
        .is_ok();
    std::hint::black_box((&taken, &response));
    one_row(&json!({ "taken": is_taken }))
}

connector!(fetch_page);
