//! Passes invalid text to an import, in the way that its table names: bytes that are not UTF-8 to `log` or as a URL,
//! or a text outside of its memory.
//! The host cannot lift such a value, and must answer `connector_crashed`.

use weld_test_guests::{Error, Page, connector, host, last_page};

fn fetch_page(table: String, _state: String) -> Result<Page, Error> {
    match table.as_str() {
        "log" => host::log(host::LogLevel::Info, no_utf8()),
        "url" => drop(host::http_fetch(&host::HttpRequest {
            method: "GET".to_owned(),
            url: no_utf8().to_owned(),
            headers: Vec::new(),
            body: None,
            timeout: None,
            idempotent: None,
            credential: None,
        })),
        "outside" => host::log(host::LogLevel::Info, outside()),
        _ => return Err(Error::UnknownTable),
    }
    last_page("[]", "{}")
}

fn no_utf8() -> &'static str {
    let bytes = std::hint::black_box(b"not \xff\xfe text".as_slice());
    // SAFETY: none, on purpose: no code here reads the string as text, it is only passed to the host.
    unsafe { std::str::from_utf8_unchecked(bytes) }
}

/// A text beyond the end of any memory that the host provides.
fn outside() -> &'static str {
    let begin = std::hint::black_box(0x7fff_0000_usize) as *const u8;
    // SAFETY: none, on purpose: no code here reads the string, and the host must refuse to.
    unsafe { std::str::from_utf8_unchecked(std::slice::from_raw_parts(begin, 0xffff)) }
}

connector!(fetch_page);
