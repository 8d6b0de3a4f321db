//! Whether, and for how long, an origin was seen to keep its connections for another request.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::lock::Mutex;

/// An origin that closes a connection this soon after an answer is taken to close one after each answer, unannounced.
const AT_ONCE: Duration = Duration::from_millis(500);

/// How long an unannounced close of an idle connection is remembered. A server that restarts closes its connections
/// once, too.
const REMEMBERED: Duration = Duration::from_secs(60);

/// How an origin closes idle connections without announcing it.
#[derive(Debug, Default)]
pub(super) struct ClosingHabit {
    last: Mutex<Option<SilentClose>>,
    /// Whether there is a last close. Usually there is none, so that no request waits for the lock.
    has_last: AtomicBool,
    /// Whether a reused connection was answered.
    keeps: AtomicBool,
    is_tried: AtomicBool,
}

#[derive(Debug, Clone, Copy)]
struct SilentClose {
    /// The time since its last answer.
    after: Duration,
    seen: Instant,
}

/// The right to reuse a connection while it is unknown whether the origin keeps any. Only one connection has it at a
/// time, so that at most one request is lost.
#[derive(Debug)]
pub(super) struct ReuseTrial(Arc<ClosingHabit>);

impl Drop for ReuseTrial {
    fn drop(&mut self) {
        self.0.is_tried.store(false, Ordering::SeqCst);
    }
}

impl ClosingHabit {
    /// Notes that a connection was closed this long after its last answer.
    pub(super) fn saw(&self, after: Duration) {
        let seen = Instant::now();
        let mut last = self.last.lock();
        if last.is_none_or(|last| after <= last.after || last.is_over(seen)) {
            *last = Some(SilentClose { after, seen });
            self.has_last.store(true, Ordering::SeqCst);
        }
        if after < AT_ONCE {
            self.keeps.store(false, Ordering::SeqCst);
        }
    }

    /// Notes that a reused connection was answered.
    pub(super) fn keeps(&self) {
        if !self.keeps.load(Ordering::Relaxed) {
            self.keeps.store(true, Ordering::SeqCst);
        }
    }

    /// Whether connections are closed after each answer.
    pub(super) fn closes_at_once(&self) -> bool {
        self.last().is_some_and(|last| last.after < AT_ONCE)
    }

    /// Whether a connection that has been idle for this long may be closed by the time a request arrives. `trial`
    /// belongs to that connection.
    pub(super) fn threatens(
        self: &Arc<Self>,
        idle: Duration,
        trial: &mut Option<ReuseTrial>,
    ) -> bool {
        if let Some(last) = self.last() {
            return last.after < AT_ONCE || idle > last.after / 2;
        }
        if self.keeps.load(Ordering::SeqCst) || idle > AT_ONCE || trial.is_some() {
            return false;
        }
        if self.is_tried.swap(true, Ordering::SeqCst) {
            return true;
        }
        *trial = Some(ReuseTrial(self.clone()));
        false
    }

    /// Whether there is anything worth remembering.
    pub(super) fn is_known(&self) -> bool {
        self.last().is_some()
    }

    fn last(&self) -> Option<SilentClose> {
        if !self.has_last.load(Ordering::Acquire) {
            return None;
        }
        let mut last = self.last.lock();
        *last = last.filter(|last| !last.is_over(Instant::now()));
        self.has_last.store(last.is_some(), Ordering::SeqCst);
        *last
    }
}

impl SilentClose {
    fn is_over(&self, now: Instant) -> bool {
        now.duration_since(self.seen) > REMEMBERED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn milliseconds(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    /// For a connection that has no trial yet.
    fn threatens(habit: &Arc<ClosingHabit>, idle: u64) -> bool {
        habit.threatens(milliseconds(idle), &mut None)
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_is_reused_for_half_the_time_after_which_one_was_closed() {
        let habit = Arc::new(ClosingHabit::default());
        assert!(!threatens(&habit, 29_000), "nothing is known");
        habit.saw(milliseconds(5000));
        habit.saw(milliseconds(7000));
        assert!(!threatens(&habit, 2400));
        assert!(threatens(&habit, 2600) && !habit.closes_at_once());
        habit.saw(milliseconds(3));
        assert!(threatens(&habit, 0) && habit.closes_at_once());
        tokio::time::advance(milliseconds(59_000)).await;
        assert!(threatens(&habit, 0) && habit.is_known());
        tokio::time::advance(milliseconds(2000)).await;
        assert!(!threatens(&habit, 0), "the close is too long ago");
        assert!(!habit.is_known());
    }

    #[tokio::test]
    async fn only_one_request_finds_out_whether_connections_are_kept() {
        let habit = Arc::new(ClosingHabit::default());
        let mut first = None;
        assert!(!habit.threatens(Duration::ZERO, &mut first));
        assert!(
            !habit.threatens(Duration::ZERO, &mut first),
            "the trial is its own"
        );
        assert!(threatens(&habit, 0), "another request is trying it");
        assert!(!threatens(&habit, 600), "this one has been kept");
        drop(first);
        assert!(!threatens(&habit, 0), "the trial had no result");
        let mut second = None;
        assert!(!habit.threatens(Duration::ZERO, &mut second));
        habit.keeps();
        assert!(!threatens(&habit, 0));
        habit.saw(milliseconds(1));
        assert!(threatens(&habit, 0));
    }
}
