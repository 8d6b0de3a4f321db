//! What a connector's author and its operator run, beside the server.
//!
//! Here belongs the work of such commands: `new`, `adapt` and `build`, `check` and the cases of `conformance`, and `auth`, the
//! tokens of credentials. Not here: their flags and what they print, how a connector is served for them (`cli`), and how a token is asked for and kept
//! (`egress`, `tokens`).
//!
//! Used by `cli` alone; uses `sync`, whose client asks a connector as Weld does, `egress` and leaves.

pub mod adapt;
pub mod auth;
pub(crate) mod build;
pub(crate) mod check;
pub(crate) mod conformance;
pub mod new;
