//! Computes endlessly in an initializer, which runs before the called function.
//! The host must count that time as the call's: `cpu_exceeded`, for a schema as well as for a page.

use weld_test_guests::{Error, Page, connector, last_page};

#[used]
#[unsafe(link_section = ".init_array")]
static AT_START: extern "C" fn() = compute;

extern "C" fn compute() {
    loop {
        std::hint::black_box(());
    }
}

fn fetch_page(_table: String, _state: String) -> Result<Page, Error> {
    last_page("[]", "{}")
}

connector!(fetch_page);
