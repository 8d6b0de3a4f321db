//! Frees large data on a thread of its own.
//!
//! Returning megabytes to the system takes milliseconds, in which other threads of the process wait for its memory map.
//! So the data is freed where no call waits for it, and in steps. Data that waits to be freed is still charged. A call
//! that needs the memory before the thread gets to it performs the next steps itself.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::lock::{Condvar, Mutex};

/// The number of bytes freed in one step.
const STEP_BYTES: usize = 1 << 20;

/// How long the thread waits for more data before it ends.
const IDLE: Duration = Duration::from_secs(10);

/// The data that waits to be freed.
#[derive(Default)]
pub(super) struct Disposal {
    queue: Mutex<DisposalQueue>,
    arrival: Condvar,
    /// Held during a step: a call that needs memory waits until the current step has freed some.
    step: Mutex<()>,
    charged_bytes: AtomicU64,
}

#[derive(Default)]
struct DisposalQueue {
    waiting: VecDeque<Box<dyn Remnant>>,
    has_thread: bool,
}

/// Large data that is no longer used, with its charge.
pub(super) trait Remnant: Send {
    /// The charge for the part that has not been freed yet, in bytes.
    fn charged_bytes(&self) -> u64;

    /// Frees about `bytes` bytes and gives back their charge. Returns whether there is a rest that can be freed in the
    /// same way; if not, the remnant must be dropped.
    fn shorten(&mut self, bytes: usize) -> bool;
}

impl Disposal {
    /// Queues data to be freed.
    pub(super) fn put(self: &Arc<Self>, remnant: Box<dyn Remnant>) {
        self.put_for(remnant, |work| {
            std::thread::Builder::new()
                .name("disposal".to_owned())
                .spawn(work)
                .map(drop)
        });
    }

    /// As [`put`](Self::put); `start` starts the thread. If that fails, everything is freed here.
    fn put_for(
        self: &Arc<Self>,
        remnant: Box<dyn Remnant>,
        start: impl FnOnce(Box<dyn FnOnce() + Send>) -> io::Result<()>,
    ) {
        let charged = remnant.charged_bytes();
        self.charged_bytes.fetch_add(charged, Ordering::Relaxed);
        let mut queue = self.queue.lock();
        queue.waiting.push_back(remnant);
        let has_thread = std::mem::replace(&mut queue.has_thread, true);
        drop(queue);
        if has_thread {
            self.arrival.notify_all();
            return;
        }
        let disposal = self.clone();
        if start(Box::new(move || disposal.work())).is_err() {
            self.queue.lock().has_thread = false;
            while self.give_back_a_step() {}
        }
    }

    /// The charge for all data that waits here, in bytes.
    pub(super) fn charged_bytes(&self) -> u64 {
        self.charged_bytes.load(Ordering::Relaxed)
    }

    /// Frees a part of the waiting data. Returns whether there was any.
    pub(super) fn give_back_a_step(&self) -> bool {
        let _step = self.step.lock();
        let Some(mut remnant) = self.queue.lock().waiting.pop_front() else {
            return false;
        };
        let before = remnant.charged_bytes();
        let after = if remnant.shorten(STEP_BYTES) {
            let after = remnant.charged_bytes();
            self.queue.lock().waiting.push_front(remnant);
            after
        } else {
            drop(remnant);
            0
        };
        self.charged_bytes
            .fetch_sub(before.saturating_sub(after), Ordering::Relaxed);
        true
    }

    /// The thread's loop, which ends after it has been idle for a while.
    fn work(&self) {
        loop {
            while self.give_back_a_step() {}
            let until = Instant::now() + IDLE;
            let mut queue = self.queue.lock();
            while queue.waiting.is_empty() {
                let left = until.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    queue.has_thread = false;
                    return;
                }
                queue = self.arrival.wait_timeout(queue, left);
            }
        }
    }
}

impl std::fmt::Debug for Disposal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Disposal")
            .field("charged_bytes", &self.charged_bytes)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
