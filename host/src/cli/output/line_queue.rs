//! Lines that wait for whoever reads them, who may not.
//!
//! Of ready ones, `tracing-appender` bounds lines by number alone, of which one may have 50 KB here, says nothing of what it
//! lost, and does not wait at the end for a reader that is merely slow.

use std::sync::MutexGuard;
use std::time::Instant;

use crate::lock::{Condvar, Mutex};

/// How much may wait, in bytes and in lines. As much again may be on its way to the reader.
const MAX_BYTES: usize = 4 << 20;
const MAX_LINES: usize = 20_000;

/// Lines on their way to one writer. Adding one never waits for it.
#[derive(Debug, Default)]
pub(super) struct LineQueue {
    state: Mutex<QueueState>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct QueueState {
    /// The lines, each with its end.
    text: Vec<u8>,
    lines: usize,
    /// Lines that found no room, or could not be written.
    lost: u64,
    /// Whether the writer has taken lines and not written them yet.
    is_writing: bool,
}

impl LineQueue {
    /// Adds a line with its end. One that finds no room is lost, and counted.
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

    /// Adds a line although there may be no room for it: the writer's own.
    pub(super) fn push_always(&self, line: &[u8]) {
        self.state().append(line);
        self.changed.notify_all();
    }

    /// Waits for lines, and takes all that are there in exchange for `taken`, which is empty.
    pub(super) fn take(&self, taken: &mut Vec<u8>) {
        let mut state = self.state();
        while state.text.is_empty() {
            state = self.changed.wait(state);
        }
        std::mem::swap(&mut state.text, taken);
        state.lines = 0;
        state.is_writing = true;
    }

    /// Notes that so many of the lines that were taken could not be written.
    pub(super) fn lose(&self, lines: u64) {
        let mut state = self.state();
        state.lost = state.lost.saturating_add(lines);
    }

    /// How many lines have been lost since this was asked.
    pub(super) fn take_lost(&self) -> u64 {
        std::mem::take(&mut self.state().lost)
    }

    /// The lines that were taken are dealt with.
    pub(super) fn done(&self) {
        self.state().is_writing = false;
        self.changed.notify_all();
    }

    /// Waits until all lines are written, but no longer than `until`.
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
        assert_eq!(queue.take_lost(), 0, "said once");
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
