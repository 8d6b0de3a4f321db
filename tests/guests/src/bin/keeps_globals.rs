//! Counts its calls in a global variable, and reports the count in a row.
//! The host must give every call a fresh sandbox, so that the count is always 1.

use serde_json::json;
use std::sync::atomic::{AtomicU32, Ordering};
use weld_test_guests::{Error, Page, connector, one_row};

static CALLS: AtomicU32 = AtomicU32::new(0);

fn fetch_page(_table: String, _state: String) -> Result<Page, Error> {
    one_row(&json!({ "calls": CALLS.fetch_add(1, Ordering::Relaxed) + 1 }))
}

connector!(fetch_page);
