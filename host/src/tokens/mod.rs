//! The tokens that credentials live on, kept on disk: refresh tokens that an API replaces, and those of `auth login`.
//!
//! Here belongs how a token is kept: one encrypted file for each credential, replaced as a whole, under a lock that holds
//! for all processes. Not here: what a token is for and when it is renewed (`egress`).
//!
//! All of it blocks, on files and on the lock: async code calls it on a thread for blocking work.
//!
//! A leaf: it uses `config` and `report` alone.

mod error;
mod failure;
mod files;
mod key;
mod record;
mod seal;
mod store;

#[cfg(test)]
mod tests;

pub use error::TokenError;
pub use failure::RenewalFailure;
pub use key::{TokenKey, TokenKeyError};
pub use record::{AccessToken, SeedDigest, TokenRecord};
pub use store::{Store, TokenEntry, TokenLock};
