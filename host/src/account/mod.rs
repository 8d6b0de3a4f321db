//! Accounts for the memory that the host holds for its connectors' calls.
//!
//! There is one [`HostAccount`] for all calls, with the limit `--total-memory`, and a [`CallAccount`] for each call.
//! Code that holds data for a call takes a [`Charge`] for it first. The charge moves along with the data, and dropping
//! it gives the bytes back: [`Holding`] and [`charged_bytes`] tie both together. They free large data on a separate
//! thread (`disposal.rs`). ARCHITECTURE.md lists what is held, and by whom.
//!
//! A leaf that other leaves may use: it uses only `lock`.

mod bulk;
mod call;
mod charge;
mod counter;
mod disposal;
mod error;
mod holding;
mod host;
mod room;

#[cfg(test)]
mod tests;

pub(crate) use bulk::Bulk;
pub(crate) use call::CallAccount;
pub(crate) use charge::Charge;
pub(crate) use error::MemoryError;
pub(crate) use holding::{Holding, charged_bytes, give_back};
pub(crate) use host::HostAccount;
