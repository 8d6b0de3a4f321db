//! Requests and responses in the form of the contract.

use std::time::Duration;

/// A message's body.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Body {
    Text(String),
    Bytes(Vec<u8>),
}

/// A request in the form of the contract.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Outgoing {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<Body>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) idempotent: Option<bool>,
    pub(crate) credential: Option<String>,
}

/// A response in the form of the contract.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Incoming {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Body,
    pub(crate) url: String,
}
