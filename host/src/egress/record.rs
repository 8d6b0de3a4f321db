//! What is reported of each call to the network: one log line, and numbers for the metrics.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use metrics::{SharedString, counter, histogram};
use tokio::time::Instant;

use super::byte_counter::ByteCounter;
use super::call_span::{CallSpan, CallSpanEnd};
use super::call_target::CallTarget;
use super::connection::DialTimes;
use super::error::EgressError;
use super::phase::PhaseClock;
use crate::report::{self, milliseconds};
use crate::secrets::Secrets;
use crate::telemetry::catalog;
use crate::traces::CallTrace;

/// The longest path in a log line.
const SHOWN_PATH_BYTES: usize = 200;

/// The longest method in a log line, since guests can make methods up.
const SHOWN_METHOD_BYTES: usize = 20;

/// One call. It is reported when this is dropped.
#[derive(Debug)]
pub(super) struct CallRecord {
    connector: Arc<str>,
    request: RequestLabels,
    times: CallTimes,
    phases: PhaseClock,
    traffic: Traffic,
    /// The response's status, once its head has arrived.
    status: Option<u16>,
    end: CallEnd,
    secrets: Secrets,
    /// `None` if the call's trace is not recorded.
    span: Option<CallSpan>,
}

/// The request as log and metrics name it.
#[derive(Debug)]
struct RequestLabels {
    method: String,
    origin: Arc<str>,
    path: String,
    /// The host of the rule that allowed the call; `None` if it was refused before that.
    rule: Option<Arc<str>>,
    /// Which try of the same request this is, from 1.
    attempt: u32,
}

/// When the parts of a call were done.
#[derive(Debug)]
struct CallTimes {
    began: Instant,
    /// How long the call was held before it was made.
    held: Option<Duration>,
    /// How long the connection took; `None` if it existed already.
    dialed: Option<DialTimes>,
    first_byte: Option<Duration>,
}

/// The bytes of both bodies.
#[derive(Debug, Default)]
struct Traffic {
    sent: ByteCounter,
    /// Received, as it came over the wire.
    wire: ByteCounter,
    /// Received, decompressed.
    body_bytes: u64,
}

#[derive(Debug)]
enum CallEnd {
    /// The guest dropped the call, or the page ended.
    Dropped,
    Answered,
    Failed {
        kind: &'static str,
        cause: String,
    },
}

impl CallRecord {
    /// Without a `target`, the record is of an invalid request, whose parts can't be read.
    pub(super) fn new(
        connector: Arc<str>,
        method: &str,
        target: Option<&CallTarget>,
        secrets: Secrets,
    ) -> Self {
        let path =
            |target: &CallTarget| secrets.shown_beginning(target.url().path(), SHOWN_PATH_BYTES);
        Self {
            connector,
            request: RequestLabels {
                method: report::escaped(&report::shortened(method, SHOWN_METHOD_BYTES)),
                origin: target.map_or_else(Arc::default, |target| target.origin().clone()),
                path: target.map_or_else(String::new, path),
                rule: None,
                attempt: 1,
            },
            times: CallTimes {
                began: Instant::now(),
                held: None,
                dialed: None,
                first_byte: None,
            },
            phases: PhaseClock::default(),
            traffic: Traffic::default(),
            status: None,
            end: CallEnd::Dropped,
            secrets,
            span: None,
        }
    }

    /// Records the try in the trace of its call, if there is one.
    pub(super) fn trace(&mut self, trace: Option<&CallTrace>, target: &CallTarget) {
        let Some(trace) = trace else {
            return;
        };
        let RequestLabels { method, path, .. } = &self.request;
        let target = (target.url(), target.origin());
        self.span = CallSpan::begin(trace, method, target, path);
        if let Some(span) = &mut self.span {
            span.resends(self.request.attempt.saturating_sub(1));
        }
    }

    /// The header by which the API can continue the trace; `None` if it is not recorded.
    pub(super) fn traceparent(&self) -> Option<HeaderValue> {
        self.span.as_ref()?.traceparent()
    }

    pub(super) fn origin(&self) -> &str {
        &self.request.origin
    }

    /// The origin for messages, with the proxy that the call goes through.
    pub(super) fn origin_and_proxy(&self) -> String {
        match self.phases.proxy() {
            Some(proxy) => format!("{} through the proxy {proxy}", self.origin()),
            None => self.origin().to_owned(),
        }
    }

    pub(super) fn allowed_by(&mut self, rule: Arc<str>) {
        self.request.rule = Some(rule);
    }

    /// Sets which try of the same request this is, from 1.
    pub(super) fn attempt(&mut self, number: u32) {
        self.request.attempt = number;
    }

    /// Notes that the call was held for this long, and begins now.
    pub(super) fn held(&mut self, time: Duration) {
        self.times.held = Some(time);
        self.times.began = Instant::now();
        if let Some(span) = &mut self.span {
            span.held(time);
        }
    }

    /// The clock that says what the call waits for.
    pub(super) fn phases(&self) -> PhaseClock {
        self.phases.clone()
    }

    /// Counts what is sent.
    pub(super) fn sent_bytes(&self) -> ByteCounter {
        self.traffic.sent.clone()
    }

    /// Counts what is received, compressed as it comes.
    pub(super) fn wire_bytes(&self) -> ByteCounter {
        self.traffic.wire.clone()
    }

    pub(super) fn received(&mut self, bytes: u64) {
        self.traffic.body_bytes = self.traffic.body_bytes.saturating_add(bytes);
    }

    /// Notes the connection that the request went over.
    pub(super) fn connected(&mut self, dialed: DialTimes) {
        // An older connection was kept from another call, and cost this one nothing.
        if dialed.began >= self.times.began {
            self.times.dialed = Some(dialed);
        }
    }

    pub(super) fn answered(&mut self, status: u16) {
        self.status = Some(status);
        self.times.first_byte = Some(self.times.began.elapsed());
    }

    /// Whether the head of a response has arrived.
    pub(super) fn is_answered(&self) -> bool {
        self.status.is_some()
    }

    pub(super) fn succeed(&mut self) {
        self.end = CallEnd::Answered;
    }

    pub(super) fn fail(&mut self, error: &EgressError) {
        self.end = CallEnd::Failed {
            kind: error.outcome(),
            cause: self.secrets.shown(report::chain(error)),
        };
    }

    fn outcome(&self) -> &'static str {
        match (&self.end, self.status) {
            (CallEnd::Failed { kind, .. }, _) => kind,
            (CallEnd::Dropped, _) => "dropped",
            (CallEnd::Answered, Some(status)) => match status / 100 {
                1 => "1xx",
                2 => "2xx",
                3 => "3xx",
                4 => "4xx",
                _ => "5xx",
            },
            (CallEnd::Answered, None) => "none",
        }
    }

    fn log(&self) {
        let connector = &*self.connector;
        let RequestLabels { method, path, .. } = &self.request;
        let origin = self.origin();
        let proxy = self.phases.proxy();
        let proxy = proxy.as_deref();
        let times = &self.times;
        let attempt = (self.request.attempt > 1).then_some(self.request.attempt);
        let held_ms = times.held.map(milliseconds);
        let (status, outcome) = (self.status, self.outcome());
        let sent_bytes = self.traffic.sent.get();
        let (received_bytes, body_bytes) = (self.traffic.wire.get(), self.traffic.body_bytes);
        let resolve_ms = times.dialed.map(|dialed| milliseconds(dialed.resolve));
        let connect_ms = times.dialed.map(|dialed| milliseconds(dialed.connect));
        let first_byte_ms = times.first_byte.map(milliseconds);
        let took_ms = milliseconds(times.began.elapsed());
        // The level is part of an event's call site, so there are two events with the same fields.
        macro_rules! log {
            ($level:ident, $($more:tt)+) => {
                tracing::$level!(
                    connector,
                    method,
                    origin,
                    path,
                    proxy,
                    status,
                    attempt,
                    held_ms,
                    outcome,
                    sent_bytes,
                    received_bytes,
                    body_bytes,
                    resolve_ms,
                    connect_ms,
                    first_byte_ms,
                    took_ms,
                    $($more)+
                )
            };
        }
        match &self.end {
            CallEnd::Failed { cause, .. } => log!(warn, cause, "upstream call failed"),
            CallEnd::Answered => log!(info, "upstream call"),
            CallEnd::Dropped => {
                let waited = self.phases.spent();
                log!(info, %waited, "upstream call");
            }
        }
    }

    fn measure(&self) {
        let connector = SharedString::from_shared(self.connector.clone());
        // Hosts and methods that a guest makes up are not used as labels: there is no limit to them.
        let rule = self.request.rule.clone();
        let host = rule.map_or(SharedString::const_str("none"), SharedString::from_shared);
        let method = match self.request.method.as_str() {
            "GET" => "GET",
            "HEAD" => "HEAD",
            "POST" => "POST",
            "PUT" => "PUT",
            "PATCH" => "PATCH",
            "DELETE" => "DELETE",
            "OPTIONS" => "OPTIONS",
            _ => "other",
        };
        counter!(catalog::UPSTREAM_CALLS.name, "connector" => connector.clone(), "host" => host, "method" => method, "outcome" => self.outcome())
            .increment(1);
        histogram!(catalog::UPSTREAM_SECONDS.name, "connector" => connector.clone())
            .record(self.times.began.elapsed());
        for (part, time) in [
            ("first-byte", self.times.first_byte),
            ("resolve", self.times.dialed.map(|dialed| dialed.resolve)),
            ("connect", self.times.dialed.map(|dialed| dialed.connect)),
        ] {
            if let Some(time) = time {
                histogram!(catalog::UPSTREAM_PART_SECONDS.name, "part" => part).record(time);
            }
        }
        for (direction, bytes) in [
            ("sent", self.traffic.sent.get()),
            ("received", self.traffic.wire.get()),
        ] {
            counter!(catalog::UPSTREAM_BYTES.name, "connector" => connector.clone(), "direction" => direction)
                .increment(bytes);
        }
    }
}

impl CallRecord {
    fn end_span(&mut self) {
        let Some(span) = self.span.take() else {
            return;
        };
        let dialed = self.times.dialed;
        span.end(&CallSpanEnd {
            status: self.status,
            failure: match &self.end {
                CallEnd::Failed { kind, cause } => Some((*kind, cause)),
                CallEnd::Dropped if self.status.is_none() => Some(("canceled", "")),
                CallEnd::Answered | CallEnd::Dropped => None,
            },
            sent_bytes: self.traffic.sent.get(),
            received_bytes: self.traffic.wire.get(),
            parts: [
                self.times.first_byte,
                dialed.map(|dialed| dialed.resolve),
                dialed.map(|dialed| dialed.connect),
            ],
        });
    }
}

impl Drop for CallRecord {
    fn drop(&mut self) {
        self.log();
        self.measure();
        self.end_span();
    }
}
