//! Writes one line to the log at each level, one to stdout and one to stderr.
//! The host must write each at its level, under the connector's name.

use weld_test_guests::{Error, Page, connector, host, last_page};

fn fetch_page(_table: String, _state: String) -> Result<Page, Error> {
    host::log(host::LogLevel::Debug, "a debug line");
    host::log(host::LogLevel::Info, "an info line");
    host::log(host::LogLevel::Warn, "a warn line");
    host::log(host::LogLevel::Error, "an error line");
    println!("a line on stdout");
    eprintln!("a line on stderr");
    last_page("[]", "{}")
}

connector!(fetch_page);
