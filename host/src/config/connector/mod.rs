//! `NAME.toml`: the configuration of one connector.
//!
//! `file.rs` finds the file, `sections.rs` reads it, and `config.rs` is what both make of it.

mod config;
mod file;
mod sections;

pub use config::ConnectorConfig;
