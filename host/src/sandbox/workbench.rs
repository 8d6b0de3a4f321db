//! Host work on values that a guest handed over: searching for secrets, checking, rewriting.
//!
//! The work is part of its call: its processor time counts as the guest's. Work that takes long is done on a thread for
//! blocking work, so that no other call waits behind it, and in turns: connectors one after another, on at most half of
//! the processors.

use std::future::poll_fn;
use std::panic::resume_unwind;
use std::sync::Arc;

use super::error::CallError;
use super::machine::processors;
use super::program::Program;
use super::setup::CallSetup;
use super::turns::Turns;
use crate::scope::CallScope;

/// Memory of this size is freed on a thread that runs no calls, since freeing it takes a millisecond or more.
const LARGE_BYTES: u64 = 4 << 20;

/// Up to this many bytes are processed where the call runs, since changing threads would take longer.
const SMALL_BYTES: usize = 64 << 10;

/// Drops a value that has about `bytes` bytes of memory, on a thread that runs no calls if it is large. Returns when it
/// is dropped.
pub(super) async fn drop_aside<T: Send + 'static>(bytes: u64, value: T) {
    if bytes < LARGE_BYTES {
        drop(value);
        return;
    }
    // If the host is shutting down, the value is dropped anyway.
    let _ = tokio::task::spawn_blocking(move || drop(value)).await;
}

/// The turns for work that takes too long to be done where a call runs.
pub(super) fn workbench() -> Arc<Turns> {
    Turns::new((processors() / 2).max(1))
}

impl Program {
    /// Does `work` on `bytes` bytes that the guest of a call of this scope handed over.
    ///
    /// # Errors
    ///
    /// [`CallError::CpuTime`] if the call has exceeded its processor time afterward, and the errors of its deadline.
    pub(crate) async fn work<R: Send + 'static>(
        &self,
        setup: &CallSetup,
        scope: &Arc<CallScope>,
        bytes: usize,
        work: impl FnOnce() -> R + Send + 'static,
    ) -> Result<R, CallError> {
        let clock = scope.cpu.clone();
        let working = self.work_aside(setup, bytes, move || clock.counting(work));
        let done = tokio::time::timeout_at(scope.deadline.at, working)
            .await
            .map_err(|_| CallError::timeout(scope.deadline, None))??;
        scope.cpu.check().map_err(|_| CallError::CpuTime {
            limit: setup.limits.cpu_time,
        })?;
        Ok(done)
    }

    /// Does `work` on `bytes` bytes that don't belong to a call yet, such as a request's.
    ///
    /// # Errors
    ///
    /// [`CallError::Sandbox`] if the host is shutting down.
    pub(crate) async fn work_aside<R: Send + 'static>(
        &self,
        setup: &CallSetup,
        bytes: usize,
        work: impl FnOnce() -> R + Send + 'static,
    ) -> Result<R, CallError> {
        if bytes <= SMALL_BYTES {
            return Ok(work());
        }
        let mut place = self.workbench.place(setup.name.clone());
        let permit = poll_fn(|context| place.poll(context)).await;
        let done = tokio::task::spawn_blocking(move || {
            // Held until the end of the work, even if its caller no longer waits.
            let _permit = permit;
            work()
        });
        done.await.map_err(|error| match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(error) => CallError::Sandbox {
                source: error.into(),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread::{self, ThreadId};

    use super::*;

    /// Reports the thread on which it is dropped.
    struct WatchedMemory(mpsc::Sender<ThreadId>);

    impl Drop for WatchedMemory {
        fn drop(&mut self) {
            let _ = self.0.send(thread::current().id());
        }
    }

    #[tokio::test]
    async fn much_memory_is_freed_where_no_call_runs() {
        for (bytes, is_here) in [(LARGE_BYTES - 1, true), (LARGE_BYTES, false)] {
            let (sender, thread) = mpsc::channel();
            drop_aside(bytes, WatchedMemory(sender)).await;
            let dropped_on = thread.try_recv().unwrap();
            assert_eq!(dropped_on == thread::current().id(), is_here, "{bytes}");
        }
    }
}
