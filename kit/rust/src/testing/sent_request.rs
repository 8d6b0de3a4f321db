//! A request that a fake host was asked for.

use std::time::Duration;

use crate::http::{Body, Outgoing, unescape};

/// A request that a fake host was asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct SentRequest {
    /// Such as `"GET"`.
    pub method: String,
    /// With its query.
    pub url: String,
    /// Names as the connector wrote them.
    pub headers: Vec<(String, String)>,
    /// As bytes.
    pub body: Option<Vec<u8>>,
    /// For the whole exchange.
    pub timeout: Option<Duration>,
    /// Whether the host may send it again.
    pub idempotent: Option<bool>,
    /// The configured credential that it names.
    pub credential: Option<String>,
}

impl SentRequest {
    /// A parameter of the URL's query, unescaped.
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

    /// The first value of a header.
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
