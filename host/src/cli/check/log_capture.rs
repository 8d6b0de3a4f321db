//! Captures the log while a connector is checked or synced: calls that failed, which the connector may not report itself,
//! and for a check the lines that it logs.

use std::fmt;
use std::sync::{Arc, MutexGuard};

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::Context;

use crate::author::check::FailedCall;
use crate::author::conformance::LogLine;
use crate::lock::Mutex;

/// The target under which `egress` logs its calls.
const CALLS: &str = "weld_host::egress";

/// The target under which connectors' lines are logged.
const LINES: &str = "guest";

/// How many failed calls are kept. A connector that fails a thousand times in one request has few causes.
const MAX_CALLS: usize = 1000;

/// The captured events. They are taken from the log, so that other rooms need no code for it.
#[derive(Debug, Clone)]
pub(in crate::cli) struct LogCapture {
    events: Arc<Mutex<CapturedEvents>>,
    has_lines: bool,
}

#[derive(Debug, Default)]
struct CapturedEvents {
    calls: Vec<FailedCall>,
    lines: Vec<LogLine>,
}

impl LogCapture {
    /// Captures failed calls, and the connector's lines.
    pub(in crate::cli) fn of_calls_and_lines() -> Self {
        Self {
            events: Arc::default(),
            has_lines: true,
        }
    }

    /// Captures only failed calls.
    pub(in crate::cli) fn of_calls() -> Self {
        Self {
            has_lines: false,
            ..Self::of_calls_and_lines()
        }
    }

    /// The events to capture.
    pub(in crate::cli) fn filter(&self) -> Targets {
        let calls = Targets::new().with_target(CALLS, LevelFilter::INFO);
        if self.has_lines {
            calls.with_target(LINES, LevelFilter::DEBUG)
        } else {
            calls
        }
    }

    /// Removes and returns the calls that failed, in their order, each kind of failure once.
    pub(in crate::cli) fn take_failed_calls(&self) -> Vec<FailedCall> {
        std::mem::take(&mut self.lock().calls)
    }

    /// Removes the calls whose failure this text tells.
    pub(in crate::cli) fn forget_calls(&self, told: &str) {
        self.lock().calls.retain(|call| !call.is_reported_by(told));
    }

    /// Removes and returns the captured lines.
    pub(super) fn take_lines(&self) -> Vec<LogLine> {
        std::mem::take(&mut self.lock().lines)
    }

    fn lock(&self) -> MutexGuard<'_, CapturedEvents> {
        self.events.lock()
    }
}

impl<S: Subscriber> Layer<S> for LogCapture {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = EventFields::default();
        event.record(&mut fields);
        let mut captured = self.lock();
        if event.metadata().target() == LINES {
            captured.lines.push(LogLine {
                level: event.metadata().level().to_string(),
                text: fields.message,
            });
        } else if fields.outcome.ends_with("xx") {
            // The API was reached after all, for example by a retry.
            let is_other = |call: &FailedCall| call.origin != fields.origin || !call.is_lost();
            captured.calls.retain(is_other);
        } else if !fields.cause.is_empty() && captured.calls.len() < MAX_CALLS {
            let call = FailedCall {
                origin: fields.origin,
                outcome: fields.outcome,
                cause: fields.cause,
            };
            if !captured.calls.contains(&call) {
                captured.calls.push(call);
            }
        }
    }
}

/// The fields of an event that are captured.
#[derive(Default)]
struct EventFields {
    origin: String,
    outcome: String,
    cause: String,
    message: String,
}

impl Visit for EventFields {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "origin" => value.clone_into(&mut self.origin),
            "outcome" => value.clone_into(&mut self.outcome),
            "cause" => value.clone_into(&mut self.cause),
            "message" => value.clone_into(&mut self.message),
            _ => {}
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        }
    }
}
