//! What the governor reports to the metrics and the log.

use std::sync::Arc;

use metrics::{SharedString, counter};

use super::breaker::BreakerChange;
use super::outcome::AtOnceNews;
use crate::report::milliseconds;
use crate::telemetry::catalog;

/// Counts a call that was held because of a quota or a rate.
pub(super) fn held(connector: &Arc<str>) {
    let connector = SharedString::from_shared(connector.clone());
    counter!(catalog::HELD_CALLS.name, "connector" => connector).increment(1);
}

/// Counts a retry. `status` is that of the response, if there was one.
pub(super) fn retried(connector: &Arc<str>, status: Option<u16>) {
    let cause = match status {
        None => "connection",
        Some(429) => "429",
        Some(502) => "502",
        Some(503) => "503",
        Some(504) => "504",
        Some(_) => "other",
    };
    let connector = SharedString::from_shared(connector.clone());
    counter!(catalog::UPSTREAM_RETRIES.name, "connector" => connector, "cause" => cause)
        .increment(1);
}

/// Logs that a breaker opened or closed.
pub(super) fn changed(connector: &Arc<str>, origin: &str, change: BreakerChange) {
    match change {
        BreakerChange::None => {}
        BreakerChange::Opened {
            failures,
            cool_down,
        } => {
            tracing::warn!(
                connector = &**connector,
                origin,
                failures,
                cool_down_ms = milliseconds(cool_down),
                "the API keeps failing: calls to it fail immediately until one after the cool-down succeeds"
            );
        }
        BreakerChange::Closed => {
            tracing::info!(
                connector = &**connector,
                origin,
                "the API answers again: calls to it are sent as before"
            );
        }
    }
}

/// Reports that a different number of calls of this budget may be made at once.
pub(super) fn at_once(budget: &Arc<str>, news: AtOnceNews) {
    let AtOnceNews { most, is_refusal } = news;
    if is_refusal {
        tracing::warn!(
            budget = &**budget,
            at_once = most,
            "the API refuses calls without naming a quota: fewer are sent at once from now on (set your own limits \
             with `network.connections` and `rate-limit.rate`)"
        );
    } else {
        tracing::info!(
            budget = &**budget,
            at_once = most,
            "one more call is sent at once"
        );
    }
}
