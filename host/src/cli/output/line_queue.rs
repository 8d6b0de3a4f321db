//! A bounded queue of lines for a stream whose reader may be slow or gone.
//!
//! `tracing-appender` doesn't fit: it bounds only the number of lines (a line may have 50 KB here), doesn't report lost
//! lines, and doesn't wait for a slow reader at the end.

use std::sync::MutexGuard;
use std::time::Instant;

use crate::lock::{Condvar, Mutex};

/// How much may wait, in bytes and in lines. The same amount may be on its way to the reader.
const MAX_BYTES: usize = 4 << 20;
const MAX_LINES: usize = 20_000;

/// Lines for one writer. Adding a line never blocks.
#[derive(Debug, Default)]
pub(super) struct LineQueue {
    state: Mutex<QueueState>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct QueueState {
    /// The lines, each with its line feed.
    text: Vec<u8>,
    lines: usize,
    /// The number of lines that didn't fit or could not be written.
    lost: u64,
    /// Whether the writer has taken lines that are not written yet.
    is_writing: bool,
}

impl LineQueue {
    /// Adds a line, with its line feed. A line that doesn't fit is dropped and counted as lost.
    pub(super) fn push(&self, line: &[u8]) {
        let mut state = self.state();
        let bytes = state.text.len().saturating_add(line.len());
        if bytes > MAX_BYTES || state.lines >= MAX_LINES {
            state.lost = state.lost.saturating_add(1);
            return;
        }
        state.append(line);
        drop(state);
        self.changed.notify_all();
    }

    /// Adds a line of the writer itself, even beyond the bounds.
    pub(super) fn push_always(&self, line: &[u8]) {
        self.state().append(line);
        self.changed.notify_all();
    }

    /// Waits for lines and swaps them all into `taken`, which must be empty.
    pub(super) fn take(&self, taken: &mut Vec<u8>) {
        let mut state = self.state();
        while state.text.is_empty() {
            state = self.changed.wait(state);
        }
        std::mem::swap(&mut state.text, taken);
        state.lines = 0;
        state.is_writing = true;
    }

    /// Counts lines that were taken but could not be written.
    pub(super) fn add_lost(&self, lines: u64) {
        let mut state = self.state();
        state.lost = state.lost.saturating_add(lines);
    }

    /// Returns how many lines have been lost since the last call.
    pub(super) fn take_lost(&self) -> u64 {
        std::mem::take(&mut self.state().lost)
    }

    /// Marks the taken lines as written or lost.
    pub(super) fn done(&self) {
        self.state().is_writing = false;
        self.changed.notify_all();
    }

    /// Waits until all lines are written, or until the given time.
    pub(super) fn drain(&self, until: Instant) {
        let mut state = self.state();
        while state.is_writing || !state.text.is_empty() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            state = self.changed.wait_timeout(state, left);
        }
    }

    fn state(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock()
    }
}

impl QueueState {
    fn append(&mut self, line: &[u8]) {
        self.text.extend_from_slice(line);
        self.lines += 1;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn taken(queue: &LineQueue) -> usize {
        let mut taken = Vec::new();
        queue.take(&mut taken);
        taken.len()
    }

    #[test]
    fn lines_past_the_bounds_are_counted_as_lost() {
        let queue = LineQueue::default();
        let line = [b'x'; 1 << 10];
        for _ in 0..2 * MAX_BYTES / line.len() {
            queue.push(&line);
        }
        queue.push_always(b"the writer's own\n");
        assert_eq!(taken(&queue), MAX_BYTES + 17);
        assert_eq!(queue.take_lost(), (MAX_BYTES / line.len()) as u64);
        assert_eq!(queue.take_lost(), 0, "reported once");
        for _ in 0..MAX_LINES + 3 {
            queue.push(b"\n");
        }
        assert_eq!(taken(&queue), MAX_LINES);
        assert_eq!(queue.take_lost(), 3);
    }

    #[test]
    fn the_end_waits_for_lines_that_are_being_written() {
        let queue = LineQueue::default();
        queue.push(b"a\n");
        queue.drain(Instant::now());
        assert_eq!(taken(&queue), 2);
        assert!(queue.state().is_writing);
        queue.done();
        queue.drain(Instant::now() + Duration::from_secs(3600));
    }
}
