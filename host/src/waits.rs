//! What a call is waiting for at the moment, so that its waiters can be informed. A long wait may end the call.

pub(crate) mod between_pages;
mod postponer;
mod reason;

use std::fmt::{self, Display, Formatter};
use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use metrics::{SharedString, counter, histogram};
use tokio::time::Instant;

use crate::lock::Mutex;
use crate::telemetry::{catalog, nanoseconds};
use crate::traces::{AttributeValue, CallTrace, OpenSpan, SpanHome, SpanKind};
pub(crate) use postponer::{Postponement, Postponer};
pub(crate) use reason::{LastTry, QuotaSource, WaitReason};

/// One wait, as shown to people: `response of https://api.example.com`, `pause until 2030-01-02T03:04:05Z`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wait {
    pub(crate) reason: WaitReason,
    /// `None` if its end is unknown.
    pub(crate) until: Option<Timestamp>,
}

impl Wait {
    /// A wait that lasts this long from now on.
    pub(crate) fn lasting(reason: WaitReason, duration: Duration) -> Self {
        let until = SignedDuration::try_from(duration)
            .ok()
            .and_then(|duration| Timestamp::now().checked_add(duration).ok());
        Self { reason, until }
    }
}

impl Display for Wait {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.reason)?;
        match self.until {
            None => Ok(()),
            // Rounded to seconds, for people.
            Some(until) => write!(formatter, " until {until:.0}"),
        }
    }
}

/// The waits of one call. A guest may have several requests in flight at once.
#[derive(Debug, Default)]
pub(crate) struct Waits {
    /// The call's connector; `None` if the call isn't counted in metrics.
    connector: Option<Arc<str>>,
    /// The call's trace; `None` if it isn't recorded.
    trace: Option<CallTrace>,
    present: Mutex<WaitList>,
    /// The last answer that refused a call because of the API's rate limit.
    refusal: Mutex<Option<WaitReason>>,
    /// Decides which waits end the call.
    pub(crate) postponer: Postponer,
}

#[derive(Debug, Default)]
struct WaitList {
    /// In the order in which they began, each with its number.
    waits: Vec<(u64, Wait)>,
    begun: u64,
}

impl Waits {
    /// The waits of a call of this connector, and its trace if that is recorded.
    pub(crate) fn of(connector: Arc<str>, trace: Option<CallTrace>) -> Arc<Self> {
        Arc::new(Self {
            connector: Some(connector),
            trace,
            ..Self::default()
        })
    }

    /// The waits of something that isn't counted in metrics, but perhaps in this trace.
    pub(crate) fn traced(trace: Option<CallTrace>) -> Arc<Self> {
        Arc::new(Self {
            trace,
            ..Self::default()
        })
    }

    /// The call's trace; `None` if it isn't recorded.
    pub(crate) fn trace(&self) -> Option<&CallTrace> {
        self.trace.as_ref()
    }

    /// Records a wait that lasts until the returned guard is dropped.
    pub(crate) fn begin(self: &Arc<Self>, wait: Wait) -> WaitGuard {
        let part = WaitPart::of(&wait.reason);
        let span = self.trace.as_ref().and_then(|trace| span(trace, &wait));
        let mut present = self.present();
        present.begun = present.begun.wrapping_add(1);
        let number = present.begun;
        present.waits.push((number, wait));
        WaitGuard {
            waits: self.clone(),
            number,
            part: Mutex::new(part),
            _span: span,
        }
    }

    fn end(&self, part: WaitPart) {
        let Some(connector) = &self.connector else {
            return;
        };
        let (connector, took) = (connector.clone(), part.began.elapsed());
        counter!(catalog::WAIT_SECONDS.name, "connector" => SharedString::from_shared(connector), "reason" => part.reason)
            .increment(nanoseconds(took));
        if part.reason == WaitReason::Sandbox.label() {
            histogram!(catalog::SANDBOX_WAIT_SECONDS.name).record(took);
        }
    }

    /// The call's connector; empty if the call isn't counted in metrics.
    pub(crate) fn connector(&self) -> &str {
        self.connector.as_deref().unwrap_or_default()
    }

    /// Records that an API refused a call because of its rate limit.
    pub(crate) fn refused(&self, origin: Arc<str>, last: LastTry) {
        *self.refusal.lock() = Some(WaitReason::Retry { origin, last });
    }

    /// The last refusal, as the reason of the wait that follows it; `None` if no call was refused.
    pub(crate) fn refusal(&self) -> Option<WaitReason> {
        self.refusal.lock().clone()
    }

    /// The wait that has lasted the longest; `None` while the guest computes.
    pub(crate) fn current(&self) -> Option<Wait> {
        self.present().waits.first().map(|(_, wait)| wait.clone())
    }

    /// The call's connector and the name of the reason that it has waited for the longest. `None` while the guest
    /// computes, and for calls that aren't counted in metrics.
    pub(crate) fn labels(&self) -> Option<(Arc<str>, &'static str)> {
        let connector = self.connector.clone()?;
        let reason = self.present().waits.first()?.1.reason.label();
        Some((connector, reason))
    }

    /// Whether nothing can happen within `left`, because everything that the call waits for comes later.
    pub(crate) fn sleeps_longer_than(&self, left: Duration) -> bool {
        let Some(end) = SignedDuration::try_from(left)
            .ok()
            .and_then(|left| Timestamp::now().checked_add(left).ok())
        else {
            return false;
        };
        let present = self.present();
        !present.waits.is_empty()
            && present
                .waits
                .iter()
                .all(|(_, wait)| wait.until.is_some_and(|until| until > end))
    }

    fn present(&self) -> MutexGuard<'_, WaitList> {
        self.present.lock()
    }
}

/// A wait in progress. It ends when the guard is dropped.
#[must_use]
#[derive(Debug)]
pub(crate) struct WaitGuard {
    waits: Arc<Waits>,
    number: u64,
    part: Mutex<WaitPart>,
    /// The wait in the call's trace.
    _span: Option<OpenSpan>,
}

/// The metrics of a wait, or of the part of it that was for one reason.
#[derive(Debug, Clone, Copy)]
struct WaitPart {
    reason: &'static str,
    began: Instant,
}

impl WaitPart {
    fn of(reason: &WaitReason) -> Self {
        Self {
            reason: reason.label(),
            began: Instant::now(),
        }
    }
}

/// The span of a wait. `None` for a wait that is a part of a request to an API, which has a span of its own.
fn span(trace: &CallTrace, wait: &Wait) -> Option<OpenSpan> {
    let (home, name) = match &wait.reason {
        WaitReason::Response { .. } | WaitReason::Connection { .. } => return None,
        WaitReason::Requested | WaitReason::Postponed { .. } => (SpanHome::Call, "wait"),
        WaitReason::Sandbox => (SpanHome::Call, "wait for a sandbox"),
        WaitReason::Pause => (SpanHome::Run, "pause"),
        WaitReason::Budget { .. } => (SpanHome::Run, "wait for a quota"),
        WaitReason::OtherCall { .. } => (SpanHome::Run, "wait for another call"),
        WaitReason::Retry { .. } => (SpanHome::Run, "wait before a retry"),
        WaitReason::Token { .. } => (SpanHome::Run, "wait for a token"),
    };
    let mut span = trace.span(home, name, SpanKind::Internal)?;
    match &wait.reason {
        WaitReason::Budget { name, .. } | WaitReason::OtherCall { name } => {
            span.set("weld.quota", AttributeValue::text(name));
        }
        WaitReason::Retry { origin, .. } => span.set("weld.origin", origin.clone()),
        WaitReason::Token { credential } => {
            span.set("weld.credential", AttributeValue::text(credential));
        }
        _ => {}
    }
    Some(span)
}

impl WaitGuard {
    /// From now on the call waits for another reason, with an unknown end.
    pub(crate) fn becomes(&self, reason: WaitReason) {
        let mut part = self.part.lock();
        self.waits.end(*part);
        *part = WaitPart::of(&reason);
        let mut present = self.waits.present();
        let mut waits = present.waits.iter_mut();
        if let Some((_, wait)) = waits.find(|(number, _)| *number == self.number) {
            *wait = Wait {
                reason,
                until: None,
            };
        }
    }
}

impl Drop for WaitGuard {
    fn drop(&mut self) {
        self.waits.end(*self.part.lock());
        let mut present = self.waits.present();
        present.waits.retain(|(number, _)| *number != self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(origin: &str) -> Wait {
        Wait {
            reason: WaitReason::Response {
                origin: origin.into(),
            },
            until: None,
        }
    }

    #[test]
    fn oldest_wait_is_reported_until_it_is_over() {
        let waits = Arc::new(Waits::default());
        assert_eq!(waits.current(), None);
        let first = waits.begin(response("https://a.example.com"));
        let second = waits.begin(response("https://b.example.com"));
        assert_eq!(waits.current(), Some(response("https://a.example.com")));
        drop(first);
        assert_eq!(waits.current(), Some(response("https://b.example.com")));
        drop(second);
        assert_eq!(waits.current(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn waits_are_counted_when_they_end() {
        let recorded = crate::metrics_probe::MetricsProbe::default();
        let _guard = metrics::set_default_local_recorder(&recorded);
        let waits = Waits::of("beers".into(), None);
        let first = waits.begin(response("https://a.example.com"));
        let second = waits.begin(response("https://b.example.com"));
        assert!(recorded.names().is_empty(), "{:?}", recorded.names());
        assert_eq!(waits.labels(), Some(("beers".into(), "response")));
        tokio::time::advance(Duration::from_secs(2)).await;
        drop((first, second));
        assert_eq!(waits.labels(), None);
        let seconds = "weld_host_wait_seconds_total{connector=beers,reason=response}";
        assert_eq!(recorded.value(seconds), Some(4e9), "in nanoseconds");
        assert_eq!(recorded.names(), [seconds]);
        drop(waits.begin(Wait {
            reason: WaitReason::Sandbox,
            until: None,
        }));
        let sandbox = "weld_host_sandbox_wait_seconds{}";
        assert_eq!(recorded.value(sandbox), Some(1.0));
    }

    #[tokio::test(start_paused = true)]
    async fn wait_that_becomes_another_is_counted_for_both() {
        let recorded = crate::metrics_probe::MetricsProbe::default();
        let _guard = metrics::set_default_local_recorder(&recorded);
        let waits = Waits::of("beers".into(), None);
        let origin = "https://a.example.com";
        let wait = waits.begin(Wait {
            reason: WaitReason::Connection {
                origin: origin.into(),
            },
            until: None,
        });
        tokio::time::advance(Duration::from_secs(1)).await;
        wait.becomes(response(origin).reason);
        assert_eq!(waits.current(), Some(response(origin)));
        tokio::time::advance(Duration::from_secs(2)).await;
        drop(wait);
        for (reason, expected) in [("connection", 1e9), ("response", 2e9)] {
            let name = format!("weld_host_wait_seconds_total{{connector=beers,reason={reason}}}");
            assert_eq!(recorded.value(&name), Some(expected), "{reason}");
        }
    }

    #[test]
    fn the_last_refusal_is_kept() {
        let waits = Waits::default();
        assert_eq!(waits.refusal(), None);
        for status in [429, 503] {
            let (origin, last): (Arc<str>, _) =
                ("https://a.example.com".into(), LastTry::Answered(status));
            waits.refused(origin.clone(), last);
            assert_eq!(waits.refusal(), Some(WaitReason::Retry { origin, last }));
        }
    }

    #[test]
    fn call_sleeps_while_all_its_waits_have_a_later_end() {
        let minute = Duration::from_secs(60);
        let pause = || Wait::lasting(WaitReason::Pause, minute);
        let waits = Arc::new(Waits::default());
        assert!(!waits.sleeps_longer_than(Duration::ZERO), "it computes");
        let _first = waits.begin(pause());
        let _second = waits.begin(pause());
        assert!(waits.sleeps_longer_than(minute / 2));
        assert!(!waits.sleeps_longer_than(minute * 2));
        let _response = waits.begin(response("https://a.example.com"));
        assert!(!waits.sleeps_longer_than(Duration::ZERO), "it may come");
    }

    #[test]
    fn wait_says_for_what_and_until_when() {
        let pause = Wait {
            reason: WaitReason::Pause,
            until: Some("2030-01-02T03:04:05.678Z".parse().unwrap()),
        };
        assert_eq!(pause.to_string(), "pause until 2030-01-02T03:04:05Z");
        assert_eq!(
            response("https://a.example.com").to_string(),
            "response of https://a.example.com"
        );
        for (reason, text) in [
            (
                WaitReason::Budget {
                    name: "punk".to_owned(),
                    source: QuotaSource::Headers,
                },
                "quota of punk",
            ),
            (
                WaitReason::OtherCall {
                    name: "punk".to_owned(),
                },
                "response to another call of punk",
            ),
            (
                WaitReason::Connection {
                    origin: "https://a.example.com".into(),
                },
                "a free connection to https://a.example.com (`network.connections`)",
            ),
            (
                WaitReason::Retry {
                    origin: "https://a.example.com".into(),
                    last: LastTry::Answered(502),
                },
                "another try at https://a.example.com (it answered 502 Bad Gateway)",
            ),
            (
                WaitReason::Token {
                    credential: "shop".to_owned(),
                },
                "token of shop",
            ),
        ] {
            let wait = Wait {
                reason,
                until: None,
            };
            assert_eq!(wait.to_string(), text);
        }
        assert!(
            Wait::lasting(WaitReason::Pause, Duration::MAX)
                .until
                .is_none()
        );
    }
}
