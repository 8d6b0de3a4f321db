//! What the operator sets for the whole server.
//!
//! [`SETTINGS`] is the one table of it: key, help, range, and the field of [`ServerConfig`] that a value goes to. The flags
//! of `serve` are read from it, and so is whatever else spells settings. Defaults are those of [`ServerConfig::default`].

mod check;
mod server_config;
mod setting;
mod table;
mod values;

pub use server_config::{CompileLimits, ServerConfig};
pub use setting::Setting;
pub use table::SETTINGS;
pub use values::parse_address;
