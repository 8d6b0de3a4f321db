//! `NAME.toml`: the configuration of one connector.
//!
//! `file.rs` finds the file, `sections.rs` reads it, and `config.rs` has the result. `usable.rs` reads what is
//! right in a file with problems, and `keys.rs` the connector's keys in it. `disclosure.rs` shows a file without its secrets.

mod config;
mod disclosure;
#[cfg(test)]
mod documented;
mod file;
mod keys;
mod sections;
mod usable;

pub use config::ConnectorConfig;
pub(crate) use disclosure::{DisclosedLine, disclosed};
pub use keys::ConfiguredKeys;
pub use usable::{UsableConfig, WrittenCredential};
