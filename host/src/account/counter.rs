//! A count of bytes that keeps to its limit.

use std::sync::atomic::{AtomicU64, Ordering};

use super::error::MemoryError;

/// Bytes of one kind that are held, and how many may be.
#[derive(Debug)]
pub(super) struct MemoryCounter {
    limit_bytes: u64,
    used_bytes: AtomicU64,
    refusal: MemoryError,
}

impl MemoryCounter {
    pub(super) fn new(limit_bytes: u64, refusal: MemoryError) -> Self {
        Self {
            limit_bytes,
            used_bytes: AtomicU64::new(0),
            refusal,
        }
    }

    pub(super) fn limit_bytes(&self) -> u64 {
        self.limit_bytes
    }

    pub(super) fn used_bytes(&self) -> u64 {
        self.used_bytes.load(Ordering::Relaxed)
    }

    /// Takes so many, if they are left.
    ///
    /// # Errors
    ///
    /// Its refusal; nothing is taken then.
    pub(super) fn take(&self, bytes: u64) -> Result<(), MemoryError> {
        self.used_bytes
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
                let used = used.checked_add(bytes)?;
                (used <= self.limit_bytes).then_some(used)
            })
            .map(drop)
            .map_err(|_| self.refusal)
    }

    pub(super) fn give_back(&self, bytes: u64) {
        self.used_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }
}
