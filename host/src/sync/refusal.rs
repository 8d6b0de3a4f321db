//! What an answer of another status than 200 says.

use http::header::{self, HeaderMap};
use weld_protocol::read_error;

use crate::report::{escaped, shortened};

/// How much of a body that isn't the protocol's stands in an error.
const EXCERPT_BYTES: usize = 300;

/// What an answer says about its failure, on one line that can't drive a terminal.
pub(super) fn message(headers: &HeaderMap, body: &[u8]) -> String {
    if let Some(error) = read_error(body) {
        return escaped(&error.message);
    }
    if let Some(location) = headers.get(header::LOCATION) {
        let location = String::from_utf8_lossy(location.as_bytes());
        return format!(
            "it sends to {}",
            shortened(&escaped(&location), EXCERPT_BYTES)
        );
    }
    match body.trim_ascii_start().first() {
        None => "no message".to_owned(),
        Some(b'<') => "an HTML page: is this the connector's URL?".to_owned(),
        Some(_) => {
            let text = String::from_utf8_lossy(body);
            let words: Vec<_> = text.split_whitespace().collect();
            shortened(&escaped(&words.join(" ")), EXCERPT_BYTES)
        }
    }
}
