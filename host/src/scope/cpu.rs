//! How long a call has computed, by the processor clock of the threads that polled it.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// How long a poll may compute, as the epochs of wasm have it.
const SLICE_NANOSECONDS: u64 = 10_000_000;

/// Stands for the begin of a poll while there is none.
const NO_POLL: u64 = 0;

/// The guest computed for longer than its `cpu-time`. Raised in the epoch callback, so it ends the call as a trap.
#[derive(Debug, thiserror::Error)]
#[error("the call used up its processor time")]
pub(crate) struct CpuTimeError;

/// The processor time that one call has used, and may use.
///
/// Waiting costs nothing: only the time inside a poll counts, and only what the thread really ran, so a busy machine
/// doesn't shorten anyone's limit.
#[derive(Debug)]
pub(crate) struct CpuClock {
    limit: Duration,
    /// Nanoseconds of all finished polls.
    used: AtomicU64,
    /// The thread's clock when the poll under way began, or [`NO_POLL`].
    poll_began: AtomicU64,
    /// Whether the call was interrupted since that was last asked.
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

    /// Notes that the epoch interrupts the call, and that its poll ends here, though it waits for nothing.
    ///
    /// # Errors
    ///
    /// [`CpuTimeError`] once the call has computed for longer than it may. The epoch callback runs inside a poll, on
    /// the thread whose clock is read.
    pub(crate) fn interrupt(&self) -> Result<(), CpuTimeError> {
        let running = self.running_nanoseconds();
        let used = self.used.load(Ordering::Relaxed).saturating_add(running);
        if Duration::from_nanos(used) > self.limit {
            return Err(CpuTimeError);
        }
        self.interrupted.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Asks whether the call may go on, between polls.
    ///
    /// # Errors
    ///
    /// [`CpuTimeError`] once it has computed for longer than it may.
    pub(crate) fn check(&self) -> Result<(), CpuTimeError> {
        if self.used() > self.limit {
            return Err(CpuTimeError);
        }
        Ok(())
    }

    /// Steps behind those who wait to compute, if the poll under way has taken its time: for host work that the guest
    /// waits for, which no epoch interrupts. Beside a poll, it takes one unit of the task's budget.
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

    /// For how long the poll under way has run.
    fn running_nanoseconds(&self) -> u64 {
        thread_nanoseconds().saturating_sub(self.poll_began.load(Ordering::Relaxed))
    }

    /// Whether the poll that has just ended was interrupted.
    pub(crate) fn take_interruption(&self) -> bool {
        self.interrupted.swap(false, Ordering::Relaxed)
    }

    /// The processor time of all finished polls.
    pub(crate) fn used(&self) -> Duration {
        Duration::from_nanos(self.used.load(Ordering::Relaxed))
    }

    /// Counts the time in which `poll` runs on this thread.
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
/// Takes so much of the thread's own processor clock. That stands still while the thread does not run, so that a busy
/// machine makes the tests longer and changes nothing else.
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
            "15 ms between polls are no poll's"
        );
        let second = clock.counting(|| {
            compute(Duration::from_millis(10));
            clock.interrupt()
        });
        assert!(second.is_err(), "15 and 10 ms are more than 20");
        assert!(clock.used() >= Duration::from_millis(25));
    }

    #[tokio::test]
    async fn host_work_steps_aside_once_its_poll_has_taken_its_time() {
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
