//! Tokens that a token endpoint gives (RFC 6749): asked for once for all who wait, kept, and renewed in time.
//!
//! `tokens` has the token and whoever waits for it. `request` makes one request of `parameters` to the `endpoint`,
//! `answer` reads what comes back, `advice` says what may help against a refusal, `refresh` has the refresh token, and `kept` where it is kept on disk.

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
