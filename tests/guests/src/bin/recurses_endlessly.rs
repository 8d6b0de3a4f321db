//! Calls itself endlessly, in frames on wasm's own stack.
//! The host must answer `connector_crashed`: the guest's stack is not the host's.

use weld_test_guests::{Error, Page, connector, last_page};

fn fetch_page(_table: String, _state: String) -> Result<Page, Error> {
    last_page("[]", format!("{{\"depth\": {}}}", deeper(0)))
}

/// Adds to the result after the call, so that no compiler turns the recursion into a loop.
#[inline(never)]
#[allow(unconditional_recursion, reason = "that is what this guest is for")]
fn deeper(depth: u64) -> u64 {
    std::hint::black_box(deeper(std::hint::black_box(depth + 1)).wrapping_add(depth))
}

connector!(fetch_page);
