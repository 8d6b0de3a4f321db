//! The memory of all calls together.

use std::sync::Arc;

use super::charge::Charge;
use super::counter::MemoryCounter;
use super::error::MemoryError;

/// New calls wait if less than this fraction (1/8) of the total is left, since running calls still grow.
const SPARE_PART: u64 = 8;

/// The memory that may be held for all calls together. A guest's linear memory counts as far as the guest can access
/// it, used or not.
#[derive(Debug)]
pub(crate) struct HostAccount(Arc<MemoryCounter>);

impl HostAccount {
    pub(crate) fn new(limit_bytes: u64) -> Arc<Self> {
        let counter = MemoryCounter::new(limit_bytes, MemoryError::Total(limit_bytes));
        Arc::new(Self(Arc::new(counter)))
    }

    pub(crate) fn limit_bytes(&self) -> u64 {
        self.0.limit_bytes()
    }

    /// The charged bytes.
    pub(crate) fn used_bytes(&self) -> u64 {
        self.0.used_bytes()
    }

    /// Whether new calls should wait because, even after freeing spare memory, too little is left.
    pub(crate) fn is_nearly_used_up(&self) -> bool {
        let spare = self.limit_bytes() / SPARE_PART;
        let missing = || {
            // Data that is about to be freed counts as free.
            let used = self.used_bytes();
            let used = used.saturating_sub(self.0.disposal().charged_bytes());
            spare.saturating_sub(self.limit_bytes().saturating_sub(used))
        };
        missing() > 0 && !(self.0.reclaim_spare(missing()) && missing() == 0)
    }

    /// Sets the function that frees memory when it is short: memory that is kept but can be spared, if possible as many
    /// bytes as it is asked for. It returns whether it freed any. Only the first call has an effect.
    ///
    /// The function runs on the thread that needs memory, so it must not wait for anything that may hold a lock and a
    /// charge.
    pub(crate) fn set_reclaim(&self, reclaim: impl Fn(u64) -> bool + Send + Sync + 'static) {
        self.0.set_reclaim(Box::new(reclaim));
    }

    /// Charges bytes that belong to no call: for data that is held before a call begins or after it ends.
    ///
    /// # Errors
    ///
    /// [`MemoryError::Total`]; then nothing is charged.
    pub(crate) fn charge(&self, bytes: u64) -> Result<Charge, MemoryError> {
        Charge::new(self.0.clone(), None, bytes)
    }

    pub(super) fn counter(&self) -> &Arc<MemoryCounter> {
        &self.0
    }
}
