//! The processor time of a call, by the processor clock of the threads that poll it.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// How long one poll may compute; the same as an epoch of wasm.
const SLICE_NANOSECONDS: u64 = 10_000_000;

/// The value of `poll_began` between polls.
const NO_POLL: u64 = 0;

/// The guest exceeded its `cpu-time`. Raised in the epoch callback, so it ends the call as a trap.
#[derive(Debug, thiserror::Error)]
#[error("the call used up its processor time")]
pub(crate) struct CpuTimeError;

/// The processor time that one call has used, and its limit.
///
/// Waiting doesn't count: only time inside a poll counts, and only while the thread really ran, so a busy machine
/// doesn't shorten a limit.
#[derive(Debug)]
pub(crate) struct CpuClock {
    limit: Duration,
    /// Nanoseconds of all finished polls.
    used: AtomicU64,
    /// The thread's clock at the beginning of the current poll, or [`NO_POLL`].
    poll_began: AtomicU64,
    /// Whether the call was interrupted since the last [`take_interruption`](Self::take_interruption).
    interrupted: AtomicBool,
}

impl CpuClock {
    pub(crate) fn new(limit: Duration) -> Arc<Self> {
        Arc::new(Self {
            limit,
            used: AtomicU64::new(0),
            poll_began: AtomicU64::new(NO_POLL),
            interrupted: AtomicBool::new(false),
        })
    }

    /// Records that the epoch interrupts the call, which ends its poll although it doesn't wait for anything.
    ///
    /// # Errors
    ///
    /// [`CpuTimeError`] if the call has exceeded its limit. The epoch callback runs inside a poll, on the thread whose
    /// clock is read.
    pub(crate) fn interrupt(&self) -> Result<(), CpuTimeError> {
        let running = self.running_nanoseconds();
        let used = self.used.load(Ordering::Relaxed).saturating_add(running);
        if Duration::from_nanos(used) > self.limit {
            return Err(CpuTimeError);
        }
        self.interrupted.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Checks between polls whether the call may continue.
    ///
    /// # Errors
    ///
    /// [`CpuTimeError`] if the call has exceeded its limit.
    pub(crate) fn check(&self) -> Result<(), CpuTimeError> {
        if self.used() > self.limit {
            return Err(CpuTimeError);
        }
        Ok(())
    }

    /// Lets other calls compute, if the current poll has used up its slice: for work of the host that the guest waits
    /// for, which epochs don't interrupt. Outside of a poll, it takes one unit of the task's budget.
    pub(crate) async fn take_turns(&self) {
        if self.poll_began.load(Ordering::Relaxed) == NO_POLL {
            return tokio::task::coop::consume_budget().await;
        }
        if self.running_nanoseconds() < SLICE_NANOSECONDS {
            return;
        }
        self.interrupted.store(true, Ordering::Relaxed);
        let mut is_interrupted = false;
        poll_fn(|context| {
            if std::mem::replace(&mut is_interrupted, true) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }

    /// The processor time of the current poll so far.
    fn running_nanoseconds(&self) -> u64 {
        thread_nanoseconds().saturating_sub(self.poll_began.load(Ordering::Relaxed))
    }

    /// Whether the poll that has just ended was interrupted; resets that.
    pub(crate) fn take_interruption(&self) -> bool {
        self.interrupted.swap(false, Ordering::Relaxed)
    }

    /// The processor time of all finished polls.
    pub(crate) fn used(&self) -> Duration {
        Duration::from_nanos(self.used.load(Ordering::Relaxed))
    }

    /// Runs `poll` on this thread, and counts its processor time.
    pub(crate) fn counting<R>(&self, poll: impl FnOnce() -> R) -> R {
        let began = thread_nanoseconds();
        self.poll_began.store(began, Ordering::Relaxed);
        let polled = poll();
        self.poll_began.store(NO_POLL, Ordering::Relaxed);
        let spent = thread_nanoseconds().saturating_sub(began);
        self.used.fetch_add(spent, Ordering::Relaxed);
        polled
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

#[cfg(test)]
/// Uses this much of the thread's own processor clock. It stops while the thread does not run, so a busy machine only
/// makes the tests take longer.
pub(super) fn compute(duration: Duration) {
    let began = thread_nanoseconds();
    while Duration::from_nanos(thread_nanoseconds() - began) < duration {}
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;

    #[test]
    fn computing_counts_over_all_polls_and_waiting_does_not() {
        let clock = CpuClock::new(Duration::from_millis(20));
        clock.counting(|| compute(Duration::from_millis(15)));
        compute(Duration::from_millis(15));
        assert!(
            clock.counting(|| clock.interrupt()).is_ok(),
            "15 ms between polls don't count"
        );
        let second = clock.counting(|| {
            compute(Duration::from_millis(10));
            clock.interrupt()
        });
        assert!(second.is_err(), "15 ms and 10 ms exceed 20 ms");
        assert!(clock.used() >= Duration::from_millis(25));
    }

    #[tokio::test]
    async fn host_work_yields_after_its_poll_has_used_up_its_slice() {
        let clock = CpuClock::new(Duration::from_secs(3600));
        let mut context = Context::from_waker(Waker::noop());
        for (work, steps_aside) in [(Duration::ZERO, false), (Duration::from_millis(11), true)] {
            let mut turn = pin!(clock.take_turns());
            let polled = clock.counting(|| {
                compute(work);
                turn.as_mut().poll(&mut context)
            });
            assert_eq!(polled.is_pending(), steps_aside, "{work:?}");
            assert_eq!(clock.take_interruption(), steps_aside, "{work:?}");
            if steps_aside {
                assert!(clock.counting(|| turn.poll(&mut context)).is_ready());
            }
        }
    }
}
