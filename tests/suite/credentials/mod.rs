//! What the host adds to requests and keeps from everyone else: credentials, tokens and secrets.

mod added;
mod commands;
mod documented;
mod kept_tokens;
mod oauth;
mod secrets;
mod session;
