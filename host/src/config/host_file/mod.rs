//! `weld-host.toml`: the settings of the server, and the operator's policy.
//!
//! Each flag of `serve` is also a key of this file, with the same name and the same syntax. `cli` knows the flags, gives
//! their names to [`HostFile::read`], and decides whether a flag, a variable or the file counts.

mod file;
mod value;

pub use file::HostFile;
pub use value::{FileValue, FlagForm, FlagKey, LocatedValue};
