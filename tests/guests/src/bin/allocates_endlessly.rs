//! Allocates memory until there is none left.
//! The host must answer `out_of_memory` once the connector's `memory` is used up.

use weld_test_guests::{Error, Page, connector};

fn fetch_page(_table: String, _state: String) -> Result<Page, Error> {
    let mut taken = Vec::new();
    loop {
        taken.push(std::hint::black_box(vec![1_u8; 1 << 20]));
    }
}

connector!(fetch_page);
