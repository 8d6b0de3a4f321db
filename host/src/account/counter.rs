//! A count of bytes that keeps to its limit.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use super::disposal::Disposal;
use super::error::MemoryError;

/// Gives back bytes that can be done without, if possible as many as are asked for. Whether it gave any.
pub(super) type GiveWay = Box<dyn Fn(u64) -> bool + Send + Sync>;

/// Bytes of one kind that are held, and how many may be.
pub(super) struct MemoryCounter {
    limit_bytes: u64,
    used_bytes: AtomicU64,
    refusal: MemoryError,
    gives_way: OnceLock<GiveWay>,
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
            gives_way: OnceLock::new(),
            disposal: Arc::default(),
        }
    }

    pub(super) fn limit_bytes(&self) -> u64 {
        self.limit_bytes
    }

    pub(super) fn used_bytes(&self) -> u64 {
        self.used_bytes.load(Ordering::Relaxed)
    }

    /// What is about to be given back, and counts until then.
    pub(super) fn disposal(&self) -> &Arc<Disposal> {
        &self.disposal
    }

    /// Says what gives way where bytes are short; the first word counts.
    pub(super) fn set_gives_way(&self, gives_way: GiveWay) {
        let _ = self.gives_way.set(gives_way);
    }

    /// Asks what gives way for so many. Whether it gave any.
    pub(super) fn ask_for(&self, bytes: u64) -> bool {
        let gives_way = self.gives_way.get();
        gives_way.is_some_and(|gives_way| gives_way(bytes))
    }

    /// Takes so many, if they are left, or others give way. What nobody has any more is given back before somebody has to.
    ///
    /// # Errors
    ///
    /// Its refusal; nothing is taken then.
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
            if !self.disposal.give_back_a_step() && !self.ask_for(missing) {
                return Err(self.refusal);
            }
        }
    }

    pub(super) fn give_back(&self, bytes: u64) {
        self.used_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }
}
