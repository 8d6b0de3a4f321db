//! The host's mark of a wait in a state, as tests of waits and rate limits read and forge it.

use crate::http::Message;
use jiff::Timestamp;
use serde_json::{Value, json};

/// The host's mark in an answered state.
pub struct Mark {
    /// When the next page may be requested.
    pub not_before: Timestamp,
    /// When the first of the waits in a row began.
    pub since: Timestamp,
    /// How many waits in a row there have been without a time from the API.
    pub tries: u64,
}

/// Reads the mark of a page.
///
/// # Panics
/// If the page has no mark.
pub fn mark(page: &Value) -> Mark {
    let mark = &page["state"]["weld-host"];
    let time = |name: &str| mark[name].as_str().and_then(|time| time.parse().ok());
    Mark {
        not_before: time("not-before").unwrap_or_else(|| panic!("no time in {page}")),
        since: time("since").unwrap_or_else(|| panic!("no time in {page}")),
        tries: mark["tries"]
            .as_u64()
            .unwrap_or_else(|| panic!("no count in {page}")),
    }
}

/// A state as the host would have marked it.
pub fn marked(not_before: Timestamp, since: Timestamp, tries: u64) -> Value {
    let mark =
        json!({ "not-before": not_before.to_string(), "since": since.to_string(), "tries": tries });
    json!({ "page": 1, "weld-host": mark })
}

/// Checks that an answer is pending, neither a page nor an error. Returns its body.
///
/// # Panics
/// If it is anything else.
pub fn assert_pending(answer: &Message) -> Value {
    assert_eq!(answer.status(), 200, "{}", answer.text());
    let page = answer.json();
    assert_eq!(page["insert"], json!([]), "{page}");
    assert_eq!(page["hasMore"], json!(true), "{page}");
    page
}
