//! The commands that a connector's author or operator runs, other than the server.
//!
//! This room does the work of these commands: `new`, `adapt`, `build`, `check` with its conformance cases, `auth` for
//! the tokens of credentials, and `run` for native runs. Their flags and output, and serving a connector for them,
//! belong to `cli`. Requesting and storing tokens belongs to `egress` and `tokens`.
//!
//! Used by `cli` alone. Uses `sync`, whose client calls a connector as Weld does, `egress`, and leaves.

pub mod adapt;
pub mod auth;
pub(crate) mod build;
pub(crate) mod check;
pub(crate) mod conformance;
pub mod native;
pub mod new;
