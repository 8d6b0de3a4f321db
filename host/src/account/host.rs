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

    /// Whether new calls had better wait.
    pub(crate) fn is_nearly_used_up(&self) -> bool {
        self.limit_bytes().saturating_sub(self.used_bytes()) < self.limit_bytes() / SPARE_PART
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
