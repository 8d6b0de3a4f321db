//! Calls itself endlessly, and an import at every depth, so that one import is called with the last of the stack:
//! with a request that must be parsed and checked, and with a text of many brackets as its body.
//! The host must answer `connector_crashed`: its own functions have a separate stack.

use weld_test_guests::{Error, Page, connector, host, last_page};

fn fetch_page(_table: String, _state: String) -> Result<Page, Error> {
    last_page("[]", format!("{{\"depth\": {}}}", deeper(0)))
}

#[inline(never)]
#[allow(unconditional_recursion, reason = "that is what this guest is for")]
fn deeper(depth: u64) -> u64 {
    let refused = host::http_fetch(&host::HttpRequest {
        method: "POST".to_owned(),
        url: "https://example.com/a/../b?c=d#e".to_owned(),
        headers: vec![("x-depth".to_owned(), depth.to_string())],
        body: Some(host::Body::Text("[".repeat(100))),
        timeout: None,
        idempotent: None,
        credential: None,
    });
    let more = u64::from(refused.is_ok());
    std::hint::black_box(deeper(std::hint::black_box(depth + 1)).wrapping_add(depth + more))
}

connector!(fetch_page);
