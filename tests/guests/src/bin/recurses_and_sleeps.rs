//! Calls itself as many times as its table's name says, returns, and sleeps for a moment.
//! The host must count the stack as the call's own memory.

use weld_test_guests::{Error, Page, connector, host, last_page};

fn fetch_page(table: String, _state: String) -> Result<Page, Error> {
    let calls = table.parse().map_err(|_| Error::UnknownTable)?;
    let sum = deeper(calls);
    let slept = host::sleep(10).is_ok();
    last_page("[]", format!("{{\"sum\": {sum}, \"slept\": {slept}}}"))
}

/// Adds to the result after the call, so that no compiler turns the recursion into a loop.
#[inline(never)]
fn deeper(calls: u64) -> u64 {
    if calls == 0 {
        return 0;
    }
    std::hint::black_box(deeper(std::hint::black_box(calls - 1)).wrapping_add(calls))
}

connector!(fetch_page);
