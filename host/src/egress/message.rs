//! Requests as guests make them, and responses as they get them.

use std::time::Duration;

use super::outgoing::StreamedBody;

/// A request as a guest makes it.
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: RequestBody,
    pub(crate) timeouts: Timeouts,
    /// Whether it may be sent again after a failure; by default its method says so.
    pub(crate) idempotent: Option<bool>,
    /// The name of the configured credential to add; by default the one whose URLs match.
    pub(crate) credential: Option<String>,
}

pub(crate) enum RequestBody {
    /// Empty for none.
    Whole(Vec<u8>),
    Streamed(StreamedBody),
}

/// The request's own time-outs. They count where they are shorter than the connector's.
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
    /// Decompressed.
    pub(crate) body: Vec<u8>,
    /// The URL that answered.
    pub(crate) url: String,
}
