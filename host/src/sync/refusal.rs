//! The message of an answer with a status other than 200.

use http::header::{self, HeaderMap};
use weld_protocol::read_error;

use crate::report::{escaped, shortened};

/// How many bytes of a body that isn't a protocol error are shown in an error.
const EXCERPT_BYTES: usize = 300;

/// The message of a failed answer, on one line without control characters.
pub(super) fn message(headers: &HeaderMap, body: &[u8]) -> String {
    if let Some(error) = read_error(body) {
        return escaped(&error.message);
    }
    if let Some(location) = headers.get(header::LOCATION) {
        let location = String::from_utf8_lossy(location.as_bytes());
        return format!(
            "it redirects to {}",
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
