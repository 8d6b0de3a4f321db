//! Credentials, tokens and secrets: what the host adds to requests and hides from everyone else.

mod added;
mod commands;
mod documented;
mod kept_tokens;
mod key_of_tokens;
mod oauth;
mod secrets;
mod session;
