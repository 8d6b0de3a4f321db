//! Writes terminal escapes, line breaks and NUL into the log, by `log`, stdout and stderr.
//! The host must escape them: no guest may forge a log line or recolor the operator's terminal.

use weld_test_guests::{Error, Page, connector, host, last_page};

fn fetch_page(_table: String, _state: String) -> Result<Page, Error> {
    host::log(
        host::LogLevel::Info,
        "by log \u{1b}[31mred\u{7}\u{0}\nERROR forged line\r\u{9b}2J",
    );
    println!("by stdout \u{1b}[31mred\u{7}\u{0}\rforged");
    eprintln!("by stderr \u{1b}[31mred\u{7}\u{0}\rforged");
    last_page("[]", "{}")
}

connector!(fetch_page);
