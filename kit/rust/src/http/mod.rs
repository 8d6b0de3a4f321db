//! A small client on top of the contract's `http-fetch`. The host connects, authorizes, retries and enforces the rules.

mod charset;
mod error;
mod escape;
mod link;
mod message;
mod quota;
mod refusal;
mod request;
mod resolve;
mod response;

pub use error::HttpError;
pub use escape::escape;
pub use link::Link;
pub use quota::Quota;
pub use request::Request;
pub use response::Response;

#[cfg(not(target_family = "wasm"))]
pub(crate) use escape::{unescape, without_query};
pub(crate) use message::{Body, Incoming, Outgoing};
