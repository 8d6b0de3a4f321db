//! The memory that the host holds for its connectors' calls, and for whom.
//!
//! There is one [`HostAccount`] for all calls, of `--total-memory`, and a [`CallAccount`] for each. Whoever holds something
//! for a call takes a [`Charge`] for it first. The charge goes where the bytes go, and dropping it gives them back:
//! [`charged_bytes`] ties both together. What is held and by whom is listed in ARCHITECTURE.md.
//!
//! A leaf that leaves may use: it uses nothing.

mod call;
mod charge;
mod counter;
mod error;
mod host;
mod room;

#[cfg(test)]
mod tests;

pub(crate) use call::CallAccount;
pub(crate) use charge::{Charge, charged_bytes};
pub(crate) use error::MemoryError;
pub(crate) use host::HostAccount;
pub(crate) use room::make_room;
