//! The words for failed requests that are sent again.

use std::time::Duration;

use crate::config::duration_text;
use crate::report;
use crate::sync::{Event, Summary, SyncFailure};

/// Before a longer wait, the cause is shown at once.
const LONG_WAIT: Duration = Duration::from_secs(10);

/// The failed requests of a sync. Each cause is shown once: before a long wait, when a retry has succeeded, or with the
/// error that ends the sync.
#[derive(Debug, Default)]
pub(super) struct RetryNotices {
    last: Option<FailedRequest>,
}

#[derive(Debug)]
struct FailedRequest {
    /// `None` for the schema.
    table: Option<String>,
    page: Option<u64>,
    cause: String,
    is_shown: bool,
}

impl FailedRequest {
    fn place(&self) -> String {
        match (&self.table, self.page) {
            (Some(table), Some(page)) => format!("{}, page {page}", report::escaped(table)),
            (Some(table), None) => report::escaped(table),
            (None, _) => "the schema".to_owned(),
        }
    }

    /// Whether the event shows that the request has succeeded. The page before may be stored meanwhile.
    fn has_passed(&self, event: &Event) -> bool {
        match event {
            Event::Tables(_) => self.table.is_none(),
            Event::Page { table, number, .. } => {
                self.table.as_ref() == Some(table) && self.page.is_some_and(|page| page <= *number)
            }
            Event::Waiting { table, .. } => self.table.as_ref() == Some(table),
            Event::TableBegan { .. }
            | Event::Retry { .. }
            | Event::Warning(_)
            | Event::LimitReached { .. }
            | Event::TableDone(_) => false,
        }
    }
}

impl RetryNotices {
    /// The lines to show for an event.
    pub(super) fn event(&mut self, event: &Event) -> Vec<String> {
        if let Event::Retry {
            table,
            page,
            next_try,
            wait,
            cause,
        } = event
        {
            let failed = FailedRequest {
                table: table.clone(),
                page: *page,
                cause: cause.clone(),
                is_shown: false,
            };
            return self.retry(failed, *next_try, *wait);
        }
        let passed = self.last.take_if(|failed| failed.has_passed(event));
        let untold = passed.filter(|failed| !failed.is_shown);
        let line = untold.map(|failed| {
            let cause = report::escaped(&failed.cause);
            format!("{}: a retry succeeded after: {cause}", failed.place())
        });
        line.into_iter().collect()
    }

    fn retry(&mut self, failed: FailedRequest, next_try: usize, wait: Duration) -> Vec<String> {
        let mut lines = Vec::new();
        let before = self.last.take();
        let is_same = before
            .as_ref()
            .is_some_and(|before| before.cause == failed.cause);
        lines.extend(before.as_ref().filter(|_| !is_same).and_then(cause_line));
        let is_shown = is_same && before.is_some_and(|before| before.is_shown);
        let next = format!("try {next_try} in {}", wait_text(wait));
        let place = failed.place();
        if wait >= LONG_WAIT && !is_shown {
            let cause = report::escaped(&failed.cause);
            lines.push(format!("{place}: {cause}; {next}"));
        } else {
            lines.push(format!("{place}: the request failed; {next}"));
        }
        self.last = Some(FailedRequest {
            is_shown: is_shown || wait >= LONG_WAIT,
            ..failed
        });
        lines
    }

    /// The line for a cause that was not shown yet, unless the sync's own error has it.
    pub(super) fn end(&mut self, ended: Result<&Summary, &SyncFailure>) -> Option<String> {
        let last = self.last.take()?;
        let is_final = ended.is_err_and(|failure| report::chain(&*failure.cause) == last.cause);
        if is_final { None } else { cause_line(&last) }
    }
}

fn cause_line(failed: &FailedRequest) -> Option<String> {
    let cause = report::escaped(&failed.cause);
    (!failed.is_shown).then(|| format!("{}: {cause}", failed.place()))
}

/// A wait, rounded up to whole seconds if it is longer than one.
pub(super) fn wait_text(wait: Duration) -> String {
    let seconds = wait.as_secs();
    duration_text(match wait.subsec_nanos() {
        0 => wait,
        _ if seconds > 0 => Duration::from_secs(seconds.saturating_add(1)),
        nanoseconds => Duration::from_millis(u64::from(nanoseconds.div_ceil(1_000_000))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::{Continuation, SyncError};

    fn retry(page: u64, next_try: usize, seconds: u64, cause: &str) -> Event {
        Event::Retry {
            table: Some("t".to_owned()),
            page: Some(page),
            next_try,
            wait: Duration::from_secs(seconds),
            cause: cause.to_owned(),
        }
    }

    fn stored(number: u64) -> Event {
        Event::Page {
            table: "t".to_owned(),
            number,
            rows: 1,
            upserts: None,
            bytes: 1,
            took: Duration::ZERO,
        }
    }

    fn shown(events: &[Event]) -> (RetryNotices, Vec<String>) {
        let mut notices = RetryNotices::default();
        let lines = events.iter().flat_map(|event| notices.event(event));
        let lines = lines.collect();
        (notices, lines)
    }

    #[test]
    fn the_cause_of_a_short_wait_is_shown_once_it_has_passed() {
        let (mut notices, lines) = shown(&[
            retry(3, 2, 1, "no tap"),
            retry(3, 3, 5, "no tap"),
            stored(2),
            stored(3),
            stored(4),
        ]);
        assert_eq!(
            lines,
            [
                "t, page 3: the request failed; try 2 in 1s",
                "t, page 3: the request failed; try 3 in 5s",
                "t, page 3: a retry succeeded after: no tap",
            ]
        );
        assert_eq!(notices.end(Ok(&Summary::default())), None);
    }

    #[test]
    fn the_cause_of_a_long_wait_is_shown_before_it() {
        let (mut notices, lines) = shown(&[
            retry(3, 2, 90, "no tap"),
            retry(3, 3, 90, "no tap"),
            stored(3),
        ]);
        assert_eq!(
            lines,
            [
                "t, page 3: no tap; try 2 in 1m 30s",
                "t, page 3: the request failed; try 3 in 1m 30s",
            ]
        );
        assert_eq!(notices.end(Ok(&Summary::default())), None);
    }

    #[test]
    fn a_cause_that_differs_from_the_final_one_is_shown() {
        let final_cause = SyncFailure {
            component: None,
            table: Some("t".to_owned()),
            page: Some(3),
            resumed: false,
            rows: 0,
            unreached: Vec::new(),
            continuation: Continuation::SameCommand,
            cause: Box::new(SyncError::NoTables),
        };
        let no_tables = SyncError::NoTables.to_string();
        let failed = [retry(3, 2, 1, "no tap"), retry(3, 3, 5, &no_tables)];
        let (mut notices, lines) = shown(&failed);
        assert_eq!(
            lines[1..],
            [
                "t, page 3: no tap",
                "t, page 3: the request failed; try 3 in 5s"
            ]
        );
        assert_eq!(notices.end(Err(&final_cause)), None);

        let (mut notices, _) = shown(&failed[..1]);
        assert_eq!(
            notices.end(Err(&final_cause)).as_deref(),
            Some("t, page 3: no tap")
        );
        let (mut notices, _) = shown(&failed[..1]);
        assert_eq!(
            notices.end(Ok(&Summary::default())).as_deref(),
            Some("t, page 3: no tap")
        );
    }

    #[test]
    fn waits_are_rounded_up() {
        for (nanoseconds, expected) in [
            (0, "0s"),
            (1, "1ms"),
            (400_000_001, "401ms"),
            (1_000_000_000, "1s"),
            (3_599_100_000_000, "1h"),
        ] {
            assert_eq!(wait_text(Duration::from_nanos(nanoseconds)), expected);
        }
    }
}
