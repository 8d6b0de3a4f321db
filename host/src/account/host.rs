//! The memory of all calls together.

use std::sync::Arc;

use super::charge::Charge;
use super::counter::MemoryCounter;
use super::error::MemoryError;

/// New calls wait once less than this part of the total is left: those under way are still growing.
const SPARE_PART: u64 = 8;

/// The memory that may be held for all calls together. Of guests' memory counts what they can touch, whether they did or
/// not.
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

    /// What is charged at the moment, in bytes.
    pub(crate) fn used_bytes(&self) -> u64 {
        self.0.used_bytes()
    }

    /// Whether new calls had better wait, also after others gave way.
    pub(crate) fn is_nearly_used_up(&self) -> bool {
        let spare = self.limit_bytes() / SPARE_PART;
        let missing = || {
            // What is about to be given back is as good as free.
            let used = self.used_bytes();
            let used = used.saturating_sub(self.0.disposal().charged_bytes());
            spare.saturating_sub(self.limit_bytes().saturating_sub(used))
        };
        missing() > 0 && !(self.0.ask_for(missing()) && missing() == 0)
    }

    /// Says what gives way where memory is short: it gives back bytes that are kept but can be done without, if possible as
    /// many as it is asked for, and answers whether it gave any. Only the first word counts.
    ///
    /// It is called on the thread that needs memory, and so must not wait for anybody who may hold a lock and charge.
    pub(crate) fn give_way_by(&self, gives_way: impl Fn(u64) -> bool + Send + Sync + 'static) {
        self.0.set_gives_way(Box::new(gives_way));
    }

    /// Charges so many bytes to nobody's call: for what is held before there is one, or after it.
    ///
    /// # Errors
    ///
    /// [`MemoryError::Total`]; nothing is charged then.
    pub(crate) fn charge(&self, bytes: u64) -> Result<Charge, MemoryError> {
        Charge::new(self.0.clone(), None, bytes)
    }

    pub(super) fn counter(&self) -> &Arc<MemoryCounter> {
        &self.0
    }
}
