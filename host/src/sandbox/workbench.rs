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

/// So many bytes are worked on where the call runs: what that takes is less than a change of threads is worth.
const SMALL_BYTES: usize = 64 << 10;

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
