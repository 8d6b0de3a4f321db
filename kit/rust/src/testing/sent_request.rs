//! A request that a fake host received.

use std::time::Duration;

use crate::http::{Body, Outgoing, unescape};

/// A request that a fake host received.
#[derive(Clone, Debug, PartialEq)]
pub struct SentRequest {
    /// The method, such as `"GET"`.
    pub method: String,
    /// The URL with its query.
    pub url: String,
    /// The headers, with their names as the connector wrote them.
    pub headers: Vec<(String, String)>,
    /// The body as bytes.
    pub body: Option<Vec<u8>>,
    /// The timeout of the whole exchange.
    pub timeout: Option<Duration>,
    /// Whether the host may retry the request.
    pub idempotent: Option<bool>,
    /// The configured credential that the request names.
    pub credential: Option<String>,
}

impl SentRequest {
    /// The value of a query parameter, unescaped.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<String> {
        let url = self.url.split('#').next()?;
        let (_, query) = url.split_once('?')?;
        let mut pairs = query
            .split('&')
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        let (_, value) = pairs.find(|(known, _)| unescape(known) == name)?;
        Some(unescape(value))
    }

    /// The first value of a header. The name's case is ignored.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let (_, value) = headers.find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(value)
    }
}

impl From<&Outgoing> for SentRequest {
    fn from(request: &Outgoing) -> Self {
        let request = request.clone();
        Self {
            method: request.method,
            url: request.url,
            headers: request.headers,
            body: request.body.map(|body| match body {
                Body::Text(text) => text.into_bytes(),
                Body::Bytes(bytes) => bytes,
            }),
            timeout: request.timeout,
            idempotent: request.idempotent,
            credential: request.credential,
        }
    }
}
