//! `NAME.toml`: the configuration of one connector.
//!
//! `file.rs` finds the file, `sections.rs` reads it, and `config.rs` has the result.

mod config;
#[cfg(test)]
mod documented;
mod file;
mod sections;

pub use config::ConnectorConfig;
