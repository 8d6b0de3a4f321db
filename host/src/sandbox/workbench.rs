//! Host work on what a guest handed over: searched for secrets, checked, written anew.
//!
//! It is part of the call that it is for: its processor time counts as the guest's. What takes longer than a moment is done
//! on a thread for blocking work, so that no other call waits behind it, and in turns: connectors one after the other, on no
//! more than half of the processors.

use std::future::poll_fn;
use std::panic::resume_unwind;
use std::sync::Arc;

use super::error::CallError;
use super::machine::processors;
use super::program::Program;
use super::setup::CallSetup;
use super::turns::Turns;
use crate::scope::CallScope;

/// Memory of so many bytes is given back on another thread than calls run on: that takes a millisecond or more.
const LARGE_BYTES: u64 = 4 << 20;

/// So many bytes are worked on where the call runs: what that takes is less than a change of threads is worth.
const SMALL_BYTES: usize = 64 << 10;

/// Drops what has about so many bytes of memory; where no call runs, if they are many. Answers when it is gone.
pub(super) async fn drop_aside<T: Send + 'static>(bytes: u64, value: T) {
    if bytes < LARGE_BYTES {
        drop(value);
        return;
    }
    // Where the host ends meanwhile, it is dropped all the same.
    let _ = tokio::task::spawn_blocking(move || drop(value)).await;
}

/// The turns of all that is too long to be done where a call runs.
pub(super) fn workbench() -> Arc<Turns> {
    Turns::new((processors() / 2).max(1))
}

impl Program {
    /// Does `work` on `bytes` bytes that the guest of a call of this scope handed over.
    ///
    /// # Errors
    ///
    /// [`CallError::CpuTime`] if the call has computed for longer than it may by the end of it, and those of its deadline.
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

    /// Does `work` on `bytes` bytes that are for no call yet, such as a request's.
    ///
    /// # Errors
    ///
    /// [`CallError::Sandbox`] where the host ends meanwhile.
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
            // Held to the end of the work, also where nobody waits for it any more.
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

    /// Says on which thread it is dropped.
    struct WatchedMemory(mpsc::Sender<ThreadId>);

    impl Drop for WatchedMemory {
        fn drop(&mut self) {
            let _ = self.0.send(thread::current().id());
        }
    }

    #[tokio::test]
    async fn much_memory_is_given_back_where_no_call_runs() {
        for (bytes, is_here) in [(LARGE_BYTES - 1, true), (LARGE_BYTES, false)] {
            let (told, thread) = mpsc::channel();
            drop_aside(bytes, WatchedMemory(told)).await;
            let dropped_on = thread.try_recv().unwrap();
            assert_eq!(dropped_on == thread::current().id(), is_here, "{bytes}");
        }
    }
}
