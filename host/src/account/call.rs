//! One call's share of the memory.

use std::sync::Arc;

use super::charge::Charge;
use super::counter::MemoryCounter;
use super::error::MemoryError;
use super::host::HostAccount;

/// The memory of one call. All that runs for it shares it.
#[derive(Debug)]
pub(crate) struct CallAccount {
    host: Arc<HostAccount>,
    own: Arc<MemoryCounter>,
}

impl CallAccount {
    /// A call that may own `limit_bytes`, as `limits.memory` says.
    pub(crate) fn new(host: Arc<HostAccount>, limit_bytes: u64) -> Arc<Self> {
        let own = MemoryCounter::new(limit_bytes, MemoryError::Connector(limit_bytes));
        Arc::new(Self {
            host,
            own: Arc::new(own),
        })
    }

    /// Charges what the guest owns: its memories and tables, and whatever the host keeps for it until it lets go of it,
    /// such as headers and unsent bodies of `wasi:http`.
    ///
    /// # Errors
    ///
    /// [`MemoryError`]; nothing is charged then.
    pub(crate) fn own(&self, bytes: u64) -> Result<Charge, MemoryError> {
        Charge::new(self.host.counter().clone(), Some(self.own.clone()), bytes)
    }

    /// How much is charged as the call's own at the moment, in bytes.
    pub(crate) fn owned_bytes(&self) -> u64 {
        self.own.used_bytes()
    }

    /// Charges what passes through the host and has a limit of its own: a request's or a response's body, a page.
    ///
    /// # Errors
    ///
    /// [`MemoryError::Total`]; nothing is charged then.
    pub(crate) fn transit(&self, bytes: u64) -> Result<Charge, MemoryError> {
        self.host.charge(bytes)
    }
}
