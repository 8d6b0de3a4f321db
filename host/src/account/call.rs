//! One call's share of the memory.

use std::sync::Arc;

use super::charge::Charge;
use super::counter::MemoryCounter;
use super::error::MemoryError;
use super::host::HostAccount;

/// The memory of one call, shared by everything that runs for it.
#[derive(Debug)]
pub(crate) struct CallAccount {
    host: Arc<HostAccount>,
    own: Arc<MemoryCounter>,
}

impl CallAccount {
    /// The account of a call with a limit of `limit_bytes` (`limits.memory`).
    pub(crate) fn new(host: Arc<HostAccount>, limit_bytes: u64) -> Arc<Self> {
        let own = MemoryCounter::new(limit_bytes, MemoryError::Connector(limit_bytes));
        Arc::new(Self {
            host,
            own: Arc::new(own),
        })
    }

    /// Charges memory that the guest owns: its linear memories and tables, and everything that the host keeps for it
    /// until it lets go, such as headers and unsent bodies of `wasi:http`.
    ///
    /// # Errors
    ///
    /// [`MemoryError`]; then nothing is charged.
    pub(crate) fn own(&self, bytes: u64) -> Result<Charge, MemoryError> {
        Charge::new(self.host.counter().clone(), Some(self.own.clone()), bytes)
    }

    /// The memory charged to the call itself, in bytes.
    pub(crate) fn owned_bytes(&self) -> u64 {
        self.own.used_bytes()
    }

    /// Charges memory that only passes through the host and has its own limit: a request's or a response's body, a
    /// page.
    ///
    /// # Errors
    ///
    /// [`MemoryError::Total`]; then nothing is charged.
    pub(crate) fn transit(&self, bytes: u64) -> Result<Charge, MemoryError> {
        self.host.charge(bytes)
    }
}
