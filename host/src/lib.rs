//! `weld-host`: one server that runs Weld's custom connectors as sandboxed WebAssembly components.
//!
//! The rooms use each other in one direction only, and a test holds them to it:
//!
//! ```text
//! cli → server → pages → connectors → sandbox → imports → egress
//! cli → sync, author, demo; author → sync, egress
//! account, config, bindings, changes, encoding, fair_queue, heap, lock, report, retry_after, scope, secrets, tokens, waits, demo: leaves, usable by all, using none
//! ```
//!
//! A request comes in at [`server`], which knows HTTP and nothing of wasm. [`pages`] makes the answer: it holds
//! requests that come early, and marks states with the waits that a connector asks for. [`connectors`] knows which
//! connector stands behind a name and how many calls may run at once. [`sandbox`] makes a store for the call, runs
//! one export in it and drops it. What the guest may call meanwhile is in `imports`, and its one way to the network
//! is `egress`. Weld's own formats are the crate `weld-protocol`.

mod account;
pub mod author;
mod bindings;
mod changes;
pub mod cli;
pub mod config;
pub mod connectors;
#[cfg(feature = "demo")]
pub mod demo;
pub mod egress;
mod encoding;
mod fair_queue;
mod heap;
mod imports;
mod lock;
#[cfg(test)]
mod metrics_probe;
pub mod pages;
mod report;
mod retry_after;
pub mod sandbox;
mod scope;
mod secrets;
pub mod server;
pub mod sync;
pub mod tokens;
mod waits;

#[cfg(feature = "bench")]
pub use secrets::BenchFinder;
