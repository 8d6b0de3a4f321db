//! What a connector's author runs, besides the connector itself.
//!
//! Here belongs the work of the commands for authors. What they print, and how a connector is served for them, does not:
//! that is `cli`'s.
//!
//! Uses `sync`, whose client asks a connector as Weld does.

pub(crate) mod check;
pub(crate) mod conformance;
