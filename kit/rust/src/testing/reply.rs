//! What a fake host answers.

use std::fmt::Display;

use serde::Serialize;

use crate::http::{Body, Incoming};

/// What a fake host answers to a request.
#[derive(Clone, Debug)]
pub struct Reply {
    incoming: Incoming,
}

impl Reply {
    /// A response of this status, without a body.
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

    /// A response of status 200 with this as JSON.
    ///
    /// # Panics
    ///
    /// Where it doesn't serialize.
    #[must_use]
    pub fn json(body: &(impl Serialize + ?Sized)) -> Self {
        match serde_json::to_string(body) {
            Ok(text) => Self::new(200).text(text),
            Err(error) => panic!("the reply is no JSON: {error}"),
        }
    }

    /// Sets the body.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.incoming.body = Body::Text(text.into());
        self
    }

    /// Sets a body that is no text.
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

    /// Sets where the response comes from, as after a redirect; by default the request's URL.
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
