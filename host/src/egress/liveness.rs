//! What is known of an HTTP/1 connection while it lives: whether a request is under way, how much of the request was
//! accepted, and how its origin closes idle connections.
//!
//! A request that can't be repeated must not use a connection that the other side has closed, or is about to close:
//! if the connection breaks, it is unknown whether the request was carried out. So idle connections are checked
//! before such a request uses one, and an origin that was seen to close them soon gets the request over a new one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

use super::closing_habit::{ClosingHabit, ReuseTrial};
use crate::lock::Mutex;

/// How many requests of one connector need a connection that is certainly alive.
#[derive(Debug, Clone, Default)]
pub(super) struct IdleChecks(Arc<AtomicUsize>);

/// While this exists, idle connections are checked before they are used.
#[derive(Debug)]
pub(super) struct IdleCheck(Arc<AtomicUsize>);

impl IdleChecks {
    pub(super) fn begin(&self) -> IdleCheck {
        self.0.fetch_add(1, Ordering::SeqCst);
        IdleCheck(self.0.clone())
    }

    pub(super) fn are_wanted(&self) -> bool {
        self.0.load(Ordering::SeqCst) > 0
    }
}

impl Drop for IdleCheck {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The state of one connection, shared by its reader, its writer and the callers that wait for answers.
#[derive(Debug, Default)]
pub(super) struct ConnectionLife {
    /// Requests of which at least one byte was about to be written.
    begun: AtomicU64,
    /// Whether anything was received since the last one began.
    is_answering: AtomicBool,
    /// Answers that were read to their end. Never more than have arrived, so it equals `begun` only if no request is
    /// under way.
    answered: AtomicU64,
    /// Bytes of the last request that were accepted.
    taken_bytes: AtomicU64,
    /// Whether the other side has announced that it will close.
    is_last: AtomicBool,
    has_ended: AtomicBool,
    is_gone: AtomicBool,
    going: Notify,
    /// The `Location` of the last head if the parser leaves it out, in a form that can be followed.
    location: Mutex<Option<String>>,
    habit: Arc<ClosingHabit>,
}

impl ConnectionLife {
    pub(super) fn new(habit: Arc<ClosingHabit>) -> Self {
        Self {
            habit,
            ..Self::default()
        }
    }

    /// Notes that a request is about to be written.
    pub(super) fn begin(&self) {
        self.taken_bytes.store(0, Ordering::SeqCst);
        self.is_answering.store(false, Ordering::SeqCst);
        self.begun.fetch_add(1, Ordering::SeqCst);
    }

    /// Notes that this many bytes of the request were accepted.
    pub(super) fn took(&self, bytes: usize) {
        self.taken_bytes.fetch_add(bytes as u64, Ordering::SeqCst);
    }

    /// Notes that something was received.
    pub(super) fn read(&self) {
        if !self.is_answering.load(Ordering::Relaxed) {
            self.is_answering.store(true, Ordering::SeqCst);
        }
    }

    /// Notes that the last answer announced that no other one follows.
    pub(super) fn is_announced_to_end(&self) {
        self.is_last.store(true, Ordering::SeqCst);
    }

    /// Notes that an answer was read to its end.
    pub(super) fn answered(&self) {
        let answered_before = self.answered.fetch_add(1, Ordering::SeqCst);
        if self.has_ended.load(Ordering::SeqCst) {
            self.saw_close(Duration::ZERO);
        } else if answered_before > 0 {
            self.habit.keeps();
        }
    }

    /// Whether all requests have been answered.
    pub(super) fn is_idle(&self) -> bool {
        let begun = self.begun.load(Ordering::SeqCst);
        begun > 0 && begun == self.answered.load(Ordering::SeqCst)
    }

    /// Whether the last request was not the first one, and received nothing.
    pub(super) fn is_stale(&self) -> bool {
        self.is_used_again() && !self.is_answering.load(Ordering::SeqCst)
    }

    /// Whether any request has begun.
    pub(super) fn has_begun(&self) -> bool {
        self.begun.load(Ordering::SeqCst) > 0
    }

    fn is_used_again(&self) -> bool {
        self.begun.load(Ordering::SeqCst) > 1
    }

    /// Whether an unanswered request can't have been carried out: none of its bytes was accepted.
    pub(super) fn took_nothing(&self) -> bool {
        self.is_idle() || self.taken_bytes.load(Ordering::SeqCst) == 0
    }

    /// Keeps the `Location` of the last head, which the parser leaves out.
    pub(super) fn keep_location(&self, location: String) {
        *self.location.lock() = Some(location);
    }

    /// Takes the `Location` of the last head, if the parser left it out.
    pub(super) fn take_location(&self) -> Option<String> {
        self.location.lock().take()
    }

    /// Notes that the connection is closed, which may be seen before its last answer is read to its end.
    pub(super) fn end(&self) {
        self.has_ended.store(true, Ordering::SeqCst);
    }

    /// Notes that the client has dropped the connection.
    pub(super) fn leave(&self) {
        self.is_gone.store(true, Ordering::SeqCst);
        self.going.notify_waiters();
    }

    /// Waits until the client has dropped the connection.
    pub(super) async fn gone(&self) {
        let going = self.going.notified();
        if !self.is_gone.load(Ordering::SeqCst) {
            going.await;
        }
    }

    /// Notes that the connection was closed this long after its last answer.
    pub(super) fn saw_close(&self, after: Duration) {
        if !self.is_last.load(Ordering::SeqCst) {
            self.habit.saw(after);
        }
    }

    /// Whether the connection may be closed by the time a repeatable request arrives.
    pub(super) fn is_dying(&self) -> bool {
        self.habit.closes_at_once()
    }

    /// As [`Self::is_dying`] for a request that can't be repeated, although it may be the one that finds out.
    pub(super) fn is_threatened(&self, idle: Duration, trial: &mut Option<ReuseTrial>) -> bool {
        self.habit.threatens(idle, trial)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_idle_once_all_answers_are_read() {
        let life = ConnectionLife::default();
        assert!(!life.is_idle(), "it is new");
        life.begin();
        assert!(!life.is_idle() && life.took_nothing());
        life.took(1);
        assert!(!life.took_nothing());
        // The answer has arrived, but its reader is late.
        life.begin();
        life.answered();
        assert!(!life.is_idle());
        life.answered();
        assert!(life.is_idle());
    }

    #[tokio::test]
    async fn only_an_unannounced_close_is_a_habit() {
        for (announces, expected) in [(false, true), (true, false)] {
            let habit = Arc::new(ClosingHabit::default());
            let life = ConnectionLife::new(habit.clone());
            life.begin();
            if announces {
                life.is_announced_to_end();
            }
            life.end();
            life.answered();
            assert_eq!(habit.is_known(), expected);
        }
    }
}
