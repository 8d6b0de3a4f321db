//! What is known about a component that was loaded or failed to load.

use std::time::Duration;

use tokio::time::Instant;

use super::load::LoadAttempt;
use super::seen::SeenFiles;
use crate::report;

/// When to retry a load that failed for a reason that may pass. Each further pause is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// When to look again at files that did not respond. It costs little while they still hang.
const SILENT_PAUSE: Duration = Duration::from_secs(2);

/// The longest time between two such tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(5 * 60);

/// A component as it was read.
#[derive(Debug)]
pub(super) struct LoadRecord {
    /// `None` if its files did not respond.
    pub(super) seen: Option<SeenFiles>,
    retry: Option<LoadRetry>,
    /// The generation of the operator's bounds under which it last loaded; `None` if it never did.
    loaded_under: Option<u64>,
}

/// A load to be retried although nothing has changed.
#[derive(Debug)]
struct LoadRetry {
    problem: String,
    since: Instant,
    pause: RetryPause,
}

/// How long to wait before the retry.
#[derive(Debug, Clone, Copy)]
enum RetryPause {
    Time(Duration),
    /// A multiple of the time between two looks. This is for a configuration, which is retried only if the host looks
    /// for changes at intervals. A change of it or of a file that it names is noticed earlier.
    Looks(u32),
}

impl RetryPause {
    /// `interval` is the time between two looks.
    fn time(self, interval: Duration) -> Duration {
        match self {
            Self::Time(time) => time,
            Self::Looks(looks) => interval
                .saturating_mul(looks)
                .min(LONGEST_PAUSE.max(interval)),
        }
    }
}

impl LoadRecord {
    /// The record of `attempt`, and whether `before` already has the same problem.
    pub(super) fn of(attempt: &LoadAttempt, before: Option<&Self>) -> (Self, bool) {
        let problem = attempt.report.outcome.as_ref().err();
        let loaded_under = match problem {
            None => attempt.seen.as_ref().map(|seen| seen.bounds),
            Some(_) => before.and_then(|before| before.loaded_under),
        };
        let before = before
            .filter(|before| before.seen == attempt.seen)
            .and_then(|before| before.retry.as_ref());
        let mut is_known = false;
        let retry = problem.and_then(|error| {
            let problem = report::chain(error);
            is_known = before.is_some_and(|before| before.problem == problem);
            let before = before.map(|before| before.pause);
            let pause = if error.is_of_the_configuration() {
                match before {
                    Some(RetryPause::Looks(looks)) => RetryPause::Looks(looks.saturating_mul(2)),
                    _ => RetryPause::Looks(1),
                }
            } else if error.is_silence() {
                RetryPause::Time(SILENT_PAUSE)
            } else if error.may_pass() {
                match before {
                    Some(RetryPause::Time(time)) => RetryPause::Time((time * 2).min(LONGEST_PAUSE)),
                    _ => RetryPause::Time(FIRST_PAUSE),
                }
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
        let record = Self {
            seen,
            retry,
            loaded_under,
        };
        (record, is_known)
    }

    /// Whether the version that loaded last is within the operator's present bounds.
    pub(super) fn is_within_bounds(&self) -> bool {
        let now = self.seen.as_ref().map(|seen| seen.bounds);
        self.loaded_under == now
    }

    /// Whether it should be loaded again, because its files have changed or its problem may have passed.
    pub(super) fn is_out_of_date(&self, now: &SeenFiles, interval: Duration) -> bool {
        let is_same = self.seen.as_ref().is_none_or(|seen| seen == now);
        !is_same || self.retry_in(interval) == Some(Duration::ZERO)
    }

    /// How long to wait before the retry; `None` if there is none.
    pub(super) fn retry_in(&self, interval: Duration) -> Option<Duration> {
        let retry = self.retry.as_ref()?;
        let pause = retry.pause.time(interval);
        Some(pause.saturating_sub(retry.since.elapsed()))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::error::LoadFault;
    use super::*;
    use crate::config::{Ceilings, ConnectorConfig, FileStamp, NoAnswer};

    const INTERVAL: Duration = Duration::from_secs(10);

    fn silent() -> LoadAttempt {
        let path = Path::new("beers.wasm").to_owned();
        LoadAttempt::failed(Path::new("beers.wasm"), NoAnswer::Still { path }.into())
    }

    fn broken() -> LoadAttempt {
        LoadAttempt::failed(Path::new("beers.wasm"), LoadFault::Interrupted)
    }

    fn seen(path: &str) -> SeenFiles {
        SeenFiles::alone(
            [path, "/nowhere"].map(|path| FileStamp::of(Path::new(path))),
            0,
        )
    }

    #[tokio::test(start_paused = true)]
    async fn failure_that_may_pass_is_retried_at_growing_intervals_and_reported_once() {
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
    async fn configuration_that_stays_broken_is_read_again_at_growing_intervals() {
        let path = Path::new("beers.toml");
        let broken = || {
            let error = ConnectorConfig::parse("broken", path, &Ceilings::default());
            let fault = LoadFault::Config(error.expect_err("it is not TOML"));
            LoadAttempt::failed(Path::new("beers.wasm"), fault)
        };
        let (mut record, _) = LoadRecord::of(&broken(), None);
        let mut pauses = Vec::new();
        for _ in 0..40 {
            assert_eq!(
                record.retry_in(Duration::MAX),
                Some(Duration::MAX),
                "never if the host does not look for changes"
            );
            let pause = record.retry_in(INTERVAL).expect("it is read again");
            tokio::time::advance(pause).await;
            pauses.push(pause.as_secs());
            (record, _) = LoadRecord::of(&broken(), Some(&record));
        }
        assert_eq!(pauses[..6], [10, 20, 40, 80, 160, 300]);
        assert_eq!(pauses[6..], [300; 34]);
        let day = Duration::from_secs(24 * 60 * 60);
        assert_eq!(record.retry_in(day), Some(day), "not more often than looks");
    }

    #[tokio::test(start_paused = true)]
    async fn files_that_do_not_respond_are_read_again_soon() {
        let (record, _) = LoadRecord::of(&silent(), None);
        let (record, is_known) = LoadRecord::of(&silent(), Some(&record));
        assert_eq!(
            (record.retry_in(INTERVAL), is_known),
            (Some(SILENT_PAUSE), true)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn permanent_failure_is_retried_only_after_a_change() {
        let fault = LoadFault::TrialTimeout { limit: INTERVAL };
        let mut attempt = LoadAttempt::failed(Path::new("beers.wasm"), fault);
        attempt.seen = Some(seen("/"));
        let (record, _) = LoadRecord::of(&attempt, None);
        tokio::time::advance(LONGEST_PAUSE * 2).await;
        assert!(!record.is_out_of_date(&seen("/"), INTERVAL));
        assert!(record.is_out_of_date(&seen("/proc"), INTERVAL));
    }
}
