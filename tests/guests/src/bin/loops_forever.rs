//! Computes endlessly and never waits.
//! The host must stop it by `cpu-time` (`cpu_exceeded`) or `page-timeout` (`deadline_exceeded`), whichever comes
//! first, and serve other pages in the meantime.

use weld_test_guests::{Error, Page, connector};

fn fetch_page(_table: String, _state: String) -> Result<Page, Error> {
    println!("begun");
    loop {
        std::hint::black_box(());
    }
}

connector!(fetch_page);
