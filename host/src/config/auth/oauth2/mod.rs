//! The kind `oauth2`: a token that the host gets from a token endpoint (RFC 6749).
//!
//! Here belongs what stands in the file: `section.rs` picks the grant, `grants.rs` reads each one, `common.rs` the keys
//! that all of them have, among them how a token is asked for (`shape.rs`) and how the answer is read (`answer.rs`). How a token is requested and kept is `egress`'s.

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
