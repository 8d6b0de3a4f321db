//! The memory of stores: of each, over all its linear memories and tables together, and of all stores together.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use wasmtime::ResourceLimiter;

/// What one element of a table takes in the host.
const TABLE_ELEMENT_BYTES: u64 = size_of::<usize>() as u64;

/// New calls wait once less than this part of the total is left: those under way are still growing.
const SPARE_PART: u64 = 8;

/// The memory that all stores may have together. What counts is what guests can touch, whether they did or not.
#[derive(Debug)]
pub(crate) struct TotalMemory {
    limit_bytes: u64,
    used_bytes: AtomicU64,
}

impl TotalMemory {
    pub(crate) fn new(limit_bytes: u64) -> Arc<Self> {
        Arc::new(Self {
            limit_bytes,
            used_bytes: AtomicU64::new(0),
        })
    }

    pub(crate) fn limit_bytes(&self) -> u64 {
        self.limit_bytes
    }

    /// Whether new calls had better wait.
    pub(crate) fn is_nearly_used_up(&self) -> bool {
        let used = self.used_bytes.load(Ordering::Relaxed);
        self.limit_bytes.saturating_sub(used) < self.limit_bytes / SPARE_PART
    }

    /// Takes so much, if it is there.
    pub(crate) fn take(&self, bytes: u64) -> bool {
        let taken = self
            .used_bytes
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
                let used = used.checked_add(bytes)?;
                (used <= self.limit_bytes).then_some(used)
            });
        taken.is_ok()
    }

    /// Gives back what was taken.
    pub(crate) fn give_back(&self, bytes: u64) {
        self.used_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// Which limit a guest met that got no more memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MemoryLimit {
    /// Its own, in bytes.
    Connector(u64),
    /// That of all calls together, in bytes.
    Total(u64),
}

impl fmt::Display for MemoryLimit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connector(bytes) => write!(
                formatter,
                "the connector needs more memory than the {bytes} bytes of `limits.memory`"
            ),
            Self::Total(bytes) => write!(
                formatter,
                "the host has no more memory for its connectors: all calls together would have more than the {bytes} \
                 bytes of --total-memory"
            ),
        }
    }
}

/// Counts the growth of every memory and table of a store, and refuses what would go past a limit.
#[derive(Debug)]
pub(super) struct MemoryLimiter {
    limit_bytes: u64,
    used_bytes: u64,
    total: Arc<TotalMemory>,
    refused: Option<MemoryLimit>,
}

impl MemoryLimiter {
    pub(super) fn new(limit_bytes: u64, total: Arc<TotalMemory>) -> Self {
        Self {
            limit_bytes,
            used_bytes: 0,
            total,
            refused: None,
        }
    }

    /// Where the guest was refused memory and has got none since: by which limit. Most guests end soon after a refusal;
    /// one that goes on and grows again has coped with it, and what it ends in later is another matter.
    pub(super) fn refused(&self) -> Option<MemoryLimit> {
        self.refused
    }

    fn grow(&mut self, current_bytes: u64, desired_bytes: u64) -> bool {
        let more = desired_bytes.saturating_sub(current_bytes);
        let used = self.used_bytes.saturating_add(more);
        self.refused = if used > self.limit_bytes {
            Some(MemoryLimit::Connector(self.limit_bytes))
        } else if !self.total.take(more) {
            Some(MemoryLimit::Total(self.total.limit_bytes()))
        } else {
            self.used_bytes = used;
            None
        };
        self.refused.is_none()
    }
}

impl Drop for MemoryLimiter {
    fn drop(&mut self) {
        self.total.give_back(self.used_bytes);
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

    fn limiter(limit_bytes: u64) -> MemoryLimiter {
        MemoryLimiter::new(limit_bytes, TotalMemory::new(u64::MAX))
    }

    #[test]
    fn memories_and_tables_count_together() {
        let mut limiter = limiter(200_000);
        assert!(limiter.memory_growing(0, 65_536, None).unwrap());
        assert!(limiter.memory_growing(0, 65_536, None).unwrap());
        assert!(limiter.table_growing(0, 1_000, None).unwrap());
        assert!(
            !limiter.memory_growing(65_536, 131_072, None).unwrap(),
            "a third page and the table are more than 200,000 bytes"
        );
        assert_eq!(limiter.refused(), Some(MemoryLimit::Connector(200_000)));
    }

    #[test]
    fn a_refused_growth_is_not_counted() {
        let mut limiter = limiter(131_072);
        assert!(!limiter.memory_growing(0, 1 << 30, None).unwrap());
        assert!(limiter.refused().is_some());
        assert!(limiter.memory_growing(0, 131_072, None).unwrap());
        assert_eq!(limiter.refused(), None);
    }

    #[test]
    fn all_stores_together_are_limited_until_one_is_dropped() {
        let total = TotalMemory::new(100);
        let mut one = MemoryLimiter::new(90, total.clone());
        let mut other = MemoryLimiter::new(90, total.clone());
        assert!(one.grow(0, 60));
        assert!(!total.is_nearly_used_up());
        assert!(!other.grow(0, 50));
        assert_eq!(other.refused(), Some(MemoryLimit::Total(100)));
        assert!(other.grow(0, 30));
        assert!(total.is_nearly_used_up(), "10 of 100 are left");
        drop(one);
        assert!(!total.is_nearly_used_up());
        assert!(other.grow(30, 90));
    }
}
