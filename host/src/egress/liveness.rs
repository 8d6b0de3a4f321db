//! What is known of a connection of HTTP/1 while it lives: whether a request is under way on it, how much of that was
//! taken, and how its origin closes connections that are idle.
//!
//! A request that can't be repeated must not go over a connection that the other side has closed, or is about to close:
//! if it breaks off then, nobody knows whether it was carried out. So such a request has idle connections looked at
//! before one is used, and an origin that was seen to close them soon gets it over a new one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

use super::closing_habit::{ClosingHabit, ReuseTrial};
use crate::lock::Mutex;

/// How many requests of one connector look for a connection that is alive for sure.
#[derive(Debug, Clone, Default)]
pub(super) struct IdleChecks(Arc<AtomicUsize>);

/// For as long as this lives, idle connections are looked at before they are used.
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

/// One connection, as it is seen by who writes and reads on it, and by who waits for the answers.
#[derive(Debug, Default)]
pub(super) struct ConnectionLife {
    /// Requests of which a byte was to be written.
    begun: AtomicU64,
    /// Whether something came since the last one was begun.
    is_answering: AtomicBool,
    /// Answers that were read to their end. Never more than have come, and so as many as `begun` only if no request is
    /// under way.
    answered: AtomicU64,
    /// What was taken of the last request.
    taken_bytes: AtomicU64,
    /// The other side has said that it will close.
    is_last: AtomicBool,
    has_ended: AtomicBool,
    is_gone: AtomicBool,
    going: Notify,
    /// Of the last head, if the parser leaves it out, in the form in which it can be followed.
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

    /// A request is to be written.
    pub(super) fn begin(&self) {
        self.taken_bytes.store(0, Ordering::SeqCst);
        self.is_answering.store(false, Ordering::SeqCst);
        self.begun.fetch_add(1, Ordering::SeqCst);
    }

    /// So many bytes of it were taken.
    pub(super) fn took(&self, bytes: usize) {
        self.taken_bytes.fetch_add(bytes as u64, Ordering::SeqCst);
    }

    /// Something came.
    pub(super) fn read(&self) {
        if !self.is_answering.load(Ordering::Relaxed) {
            self.is_answering.store(true, Ordering::SeqCst);
        }
    }

    /// The last answer says that no other one comes.
    pub(super) fn is_announced_to_end(&self) {
        self.is_last.store(true, Ordering::SeqCst);
    }

    /// An answer was read to its end.
    pub(super) fn answered(&self) {
        let answered_before = self.answered.fetch_add(1, Ordering::SeqCst);
        if self.has_ended.load(Ordering::SeqCst) {
            self.saw_close(Duration::ZERO);
        } else if answered_before > 0 {
            self.habit.keeps();
        }
    }

    /// Whether it has answered all that it was asked.
    pub(super) fn is_idle(&self) -> bool {
        let begun = self.begun.load(Ordering::SeqCst);
        begun > 0 && begun == self.answered.load(Ordering::SeqCst)
    }

    /// Whether the last request was not its first one, and got nothing.
    pub(super) fn is_stale(&self) -> bool {
        self.is_used_again() && !self.is_answering.load(Ordering::SeqCst)
    }

    /// Whether it was given any request.
    pub(super) fn has_begun(&self) -> bool {
        self.begun.load(Ordering::SeqCst) > 0
    }

    fn is_used_again(&self) -> bool {
        self.begun.load(Ordering::SeqCst) > 1
    }

    /// Whether a request that got no answer here can't have been carried out: none of its bytes was taken.
    pub(super) fn took_nothing(&self) -> bool {
        self.is_idle() || self.taken_bytes.load(Ordering::SeqCst) == 0
    }

    /// The last head has this `Location`, which the parser leaves out.
    pub(super) fn keep_location(&self, location: String) {
        *self.location.lock() = Some(location);
    }

    /// The `Location` of the last head, if the parser left it out.
    pub(super) fn take_location(&self) -> Option<String> {
        self.location.lock().take()
    }

    /// It is closed, which may be seen before its last answer is read to its end.
    pub(super) fn end(&self) {
        self.has_ended.store(true, Ordering::SeqCst);
    }

    /// It is no more: the client has dropped it.
    pub(super) fn leave(&self) {
        self.is_gone.store(true, Ordering::SeqCst);
        self.going.notify_waiters();
    }

    /// Waits until it is no more.
    pub(super) async fn gone(&self) {
        let going = self.going.notified();
        if !self.is_gone.load(Ordering::SeqCst) {
            going.await;
        }
    }

    /// It was closed so long after its last answer.
    pub(super) fn saw_close(&self, after: Duration) {
        if !self.is_last.load(Ordering::SeqCst) {
            self.habit.saw(after);
        }
    }

    /// Whether it may be closed by the time that a request arrives, which could be sent again.
    pub(super) fn is_dying(&self) -> bool {
        self.habit.closes_at_once()
    }

    /// The same of a request that can't be sent again, though so far it may be the one that finds out.
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
        // The answer has come, but whoever reads it is late.
        life.begin();
        life.answered();
        assert!(!life.is_idle());
        life.answered();
        assert!(life.is_idle());
    }

    #[tokio::test]
    async fn only_a_close_without_a_word_is_a_habit() {
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
