//! `weld-host`: one server that runs Weld's custom connectors as sandboxed WebAssembly components.
//!
//! The rooms use each other in one direction only; a test checks this:
//!
//! ```text
//! cli → lambda → server → pages → connectors → sandbox → imports → egress
//! cli → admin, sync, author, demo; admin → pages, connectors; author → sync, egress
//! access_check, account, attempts, config, bindings, certificates, changes, encoding, fair_queue, followed_file, lock, platform, report, retry_after, scope, secrets, telemetry, tokens, traces, tunnel_head, waits, demo: leaves, usable by all, using none
//! ```
//!
//! A request arrives at [`server`], which knows HTTP but not wasm. [`pages`] makes the answer: it holds requests that
//! come too early, and writes the waits that a connector asks for into the states. [`connectors`] maps a name to its
//! connector and limits how many calls run at once. [`sandbox`] creates a store for the call, runs one export in it
//! and drops it. The functions that the guest may call are in `imports`; its only way to the network is `egress`.
//! Weld's own formats are in the crate `weld-protocol`.

mod access_check;
mod account;
pub mod admin;
mod attempts;
pub mod author;
mod bindings;
pub mod certificates;
mod changes;
pub mod cli;
pub mod config;
pub mod connectors;
#[cfg(feature = "demo")]
pub mod demo;
pub mod egress;
mod encoding;
mod fair_queue;
mod followed_file;
mod guest_error;
mod imports;
pub mod lambda;
mod lock;
#[cfg(test)]
mod metrics_probe;
pub mod pages;
mod platform;
mod report;
mod retry_after;
#[cfg(test)]
mod samples;
pub mod sandbox;
mod scope;
mod secrets;
pub mod server;
pub mod sync;
pub mod telemetry;
pub mod tokens;
pub mod traces;
mod tunnel_head;
mod waits;

pub use platform::{ALLOCATOR, HostAllocator};
#[cfg(feature = "bench")]
pub use secrets::BenchFinder;
