//! Crashes in the two ways of compiled code, by its table's name. Its last message may have several lines.
//! The host must answer `connector_crashed`, log the backtrace and the guest's last message, and keep serving.

use weld_test_guests::{Error, Page, connector};

fn fetch_page(table: String, _state: String) -> Result<Page, Error> {
    match table.as_str() {
        "panic" => panic!("the guest's last words"),
        "panic_on_several_lines" => panic!("the guest's last words\nERROR forged\u{1b}[31m\r\0"),
        "unreachable" => core::arch::wasm32::unreachable(),
        _ => Err(Error::UnknownTable),
    }
}

connector!(fetch_page);
