//! Limits the memory of a store: all its linear memories and tables together.

use std::sync::Arc;

use wasmtime::ResourceLimiter;

use crate::account::{CallAccount, Charge, MemoryError};
use crate::lock::Mutex;

/// The size of one element of a table in the host.
const TABLE_ELEMENT_BYTES: u64 = size_of::<usize>() as u64;

/// The charge for a store's memory, given back with the last clone. A store drops its limiter before its memory, so one
/// clone must outlive it.
#[derive(Debug, Clone, Default)]
pub(super) struct StoreCharge(Arc<Mutex<Option<Charge>>>);

impl StoreCharge {
    /// Charges `more` bytes to the call.
    pub(super) fn grow(&self, account: &CallAccount, more: u64) -> Result<(), MemoryError> {
        let mut charge = self.0.lock();
        match &mut *charge {
            Some(charge) => charge.grow(more),
            none => account.own(more).map(|first| *none = Some(first)),
        }
    }
}

/// Charges the growth of every memory and table of a store to the call, and refuses growth beyond a limit.
#[derive(Debug)]
pub(super) struct MemoryLimiter {
    account: Arc<CallAccount>,
    charge: StoreCharge,
    refused: Option<MemoryError>,
    last_refused: Option<MemoryError>,
}

impl MemoryLimiter {
    pub(super) fn new(account: Arc<CallAccount>, charge: StoreCharge) -> Self {
        Self {
            account,
            charge,
            refused: None,
            last_refused: None,
        }
    }

    /// The limit that refused the guest's last growth; `None` if a later growth succeeded. Most guests end soon after a
    /// refusal; one that continues and grows again has handled it, and later errors have other causes.
    pub(super) fn refused(&self) -> Option<MemoryError> {
        self.refused
    }

    /// The limit that refused a growth most recently, whether or not a later one succeeded. A guest may report a
    /// refusal as an error of its own, and need some memory for that.
    pub(super) fn last_refused(&self) -> Option<MemoryError> {
        self.last_refused
    }

    fn grow(&mut self, current_bytes: u64, desired_bytes: u64) -> bool {
        let more = desired_bytes.saturating_sub(current_bytes);
        self.refused = self.charge.grow(&self.account, more).err();
        self.last_refused = self.refused.or(self.last_refused);
        self.refused.is_none()
    }
}

impl ResourceLimiter for MemoryLimiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(self.grow(current as u64, desired as u64))
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(self.grow(
            (current as u64).saturating_mul(TABLE_ELEMENT_BYTES),
            (desired as u64).saturating_mul(TABLE_ELEMENT_BYTES),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::HostAccount;

    fn limiter(limit_bytes: u64) -> MemoryLimiter {
        let account = CallAccount::new(HostAccount::new(u64::MAX), limit_bytes);
        MemoryLimiter::new(account, StoreCharge::default())
    }

    #[test]
    fn memories_and_tables_count_together() {
        let mut limiter = limiter(200_000);
        assert!(limiter.memory_growing(0, 65_536, None).unwrap());
        assert!(limiter.memory_growing(0, 65_536, None).unwrap());
        assert!(limiter.table_growing(0, 1_000, None).unwrap());
        assert!(
            !limiter.memory_growing(65_536, 131_072, None).unwrap(),
            "a third page and the table exceed 200,000 bytes"
        );
        assert_eq!(limiter.refused(), Some(MemoryError::Connector(200_000)));
    }

    #[test]
    fn a_refused_growth_is_not_counted() {
        let mut limiter = limiter(131_072);
        assert!(!limiter.memory_growing(0, 1 << 30, None).unwrap());
        assert!(limiter.refused().is_some());
        assert!(limiter.memory_growing(0, 131_072, None).unwrap());
        assert_eq!(limiter.refused(), None);
        assert_eq!(
            limiter.last_refused(),
            Some(MemoryError::Connector(131_072))
        );
    }

    #[test]
    fn all_stores_together_are_limited_until_one_is_dropped() {
        let host = HostAccount::new(100);
        let limiter = |charge: &StoreCharge| {
            MemoryLimiter::new(CallAccount::new(host.clone(), 90), charge.clone())
        };
        let charge = StoreCharge::default();
        let (mut one, mut other) = (limiter(&charge), limiter(&StoreCharge::default()));
        assert!(one.grow(0, 60));
        assert!(!other.grow(0, 50));
        assert_eq!(other.refused(), Some(MemoryError::Total(100)));
        assert!(other.grow(0, 30));
        drop(one);
        assert!(!other.grow(30, 90), "its memory still exists");
        drop(charge);
        assert!(other.grow(30, 90));
    }
}
