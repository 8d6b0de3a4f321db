//! The kind `oauth2`: a token that the host gets from a token endpoint (RFC 6749).
//!
//! The keys of the file are parsed here. `section.rs` picks the grant, `grants.rs` reads each grant, and `common.rs`
//! reads the common keys, among them the form of a token request (`shape.rs`) and of its answer (`answer.rs`). `egress`
//! requests and keeps the tokens.

mod answer;
mod client;
mod common;
mod config;
mod endpoint;
mod field_path;
mod grants;
mod key_file;
mod login;
mod section;
mod session;
mod shape;
#[cfg(test)]
mod tests;

pub use answer::{AnswerFields, AnswerHead};
pub use config::{Assertion, ClientAuth, Grant, Oauth2Config, OauthClient};
pub use field_path::FieldPath;
pub use login::{LoginConfig, RedirectUri};
pub(super) use section::read;
pub(super) use session::read as read_session;
pub use shape::{ParameterPlace, TokenRequestShape};
