//! The memory of one store, counted over all its linear memories and tables together.

use wasmtime::ResourceLimiter;

/// What one element of a table takes in the host.
const TABLE_ELEMENT_BYTES: u64 = size_of::<usize>() as u64;

/// Counts the growth of every memory and table of a store, and refuses what would go past the limit.
#[derive(Debug)]
pub(super) struct MemoryLimiter {
    limit_bytes: u64,
    used_bytes: u64,
    refused: bool,
}

impl MemoryLimiter {
    pub(super) fn new(limit_bytes: u64) -> Self {
        Self {
            limit_bytes,
            used_bytes: 0,
            refused: false,
        }
    }

    /// Whether the guest was refused memory and has got none since. Most guests end soon after a refusal; one that
    /// goes on and grows again has coped with it, and what it ends in later is another matter.
    pub(super) fn refused(&self) -> bool {
        self.refused
    }

    fn grow(&mut self, current_bytes: u64, desired_bytes: u64) -> bool {
        let used = self
            .used_bytes
            .saturating_add(desired_bytes.saturating_sub(current_bytes));
        if used > self.limit_bytes {
            self.refused = true;
            return false;
        }
        self.used_bytes = used;
        self.refused = false;
        true
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

    #[test]
    fn memories_and_tables_count_together() {
        let mut limiter = MemoryLimiter::new(200_000);
        assert!(limiter.memory_growing(0, 65_536, None).unwrap());
        assert!(limiter.memory_growing(0, 65_536, None).unwrap());
        assert!(limiter.table_growing(0, 1_000, None).unwrap());
        assert!(
            !limiter.memory_growing(65_536, 131_072, None).unwrap(),
            "a third page and the table are more than 200,000 bytes"
        );
        assert!(limiter.refused());
    }

    #[test]
    fn a_refused_growth_is_not_counted() {
        let mut limiter = MemoryLimiter::new(131_072);
        assert!(!limiter.memory_growing(0, 1 << 30, None).unwrap());
        assert!(limiter.refused());
        assert!(limiter.memory_growing(0, 131_072, None).unwrap());
        assert!(!limiter.refused());
    }
}
