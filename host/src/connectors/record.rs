//! What is known of a component that was loaded, or could not be.

use std::time::Duration;

use tokio::time::Instant;

use super::load::LoadAttempt;
use super::seen::SeenFiles;
use crate::report;

/// When a load is tried again that failed for a reason that may pass: at first after this, then each time after twice as
/// long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest time between two such tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(5 * 60);

/// A component as it was read.
#[derive(Debug)]
pub(super) struct LoadRecord {
    /// `None` if its files did not answer.
    pub(super) seen: Option<SeenFiles>,
    retry: Option<LoadRetry>,
}

/// A load that is to be tried again, though nothing has changed.
#[derive(Debug)]
struct LoadRetry {
    problem: String,
    since: Instant,
    /// `None` for a configuration: what it points to isn't known, so it is read again at every interval.
    pause: Option<Duration>,
}

impl LoadRecord {
    /// What `attempt` came to, and whether the same problem is known from `before`.
    pub(super) fn of(attempt: &LoadAttempt, before: Option<&Self>) -> (Self, bool) {
        let problem = attempt.report.outcome.as_ref().err();
        let before = before
            .filter(|before| before.seen == attempt.seen)
            .and_then(|before| before.retry.as_ref());
        let mut is_known = false;
        let retry = problem.and_then(|error| {
            let problem = report::chain(error);
            is_known = before.is_some_and(|before| before.problem == problem);
            let pause = if error.is_of_the_configuration() {
                None
            } else if error.may_pass() {
                let twice = before.and_then(|before| Some(before.pause? * 2));
                Some(twice.unwrap_or(FIRST_PAUSE).min(LONGEST_PAUSE))
            } else {
                return None;
            };
            Some(LoadRetry {
                problem,
                since: Instant::now(),
                pause,
            })
        });
        let seen = attempt.seen.clone();
        (Self { seen, retry }, is_known)
    }

    /// Whether it is to be loaded again, since it looks other than it did, or since its problem may have passed.
    pub(super) fn is_out_of_date(&self, now: &SeenFiles, interval: Duration) -> bool {
        let is_same = self.seen.as_ref().is_none_or(|seen| seen == now);
        !is_same || self.retry_in(interval) == Some(Duration::ZERO)
    }

    /// How long to wait before it is tried again, if it is at all.
    pub(super) fn retry_in(&self, interval: Duration) -> Option<Duration> {
        let retry = self.retry.as_ref()?;
        let pause = retry.pause.unwrap_or(interval);
        Some(pause.saturating_sub(retry.since.elapsed()))
    }
}
