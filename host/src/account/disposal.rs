//! Large things that nobody has any more, given back by a thread of their own.
//!
//! To give megabytes back to the system takes milliseconds, and for as long others of the process wait for its memory map.
//! So it is done where no call waits for it, and in steps. What waits for that is still charged. Who needs the memory
//! before the thread has come to it does the next steps himself.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::lock::{Condvar, Mutex};

/// How much is given back at a time.
const STEP_BYTES: usize = 1 << 20;

/// For how long the thread waits for more before it ends.
const IDLE: Duration = Duration::from_secs(10);

/// What waits to be given back.
#[derive(Default)]
pub(super) struct Disposal {
    queue: Mutex<DisposalQueue>,
    arrival: Condvar,
    /// Held during a step: a call that asks for memory waits until the step under way has given some back.
    step: Mutex<()>,
    charged_bytes: AtomicU64,
}

#[derive(Default)]
struct DisposalQueue {
    waiting: VecDeque<Box<dyn Remnant>>,
    has_thread: bool,
}

/// Something large that nobody has any more, with the charge for it.
pub(super) trait Remnant: Send {
    /// What is charged for what is left of it, in bytes.
    fn charged_bytes(&self) -> u64;

    /// Gives about so many bytes back, and their price. Whether there is a rest that can be given back in the same way; if
    /// not, it is to be dropped.
    fn shorten(&mut self, bytes: usize) -> bool;
}

impl Disposal {
    /// Takes something to give back.
    pub(super) fn put(self: &Arc<Self>, remnant: Box<dyn Remnant>) {
        self.put_for(remnant, |work| {
            std::thread::Builder::new()
                .name("disposal".to_owned())
                .spawn(work)
                .map(drop)
        });
    }

    /// As [`put`](Self::put); `start` starts the thread. Where it can't, all is given back here.
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

    /// How much is charged for what waits here, in bytes.
    pub(super) fn charged_bytes(&self) -> u64 {
        self.charged_bytes.load(Ordering::Relaxed)
    }

    /// Gives a part of what waits back. Whether there was any.
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

    /// What the thread does until there was nothing for it for a while.
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
