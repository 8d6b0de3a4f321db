//! Calls that were refused while a connector was checked: it may keep that to itself.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// Where `egress` logs its calls.
const TARGET: &str = "weld_host::egress";

/// The outcomes that a rule is missing for.
const REFUSED: [&str; 2] = ["denied", "address-denied"];

/// Why calls were refused, each reason once; taken from the log's events, so that no room needs to know of it.
#[derive(Debug, Clone, Default)]
pub(in crate::cli) struct Refusals(Arc<Mutex<BTreeSet<String>>>);

impl Refusals {
    /// What came since the last time.
    pub(super) fn take(&self) -> BTreeSet<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<S: Subscriber> Layer<S> for Refusals {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if !event.metadata().target().starts_with(TARGET) {
            return;
        }
        let mut call = Call::default();
        event.record(&mut call);
        if REFUSED.contains(&call.outcome.as_str()) {
            let mut causes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            causes.insert(call.cause);
        }
    }
}

#[derive(Default)]
struct Call {
    outcome: String,
    cause: String,
}

impl Visit for Call {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "outcome" => value.clone_into(&mut self.outcome),
            "cause" => value.clone_into(&mut self.cause),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}
