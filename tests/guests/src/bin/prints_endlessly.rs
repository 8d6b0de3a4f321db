//! Floods the host's log, depending on its table's name: `lines` prints five thousand short lines, `long_line` a
//! megabyte without a line end, `control_characters` 240 KiB that become more when escaped, and `long_message` passes
//! 200 KB to one call of `log`. These return normally; `for_ever` never stops.
//! The host must keep `log-lines` lines and 256 KiB, count what it dropped, and stop the last one by `cpu-time`.

use weld_test_guests::{Error, Page, connector, host, last_page};

fn fetch_page(table: String, _state: String) -> Result<Page, Error> {
    match table.as_str() {
        "lines" => (0..5_000).for_each(|line| println!("flood {line}")),
        "long_line" => print!("{}", "flood ".repeat(1 << 18)),
        "control_characters" => {
            (0..240).for_each(|_| println!("flood{}", "\u{1b}".repeat(1019)));
        }
        "long_message" => host::log(host::LogLevel::Info, &"flood ".repeat(200_000 / 6)),
        "for_ever" => loop {
            println!("flood");
        },
        _ => return Err(Error::UnknownTable),
    }
    last_page("[]", "{}")
}

connector!(fetch_page);
