//! A counter of bytes with a limit.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use super::disposal::Disposal;
use super::error::MemoryError;

/// Frees memory that can be spared, if possible the given number of bytes. Returns whether it freed any.
pub(super) type Reclaim = Box<dyn Fn(u64) -> bool + Send + Sync>;

/// Counts the charged bytes of one kind, up to a limit.
pub(super) struct MemoryCounter {
    limit_bytes: u64,
    used_bytes: AtomicU64,
    refusal: MemoryError,
    reclaim: OnceLock<Reclaim>,
    disposal: Arc<Disposal>,
}

impl std::fmt::Debug for MemoryCounter {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("MemoryCounter")
            .field("limit_bytes", &self.limit_bytes)
            .field("used_bytes", &self.used_bytes)
            .finish_non_exhaustive()
    }
}

impl MemoryCounter {
    pub(super) fn new(limit_bytes: u64, refusal: MemoryError) -> Self {
        Self {
            limit_bytes,
            used_bytes: AtomicU64::new(0),
            refusal,
            reclaim: OnceLock::new(),
            disposal: Arc::default(),
        }
    }

    pub(super) fn limit_bytes(&self) -> u64 {
        self.limit_bytes
    }

    pub(super) fn used_bytes(&self) -> u64 {
        self.used_bytes.load(Ordering::Relaxed)
    }

    /// Data that is about to be freed; it counts until then.
    pub(super) fn disposal(&self) -> &Arc<Disposal> {
        &self.disposal
    }

    /// Sets the function that frees spare memory when bytes are short. Only the first call has an effect.
    pub(super) fn set_reclaim(&self, reclaim: Reclaim) {
        let _ = self.reclaim.set(reclaim);
    }

    /// Asks that function to free `bytes`. Returns whether it freed any.
    pub(super) fn reclaim_spare(&self, bytes: u64) -> bool {
        let reclaim = self.reclaim.get();
        reclaim.is_some_and(|reclaim| reclaim(bytes))
    }

    /// Charges `bytes`, if the limit leaves them. Otherwise it first frees data that waits to be freed, then spare
    /// memory.
    ///
    /// # Errors
    ///
    /// The counter's refusal; then nothing is charged.
    pub(super) fn take(&self, bytes: u64) -> Result<(), MemoryError> {
        if bytes > self.limit_bytes {
            return Err(self.refusal);
        }
        loop {
            let taken =
                self.used_bytes
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
                        let used = used.checked_add(bytes)?;
                        (used <= self.limit_bytes).then_some(used)
                    });
            let Err(used) = taken else {
                return Ok(());
            };
            let missing = used.saturating_add(bytes).saturating_sub(self.limit_bytes);
            if !self.disposal.give_back_a_step() && !self.reclaim_spare(missing) {
                return Err(self.refusal);
            }
        }
    }

    pub(super) fn give_back(&self, bytes: u64) {
        self.used_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }
}
