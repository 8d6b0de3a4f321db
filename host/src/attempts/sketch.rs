//! Counts of any number of clients in a fixed amount of memory.
//!
//! A count–min sketch: each client has one cell in each row, at a place that depends on a hash of its address, and shares
//! it with others. Its own count is the smallest of its cells, which is never too small, and too large only if all its
//! cells are shared with clients that count now. So an attacker with a million addresses can't reset the count of one of
//! them, as it could where the least recently seen clients are forgotten. What it can do is to have wrong keys of others
//! refused at the first attempt; the right key is not counted. With 2,000 attackers at a time, one client of 500 shares
//! all its cells with them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::pace::{AttemptPace, millis};

/// The rows, each with its own places.
const ROWS: u32 = 4;

/// The number of bits of a place in a row.
const PLACE_BITS: u32 = 13;

/// What is counted for clients, by hashes of their addresses: 256 KiB. A cell contains until when the events of its
/// clients count, in milliseconds.
pub(super) struct AttemptSketch {
    rows: Vec<Box<[AtomicU64]>>,
}

impl AttemptSketch {
    /// Nothing is counted yet.
    pub(super) fn new() -> Self {
        let row = |_| {
            (0..1_u64 << PLACE_BITS)
                .map(|_| AtomicU64::new(0))
                .collect()
        };
        Self {
            rows: (0..ROWS).map(row).collect(),
        }
    }

    /// Counts an event of this client if the pace permits it. Of events at the very same time, as many as there are threads
    /// may count as one.
    ///
    /// # Errors
    ///
    /// How long it takes until an event is permitted.
    pub(super) fn attempt(
        &self,
        client: u64,
        pace: AttemptPace,
        now: Duration,
    ) -> Result<(), Duration> {
        let until = pace.attempt(self.until(client), now)?;
        self.raise(client, until);
        Ok(())
    }

    /// Notes an event of this client, of which only the last one counts. Returns whether there was none within the
    /// pace's interval.
    pub(super) fn extend(&self, client: u64, pace: AttemptPace, now: Duration) -> bool {
        let is_new = self.until(client) <= millis(now);
        self.raise(client, pace.alone(now));
        is_new
    }

    fn until(&self, client: u64) -> u64 {
        let cells = self.cells(client);
        cells
            .map(|cell| cell.load(Ordering::Relaxed))
            .min()
            .unwrap_or(0)
    }

    /// Raises the client's cells, and leaves those that are higher already.
    fn raise(&self, client: u64, until: u64) {
        self.cells(client).for_each(|cell| {
            cell.fetch_max(until, Ordering::Relaxed);
        });
    }

    fn cells(&self, client: u64) -> impl Iterator<Item = &AtomicU64> {
        let rows = self.rows.iter().zip(0_u32..);
        rows.filter_map(move |(row, number)| {
            let place = client >> (number * PLACE_BITS) & ((1 << PLACE_BITS) - 1);
            row.get(usize::try_from(place).ok()?)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hash_has_a_cell_in_each_row() {
        let sketch = AttemptSketch::new();
        for client in [0, 1, u64::MAX, 0x0123_4567_89ab_cdef, 1 << 51, 1 << 63] {
            assert_eq!(sketch.cells(client).count(), ROWS as usize, "{client:x}");
        }
        let bytes: usize = sketch.rows.iter().map(|row| size_of_val(&**row)).sum();
        assert_eq!(bytes, 256 << 10);
    }
}
