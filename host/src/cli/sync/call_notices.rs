//! The words for calls to APIs that failed without the connector saying so.

use std::collections::BTreeSet;

use crate::cli::check::LogCapture;
use crate::report;
use crate::sync::{Event, Summary, SyncFailure};

/// How many causes are shown at most.
const MOST_CAUSES: usize = 20;

/// The failed calls of a sync that no answer mentions. Each cause is shown once: when its table is done, or at the end.
/// Calls whose cause a retry or the sync's error shows are left out, and so are those to an API that was reached later.
#[derive(Debug, Default)]
pub(in crate::cli) struct CallNotices {
    /// `None` if the log shows the calls.
    log: Option<LogCapture>,
    shown: BTreeSet<String>,
}

impl CallNotices {
    pub(in crate::cli) fn of(log: Option<LogCapture>) -> Self {
        Self {
            log,
            shown: BTreeSet::new(),
        }
    }

    /// The lines to show for an event.
    pub(super) fn event(&mut self, event: &Event) -> Vec<String> {
        match event {
            Event::Retry { cause, .. } => {
                self.forget(cause);
                Vec::new()
            }
            // No page is requested meanwhile, whose error could still tell.
            Event::TableDone(_) => self.lines(),
            Event::Tables(_)
            | Event::TableBegan { .. }
            | Event::Page { .. }
            | Event::Waiting { .. }
            | Event::Warning(_)
            | Event::LimitReached { .. } => Vec::new(),
        }
    }

    /// The lines to show at the end.
    pub(super) fn end(&mut self, ended: Result<&Summary, &SyncFailure>) -> Vec<String> {
        if let Err(failure) = ended {
            self.forget(&report::chain(&*failure.cause));
        }
        self.lines()
    }

    fn forget(&self, told: &str) {
        if let Some(log) = &self.log {
            log.forget_calls(told);
        }
    }

    fn lines(&mut self) -> Vec<String> {
        let calls = self.log.iter().flat_map(LogCapture::take_failed_calls);
        let mut lines = Vec::new();
        for call in calls {
            if self.shown.len() < MOST_CAUSES && self.shown.insert(call.cause.clone()) {
                let cause = report::escaped(&call.cause);
                lines.push(format!(
                    "warning: a call failed, and the connector did not report it: {cause}"
                ));
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tracing_subscriber::Layer;
    use tracing_subscriber::prelude::*;

    use super::*;
    use crate::sync::{Continuation, SyncError, TableSummary};

    const CALLS: &str = "weld_host::egress::record";

    fn failed(origin: &str, cause: &str) {
        tracing::warn!(target: CALLS, origin, outcome = "failed", cause, "upstream call failed");
    }

    fn done() -> Event {
        Event::TableDone(TableSummary::default())
    }

    fn retry(cause: &str) -> Event {
        Event::Retry {
            table: Some("t".to_owned()),
            page: Some(1),
            next_try: 2,
            wait: Duration::from_secs(1),
            cause: cause.to_owned(),
        }
    }

    /// Runs `test` with the notices of a log that captures calls.
    fn with_notices(test: impl FnOnce(CallNotices)) {
        let capture = LogCapture::of_calls();
        let filter = capture.filter();
        let subscriber = tracing_subscriber::registry().with(capture.clone().with_filter(filter));
        let notices = CallNotices::of(Some(capture));
        tracing::subscriber::with_default(subscriber, || test(notices));
    }

    #[test]
    fn each_cause_that_nobody_tells_is_shown_once() {
        with_notices(|mut notices| {
            for _ in 0..9 {
                failed("http://a", "the request to http://a failed: refused");
            }
            failed("http://b", "the request to http://b failed: reset\u{1b}[2J");
            assert_eq!(
                notices.event(&done()),
                [
                    "warning: a call failed, and the connector did not report it: the request to http://a failed: refused",
                    "warning: a call failed, and the connector did not report it: the request to http://b failed: \
                     reset\\u{1b}[2J",
                ]
            );
            failed("http://a", "the request to http://a failed: refused");
            assert_eq!(notices.event(&done()), [""; 0]);
            assert_eq!(notices.end(Ok(&Summary::default())), [""; 0]);
        });
    }

    #[test]
    fn causes_that_others_show_and_calls_that_succeed_later_are_left_out() {
        with_notices(|mut notices| {
            failed("http://a", "no rule allows http://a; add a line");
            notices.event(&retry("GET http://a: no rule allows http://a"));
            failed("http://b", "http://b refused the connection");
            tracing::info!(target: CALLS, origin = "http://b", outcome = "2xx", "upstream call");
            assert_eq!(notices.event(&done()), [""; 0]);
            failed("http://c", "http://c refused the connection");
            failed("http://d", "http://d refused the connection");
            let failure = SyncFailure {
                component: None,
                table: None,
                page: None,
                resumed: false,
                rows: 0,
                unreached: Vec::new(),
                continuation: Continuation::SameCommand,
                cause: Box::new(SyncError::Url("http://c refused the connection".to_owned())),
            };
            let lines = notices.end(Err(&failure));
            assert_eq!(lines.len(), 1, "{lines:?}");
            assert!(lines[0].contains("http://d"), "{lines:?}");
        });
    }

    #[test]
    fn number_of_causes_is_limited() {
        with_notices(|mut notices| {
            for number in 0..10_000 {
                failed("http://a", &format!("cause {number}"));
            }
            assert_eq!(notices.event(&done()).len(), MOST_CAUSES);
        });
    }
}
