//! Requests as guests make them, and responses as guests receive them.

use std::time::Duration;

use super::memory::in_bytes;
use super::outgoing::StreamedBody;
use crate::account::Holding;

/// A request as a guest makes it.
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: RequestBody,
    pub(crate) timeouts: Timeouts,
    /// Whether it may be sent again after a failure; by default, its method decides.
    pub(crate) idempotent: Option<bool>,
    /// The name of the configured credential to add; by default the one whose URLs match.
    pub(crate) credential: Option<String>,
}

impl Request {
    /// A GET without headers of its own, with the connector's timeouts.
    pub(crate) fn get(url: &str) -> Self {
        Self {
            method: "GET".to_owned(),
            url: url.to_owned(),
            headers: Vec::new(),
            body: RequestBody::Whole(Vec::new()),
            timeouts: Timeouts::default(),
            idempotent: None,
            credential: None,
        }
    }

    /// The memory of its URL and headers, in bytes, with a copy for each of two more requests: a further try and a
    /// redirect.
    pub(super) fn head_bytes(&self) -> u64 {
        const COPIES: u64 = 3;
        /// A header's place in a list and in a map.
        const HEADER_BYTES: u64 = 256;
        let text = self.headers.iter().fold(
            in_bytes(self.url.len().saturating_add(self.method.len())),
            |bytes, (name, value)| {
                bytes
                    .saturating_add(in_bytes(name.len()))
                    .saturating_add(in_bytes(value.len()))
                    .saturating_add(HEADER_BYTES)
            },
        );
        text.saturating_mul(COPIES)
    }
}

pub(crate) enum RequestBody {
    /// Empty if there is no body.
    Whole(Vec<u8>),
    Streamed(StreamedBody),
}

/// The request's own timeouts. They apply where they are shorter than the connector's.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Timeouts {
    pub(crate) connect: Option<Duration>,
    pub(crate) first_byte: Option<Duration>,
    pub(crate) idle: Option<Duration>,
    pub(crate) total: Option<Duration>,
}

/// A whole response.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    /// Names in lower case; values that are not UTF-8 read as ISO 8859-1.
    pub(crate) headers: Vec<(String, String)>,
    /// Decompressed; its charge includes the headers.
    pub(crate) body: Holding<Vec<u8>>,
    /// The URL that answered.
    pub(crate) url: String,
}
