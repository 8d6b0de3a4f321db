//! The kind `oauth2`: a token that the host gets from a token endpoint (RFC 6749).
//!
//! Here belongs what stands in the file: `section.rs` picks the grant, `grants.rs` reads each one, `common.rs` the keys
//! that all of them have. How a token is requested and kept is `egress`'s.

mod client;
mod common;
mod config;
mod endpoint;
mod grants;
mod key_file;
mod section;
#[cfg(test)]
mod tests;

pub use config::{Assertion, ClientAuth, Grant, Oauth2Config, OauthClient};
pub(super) use section::read;
