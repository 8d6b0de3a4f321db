//! The settings of the whole server.
//!
//! [`SETTINGS`] lists them all: key, help, range, and the field of [`ServerConfig`] that a value goes to. The flags of
//! `serve` and everything else that names settings are derived from it. [`ServerConfig::default`] has the defaults.

mod admin_address;
mod check;
pub mod headings;
mod server_config;
mod setting;
mod table;
mod values;

pub use admin_address::AdminAddress;
pub use server_config::{CompileLimits, ServerConfig};
pub use setting::Setting;
pub use table::SETTINGS;
pub use values::parse_address;
