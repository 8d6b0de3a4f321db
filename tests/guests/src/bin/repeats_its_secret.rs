//! Returns its variable `TOKEN` repeatedly, up to as many megabytes as its table's name says: `log 40`, `page 40`,
//! `error 40`.
//! The host's work on that must count as the connector's own time, and the host must not do more of it than
//! necessary.

use weld_test_guests::{Error, Page, connector, host, last_page};

fn fetch_page(table: String, _state: String) -> Result<Page, Error> {
    let token = std::env::var("TOKEN").unwrap_or_default();
    let (way, megabytes) = table.split_once(' ').unwrap_or_default();
    let bytes = megabytes.parse::<usize>().unwrap_or_default() << 20;
    let text = token.repeat(bytes / token.len().max(1));
    match way {
        "log" => host::log(host::LogLevel::Info, &text),
        "page" => return last_page(format!(r#"[{{"text":"{text}"}}]"#), "{}"),
        "error" => return Err(Error::Other(text)),
        _ => return Err(Error::UnknownTable),
    }
    last_page("[]", "{}")
}

connector!(fetch_page);
