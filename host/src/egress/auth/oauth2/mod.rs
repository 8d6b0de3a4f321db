//! Tokens that a token endpoint gives (RFC 6749): asked for once for all who wait, kept, and renewed in time.
//!
//! `tokens` has the token and whoever waits for it. `request` makes one request to the `endpoint`, `answer` reads what
//! comes back, `refresh` has the refresh token, and `kept` where it is kept on disk.

mod answer;
mod endpoint;
mod form;
mod kept;
mod login;
mod memory;
mod refresh;
mod request;
mod token;
mod tokens;

pub(crate) use form::AuthorizationCode;
pub(super) use token::Token;
pub(in crate::egress) use tokens::{FreshToken, Tokens};
