//! The memory that the host holds for its connectors' calls, and for whom.
//!
//! There is one [`HostAccount`] for all calls, of `--total-memory`, and a [`CallAccount`] for each. Whoever holds something
//! for a call takes a [`Charge`] for it first. The charge goes where the bytes go, and dropping it gives them back:
//! [`Holding`] and [`charged_bytes`] tie both together. What is large they give back on a thread of its own
//! (`disposal.rs`). What is held and by whom is listed in ARCHITECTURE.md.
//!
//! A leaf that leaves may use: it uses `lock` only.

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
