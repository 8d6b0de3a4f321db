//! How long a call has computed, by the processor clock of the threads that polled it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// The guest computed for longer than its `cpu-time`. Raised in the epoch callback, so it ends the call as a trap.
#[derive(Debug, thiserror::Error)]
#[error("the call used up its processor time")]
pub(super) struct CpuTimeExceeded;

/// The processor time that one call has used, and may use.
///
/// Waiting costs nothing: only the time inside a poll counts, and only what the thread really ran, so a busy machine
/// doesn't shorten anyone's limit.
#[derive(Debug)]
pub(super) struct CpuClock {
    limit: Duration,
    /// Nanoseconds of all finished polls.
    used: AtomicU64,
    /// The thread's clock when the poll under way began.
    poll_began: AtomicU64,
}

impl CpuClock {
    pub(super) fn new(limit: Duration) -> Arc<Self> {
        Arc::new(Self {
            limit,
            used: AtomicU64::new(0),
            poll_began: AtomicU64::new(0),
        })
    }

    /// Fails once the call has computed for longer than it may. To be asked from inside a poll: the epoch callback
    /// runs there, on the thread whose clock is read.
    pub(super) fn check(&self) -> Result<(), CpuTimeExceeded> {
        let running = thread_nanoseconds().saturating_sub(self.poll_began.load(Ordering::Relaxed));
        let used = self.used.load(Ordering::Relaxed).saturating_add(running);
        if Duration::from_nanos(used) > self.limit {
            return Err(CpuTimeExceeded);
        }
        Ok(())
    }

    /// The processor time of all finished polls.
    pub(super) fn used(&self) -> Duration {
        Duration::from_nanos(self.used.load(Ordering::Relaxed))
    }

    fn enter(&self) {
        self.poll_began
            .store(thread_nanoseconds(), Ordering::Relaxed);
    }

    fn leave(&self) {
        let spent = thread_nanoseconds().saturating_sub(self.poll_began.load(Ordering::Relaxed));
        self.used.fetch_add(spent, Ordering::Relaxed);
    }
}

fn thread_nanoseconds() -> u64 {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
    let nanoseconds = u64::try_from(now.tv_nsec).unwrap_or(0);
    seconds
        .saturating_mul(1_000_000_000)
        .saturating_add(nanoseconds)
}

/// A call whose polls are counted on a [`CpuClock`].
pub(super) struct Metered<F> {
    clock: Arc<CpuClock>,
    call: Pin<Box<F>>,
}

impl<F: Future> Metered<F> {
    pub(super) fn new(clock: Arc<CpuClock>, call: F) -> Self {
        Self {
            clock,
            call: Box::pin(call),
        }
    }
}

impl<F: Future> Future for Metered<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        self.clock.enter();
        let polled = self.call.as_mut().poll(context);
        self.clock.leave();
        polled
    }
}
