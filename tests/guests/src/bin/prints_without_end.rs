//! Floods the host's log, by its table's name: `lines` prints five thousand short lines, `long_line` a megabyte
//! without a line's end, and both return normally; `for_ever` never stops.
//! The host must keep `log-lines` lines and 256 KiB, count what it dropped, and stop the last by `cpu-time`.

use weld_test_guests::{Error, Page, connector, last_page};

fn fetch_page(table: String, _state: String) -> Result<Page, Error> {
    match table.as_str() {
        "lines" => (0..5_000).for_each(|line| println!("flood {line}")),
        "long_line" => print!("{}", "flood ".repeat(1 << 18)),
        "for_ever" => loop {
            println!("flood");
        },
        _ => return Err(Error::UnknownTable),
    }
    last_page("[]", "{}")
}

connector!(fetch_page);
