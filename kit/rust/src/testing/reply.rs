//! A fake host's reply.

use std::fmt::Display;

use serde::Serialize;

use crate::http::{Body, Incoming};

/// A fake host's reply to a request.
#[derive(Clone, Debug)]
pub struct Reply {
    incoming: Incoming,
}

impl Reply {
    /// Creates a response with this status and no body.
    #[must_use]
    pub fn new(status: u16) -> Self {
        Self {
            incoming: Incoming {
                status,
                headers: Vec::new(),
                body: Body::Text(String::new()),
                url: String::new(),
            },
        }
    }

    /// Creates a response with status 200 and this value as its JSON body.
    ///
    /// # Panics
    ///
    /// If the value doesn't serialize.
    #[must_use]
    pub fn json(body: &(impl Serialize + ?Sized)) -> Self {
        match serde_json::to_string(body) {
            Ok(text) => Self::new(200).text(text),
            Err(error) => panic!("the reply cannot be serialized to JSON: {error}"),
        }
    }

    /// Sets the body to a text.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.incoming.body = Body::Text(text.into());
        self
    }

    /// Sets the body to bytes, which need not be UTF-8.
    #[must_use]
    pub fn bytes(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.incoming.body = Body::Bytes(bytes.into());
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Display) -> Self {
        let header = (name.to_ascii_lowercase(), value.to_string());
        self.incoming.headers.push(header);
        self
    }

    /// Sets the URL that the response comes from, as after a redirect. By default it is the request's URL.
    #[must_use]
    pub fn from(mut self, url: impl Into<String>) -> Self {
        self.incoming.url = url.into();
        self
    }

    pub(super) fn into_incoming(self, url: String) -> Incoming {
        let mut incoming = self.incoming;
        if incoming.url.is_empty() {
            incoming.url = url;
        }
        incoming
    }
}
