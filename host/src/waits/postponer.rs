//! Whether a long wait ends a call, so that its page begins again afterwards instead of occupying a sandbox.

use std::time::Duration;

use tokio::sync::Notify;

use super::{Wait, WaitReason};
use crate::lock::Mutex;

/// The longest wait inside a call whose page could begin again. A shorter one costs less than another instance,
/// another request from Weld and the repeated calls.
const LONGEST_INSIDE: Duration = Duration::from_secs(5);

/// The longest wait for a quota inside a call that has already made calls. Repeating them would use up the same
/// quota, so only a longer wait is worth it.
const LONGEST_FOR_A_QUOTA: Duration = Duration::from_secs(60);

/// Why a call has ended without a result: its page begins again after this wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Postponement {
    /// What the page waits for. The end of this wait is known.
    pub(crate) wait: Wait,
    /// How long the wait is, from the moment of postponement.
    pub(crate) length: Duration,
    /// How many calls to APIs the page has made. It repeats them when it begins again.
    pub(crate) repeated_calls: u32,
}

/// Decides for one call which of its waits end it. A call that has sent anything other than GET and HEAD is never
/// postponed: its page must not begin again, since that would send the request twice.
#[derive(Debug, Default)]
pub(crate) struct Postponer {
    history: Mutex<CallHistory>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct CallHistory {
    /// `None` if the page must not begin again.
    longest: Option<Duration>,
    sent: u32,
    has_changed_anything: bool,
    postponement: Option<Postponement>,
}

/// Why a wait doesn't end its call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PostponementObstacle {
    #[error("it is short enough to wait within the page")]
    Short,
    #[error("a page begins again only once in a row, and a schema never")]
    Again,
    #[error("it is longer than what is left of `limits.max-wait`")]
    MaxWait,
    #[error("the page has sent a request other than GET and HEAD")]
    Change,
    #[error("the repeated calls would use up the same quota")]
    SameQuota,
}

impl CallHistory {
    fn obstacle(
        &self,
        reason: &WaitReason,
        length: Duration,
        tries: u32,
    ) -> Option<PostponementObstacle> {
        if length <= LONGEST_INSIDE {
            return Some(PostponementObstacle::Short);
        }
        let Some(longest) = self.longest else {
            return Some(PostponementObstacle::Again);
        };
        if length > longest {
            return Some(PostponementObstacle::MaxWait);
        }
        if self.postponement.is_some() {
            return None;
        }
        if self.has_changed_anything {
            return Some(PostponementObstacle::Change);
        }
        let spends_what_it_waits_for =
            matches!(reason, WaitReason::Budget { .. }) && self.sent > tries;
        (spends_what_it_waits_for && length <= LONGEST_FOR_A_QUOTA)
            .then_some(PostponementObstacle::SameQuota)
    }
}

impl Postponer {
    /// Lets waits up to this length postpone the call. None does if it is `None`, or before this is called.
    pub(crate) fn allow(&self, longest: Option<Duration>) {
        self.history.lock().longest = longest;
    }

    /// Records a request that is about to be sent. False if the call has been postponed: then the request must not be
    /// sent. `is_safe` says that the request changes nothing at the API.
    pub(crate) fn sends(&self, is_safe: bool) -> bool {
        let mut history = self.history.lock();
        if history.postponement.is_some() {
            return false;
        }
        history.sent = history.sent.saturating_add(1);
        history.has_changed_anything |= !is_safe;
        true
    }

    /// Why a wait of this length would not end the call; `None` if it would. The parameters are those of
    /// [`Self::postpones`], which ends it.
    pub(crate) fn obstacle(
        &self,
        reason: &WaitReason,
        length: Duration,
        tries: u32,
    ) -> Option<PostponementObstacle> {
        self.history.lock().obstacle(reason, length, tries)
    }

    /// Whether a wait of this length ends the call; if so, the caller must stop. `tries` is the number of requests
    /// sent so far that were tries of the waiting request: they would be repeated in any case.
    pub(crate) fn postpones(&self, wait: &Wait, length: Duration, tries: u32) -> bool {
        let mut history = self.history.lock();
        if history.obstacle(&wait.reason, length, tries).is_some() {
            return false;
        }
        if history.postponement.is_some() {
            return true;
        }
        history.postponement = Some(Postponement {
            wait: wait.clone(),
            length,
            repeated_calls: history.sent.saturating_sub(tries),
        });
        drop(history);
        self.changed.notify_waiters();
        true
    }

    /// Waits until the call is postponed.
    pub(crate) async fn postponed(&self) -> Postponement {
        loop {
            // Registers before it looks, so that no change in between is missed.
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            if let Some(postponement) = self.postponement() {
                return postponement;
            }
            changed.await;
        }
    }

    fn postponement(&self) -> Option<Postponement> {
        self.history.lock().postponement.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::waits::{LastTry, QuotaSource};

    const SECOND: Duration = Duration::from_secs(1);

    fn retry() -> Wait {
        let origin = "https://api.example.com".into();
        let last = LastTry::Answered(429);
        Wait::lasting(WaitReason::Retry { origin, last }, SECOND)
    }

    fn quota() -> Wait {
        let name = "https://api.example.com".to_owned();
        let source = QuotaSource::Headers;
        Wait::lasting(WaitReason::Budget { name, source }, SECOND)
    }

    /// The postponer of a call that has sent this many GETs.
    fn after(sent: u32) -> Postponer {
        let postponer = Postponer::default();
        postponer.allow(Some(SECOND * 3600));
        for _ in 0..sent {
            assert!(postponer.sends(true));
        }
        postponer
    }

    #[test]
    fn waits_end_a_call_by_their_length_and_what_would_be_repeated() {
        for (wait, sent, tries, seconds, expected) in [
            (retry(), 1, 1, 5, false),
            (retry(), 1, 1, 6, true),
            (retry(), 9, 1, 6, true),
            (retry(), 9, 1, 3600, true),
            (retry(), 9, 1, 3601, false),
            (quota(), 0, 0, 5, false),
            (quota(), 0, 0, 6, true),
            (quota(), 1, 0, 6, false),
            (quota(), 1, 0, 60, false),
            (quota(), 1, 0, 61, true),
            // A token was refused, so the same request is sent once more.
            (quota(), 1, 1, 6, true),
        ] {
            let postponer = after(sent);
            let length = SECOND * seconds;
            let case = (sent, tries, seconds);
            assert_eq!(
                postponer.postpones(&wait, length, tries),
                expected,
                "{case:?}"
            );
            let postponed = postponer.postponement();
            let repeated = postponed.map(|postponement| postponement.repeated_calls);
            assert_eq!(repeated, expected.then(|| sent - tries), "{case:?}");
        }
    }

    #[test]
    fn call_that_must_not_begin_again_is_never_postponed() {
        let postponer = Postponer::default();
        assert!(!postponer.postpones(&retry(), SECOND * 60, 0));
    }

    #[test]
    fn call_that_changed_something_is_never_postponed() {
        let postponer = after(1);
        assert!(postponer.sends(false));
        assert!(postponer.sends(true));
        assert!(!postponer.postpones(&retry(), SECOND * 60, 1));
    }

    #[test]
    fn nothing_is_sent_once_a_call_is_postponed() {
        let postponer = after(1);
        assert!(postponer.postpones(&retry(), SECOND * 60, 1));
        for is_safe in [true, false] {
            assert!(!postponer.sends(is_safe));
        }
        assert!(postponer.postpones(&retry(), SECOND * 60, 1), "still");
    }
}
