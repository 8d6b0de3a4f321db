//! Tokens on disk that credentials depend on: refresh tokens that an API replaces, and those of `auth login`.
//!
//! Each credential's token is in one encrypted file, which is replaced atomically, under a lock that holds across
//! processes. Not here: the use and renewal of tokens (`egress`).
//!
//! Everything here blocks, on files and on the lock: async code must call it on a thread for blocking work.
//!
//! A leaf: it uses only `config`, `followed_file` and `report`.

mod error;
mod failure;
mod files;
mod folder;
mod key;
mod key_file_text;
mod keys;
mod ownership;
mod record;
mod rotation;
mod seal;
mod store;

#[cfg(test)]
mod tests;

pub use error::TokenError;
pub use failure::RenewalFailure;
pub use key::{TokenKey, TokenKeyError};
pub use keys::{TokenKeyFileError, TokenKeys};
pub use record::{AccessToken, SeedDigest, TokenRecord};
pub use rotation::KeyRotation;
pub use store::{Store, TokenEntry, TokenLock};
