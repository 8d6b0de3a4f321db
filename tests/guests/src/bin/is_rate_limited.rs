//! Requests a page from the API at URL, and passes its 429 on to the host, with RATE_LIMIT_MS if that is set.
//! The host must answer an empty page with the received state, and request the page again after the wait.

use weld_test_guests::{Error, Page, connector, host, last_page, number};

fn fetch_page(_table: String, state: String) -> Result<Page, Error> {
    let request = host::HttpRequest {
        method: "GET".to_owned(),
        url: std::env::var("URL").map_err(|_| Error::Misconfigured("set URL".to_owned()))?,
        headers: Vec::new(),
        body: None,
        timeout: None,
        idempotent: None,
        credential: None,
    };
    match host::http_fetch(&request) {
        Ok(response) if response.status == 429 => Err(Error::RateLimited(number("RATE_LIMIT_MS"))),
        Ok(_) => last_page(r#"[{"id": 1}]"#, state),
        Err(error) => Err(Error::Upstream(format!("{error:?}"))),
    }
}

connector!(fetch_page);
