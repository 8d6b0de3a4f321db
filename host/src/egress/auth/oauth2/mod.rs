//! Tokens from a token endpoint (RFC 6749): requested once for all waiting calls, kept, and renewed in time.
//!
//! `tokens` has the token and its waiting calls. `request` sends the `parameters` to the `endpoint`, `answer` reads
//! the response, `advice` suggests how to fix a refusal, `refresh` has the refresh token, and `kept` stores it on
//! disk.

mod advice;
mod answer;
mod endpoint;
mod failures;
mod kept;
mod locking;
mod login;
mod memory;
mod parameters;
mod proof;
mod refresh;
mod refresh_end;
mod reply;
mod request;
mod token;
mod tokens;
mod waiting;

pub(crate) use proof::AuthorizationCode;
pub(super) use token::Token;
pub(in crate::egress) use tokens::{FreshToken, Tokens};
