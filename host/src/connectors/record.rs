//! What is known of a component that was loaded, or could not be.

use std::time::Duration;

use tokio::time::Instant;

use super::load::LoadAttempt;
use super::seen::SeenFiles;
use crate::report;

/// When a load is tried again that failed for a reason that may pass: at first after this, then each time after twice as
/// long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// When files are asked again that did not answer. To ask costs little while they still hang.
const SILENT_PAUSE: Duration = Duration::from_secs(2);

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
            } else if error.is_silence() {
                Some(SILENT_PAUSE)
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::error::LoadFault;
    use super::*;
    use crate::config::{FileStamp, NoAnswer};

    const INTERVAL: Duration = Duration::from_secs(10);

    fn silent() -> LoadAttempt {
        let path = Path::new("beers.wasm").to_owned();
        LoadAttempt::failed(Path::new("beers.wasm"), NoAnswer::Still { path }.into())
    }

    fn broken() -> LoadAttempt {
        LoadAttempt::failed(Path::new("beers.wasm"), LoadFault::Interrupted)
    }

    fn seen(path: &str) -> SeenFiles {
        SeenFiles::alone([path, "/nowhere"].map(|path| FileStamp::of(Path::new(path))))
    }

    #[tokio::test(start_paused = true)]
    async fn failure_that_may_pass_is_tried_again_at_growing_intervals_and_told_once() {
        let (mut record, mut is_known) = LoadRecord::of(&broken(), None);
        let mut pauses = Vec::new();
        for _ in 0..12 {
            let pause = record.retry_in(INTERVAL).expect("it is tried again");
            assert!(!record.is_out_of_date(&seen("/"), INTERVAL), "not yet");
            tokio::time::advance(pause).await;
            assert!(record.is_out_of_date(&seen("/"), INTERVAL));
            pauses.push((pause.as_secs(), is_known));
            (record, is_known) = LoadRecord::of(&broken(), Some(&record));
        }
        assert_eq!(pauses[..4], [(1, false), (2, true), (4, true), (8, true)]);
        assert_eq!(pauses[10..], [(300, true), (300, true)]);
    }

    #[tokio::test(start_paused = true)]
    async fn files_that_do_not_answer_are_asked_again_soon() {
        let (record, _) = LoadRecord::of(&silent(), None);
        let (record, is_known) = LoadRecord::of(&silent(), Some(&record));
        assert_eq!(
            (record.retry_in(INTERVAL), is_known),
            (Some(SILENT_PAUSE), true)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn failure_that_stays_is_tried_again_only_once_something_has_changed() {
        let fault = LoadFault::TrialTimeout { limit: INTERVAL };
        let mut attempt = LoadAttempt::failed(Path::new("beers.wasm"), fault);
        attempt.seen = Some(seen("/"));
        let (record, _) = LoadRecord::of(&attempt, None);
        tokio::time::advance(LONGEST_PAUSE * 2).await;
        assert!(!record.is_out_of_date(&seen("/"), INTERVAL));
        assert!(record.is_out_of_date(&seen("/proc"), INTERVAL));
    }
}
