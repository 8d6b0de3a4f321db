//! Captures the log while a connector is checked: refused calls, which the connector may not report itself, and the
//! lines that it logs.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, MutexGuard};

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::Context;

use crate::author::conformance::LogLine;
use crate::lock::Mutex;

/// The target under which `egress` logs its calls.
const CALLS: &str = "weld_host::egress";

/// The target under which connectors' lines are logged.
const LINES: &str = "guest";

/// The outcomes of calls that no rule permits.
const REFUSED: [&str; 2] = ["denied", "address-denied"];

/// The captured events. They are taken from the log, so that other rooms need no code for it.
#[derive(Debug, Clone, Default)]
pub(in crate::cli) struct LogCapture(Arc<Mutex<CapturedEvents>>);

#[derive(Debug, Default)]
struct CapturedEvents {
    refusals: BTreeSet<String>,
    lines: Vec<LogLine>,
}

impl LogCapture {
    /// The events to capture.
    pub(in crate::cli) fn filter() -> Targets {
        Targets::new()
            .with_target(CALLS, LevelFilter::WARN)
            .with_target(LINES, LevelFilter::DEBUG)
    }

    /// Removes and returns the reasons for refused calls, each once.
    pub(super) fn take_refusals(&self) -> BTreeSet<String> {
        std::mem::take(&mut self.lock().refusals)
    }

    /// Removes and returns the captured lines.
    pub(super) fn take_lines(&self) -> Vec<LogLine> {
        std::mem::take(&mut self.lock().lines)
    }

    fn lock(&self) -> MutexGuard<'_, CapturedEvents> {
        self.0.lock()
    }
}

impl<S: Subscriber> Layer<S> for LogCapture {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = EventFields::default();
        event.record(&mut fields);
        if event.metadata().target() == LINES {
            self.lock().lines.push(LogLine {
                level: event.metadata().level().to_string(),
                text: fields.message,
            });
        } else if REFUSED.contains(&fields.outcome.as_str()) {
            self.lock().refusals.insert(fields.cause);
        }
    }
}

/// The fields of an event that are captured.
#[derive(Default)]
struct EventFields {
    outcome: String,
    cause: String,
    message: String,
}

impl Visit for EventFields {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
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
