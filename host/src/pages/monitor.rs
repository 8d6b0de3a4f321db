//! The running calls, as the operator sees them.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::make::PageMaker;
use crate::report;
use crate::waits::{Wait, WaitReason};

/// How many reasons to wait are listed for each connector. They name origins, of which a connector may call many.
const MAX_REASONS: usize = 20;

/// How much of a reason is listed.
const MAX_REASON_BYTES: usize = 300;

/// Shows the running calls. It never waits for one. Clones show the same.
#[derive(Clone)]
pub struct CallMonitor(Arc<PageMaker>);

/// The running calls of a connector.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct CallsUnderWay {
    /// Calls that have a sandbox and compute.
    pub(crate) running: u64,
    /// Calls that have a sandbox and wait for something.
    pub(crate) waiting: u64,
    /// Calls that wait for a sandbox.
    pub(crate) queued: u64,
    /// Requests that are held until the time in their state, before they become calls.
    pub(crate) held: u64,
    /// What calls and held requests wait for, by its text, at most [`MAX_REASONS`].
    pub(crate) waits: BTreeMap<String, WaitCount>,
}

/// The calls that wait for one thing.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WaitCount {
    pub(crate) calls: u64,
    /// When the first of them ends, if that is known.
    pub(crate) until: Option<Timestamp>,
}

impl CallMonitor {
    pub(super) fn new(maker: Arc<PageMaker>) -> Self {
        Self(maker)
    }

    /// The running calls for pages and schemas and the held requests, by connector. A connector without any is left
    /// out.
    pub(crate) fn calls(&self) -> BTreeMap<String, CallsUnderWay> {
        let mut calls = BTreeMap::<String, CallsUnderWay>::new();
        let running = [self.0.pages.running(), self.0.schemas.running()].concat();
        for waits in running {
            of(&mut calls, waits.connector()).note(waits.current());
        }
        for (connector, wait) in self.0.held.waits() {
            of(&mut calls, connector.as_str()).note_held(&wait);
        }
        calls
    }
}

fn of<'c>(
    calls: &'c mut BTreeMap<String, CallsUnderWay>,
    connector: &str,
) -> &'c mut CallsUnderWay {
    calls.entry(connector.to_owned()).or_default()
}

impl CallsUnderWay {
    fn note(&mut self, wait: Option<Wait>) {
        let Some(wait) = wait else {
            self.running = self.running.saturating_add(1);
            return;
        };
        if wait.reason == WaitReason::Sandbox {
            self.queued = self.queued.saturating_add(1);
        } else {
            self.waiting = self.waiting.saturating_add(1);
        }
        self.note_wait(&wait);
    }

    fn note_held(&mut self, wait: &Wait) {
        self.held = self.held.saturating_add(1);
        self.note_wait(wait);
    }

    fn note_wait(&mut self, wait: &Wait) {
        let reason = report::shortened(&wait.reason.to_string(), MAX_REASON_BYTES);
        if self.waits.len() >= MAX_REASONS && !self.waits.contains_key(&reason) {
            return;
        }
        let count = self.waits.entry(reason).or_default();
        count.calls = count.calls.saturating_add(1);
        count.until = match (count.until, wait.until) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(origin: &str, until: Option<&str>) -> Wait {
        Wait {
            reason: WaitReason::Response {
                origin: origin.into(),
            },
            until: until.map(|time| time.parse().unwrap()),
        }
    }

    #[test]
    fn calls_are_counted_by_what_they_do() {
        let mut calls = BTreeMap::new();
        let early = "2030-01-02T03:04:05Z";
        for (connector, wait) in [
            ("beers", None),
            ("beers", Some(wait("https://a", None))),
            (
                "beers",
                Some(wait("https://a", Some("2031-01-02T03:04:05Z"))),
            ),
            ("beers", Some(wait("https://a", Some(early)))),
            (
                "wines",
                Some(Wait {
                    reason: WaitReason::Sandbox,
                    until: None,
                }),
            ),
        ] {
            of(&mut calls, connector).note(wait);
        }
        of(&mut calls, "beers").note_held(&wait("https://a", None));
        let count = WaitCount {
            calls: 4,
            until: Some(early.parse().unwrap()),
        };
        let waits = BTreeMap::from([("response of https://a".to_owned(), count)]);
        let (running, waiting, queued, held) = (1, 3, 0, 1);
        let beers = CallsUnderWay {
            running,
            waiting,
            queued,
            held,
            waits,
        };
        assert_eq!(calls["beers"], beers);
        assert_eq!((calls["wines"].queued, calls["wines"].waiting), (1, 0));
    }

    #[test]
    fn reasons_are_bounded_but_every_call_counts() {
        let mut calls = CallsUnderWay::default();
        for number in 0..100 {
            calls.note(Some(wait(&format!("https://{number}"), None)));
        }
        calls.note(Some(wait("https://0", None)));
        assert_eq!((calls.waits.len(), calls.waiting), (MAX_REASONS, 101));
        assert_eq!(calls.waits["response of https://0"].calls, 2);
    }
}
