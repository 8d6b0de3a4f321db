//! What the governor reports to the metrics and the log.

use std::sync::Arc;
use std::time::Duration;

use metrics::{counter, gauge, histogram};

use super::breaker::BreakerChange;
use super::outcome::AtOnceNews;

/// Calls that were held because of a quota or a rate, by `connector`.
pub(super) const HELD_CALLS: &str = "weld_host_upstream_held_calls_total";

/// The seconds for which such a call was held, by `connector`.
pub(super) const HELD_SECONDS: &str = "weld_host_upstream_held_seconds";

/// Calls that were retried, by `connector` and `cause` (a status such as `429`, or `connection`).
pub(super) const RETRIES: &str = "weld_host_upstream_retries_total";

/// Origins to which calls currently fail at once, by `connector`.
pub(super) const OPEN_BREAKERS: &str = "weld_host_upstream_open_breakers";

pub(super) fn held(connector: &Arc<str>, time: Duration) {
    counter!(HELD_CALLS, "connector" => connector.to_string()).increment(1);
    histogram!(HELD_SECONDS, "connector" => connector.to_string()).record(time);
}

/// `status` is that of the response, if there was one.
pub(super) fn retried(connector: &Arc<str>, status: Option<u16>) {
    let cause = match status {
        None => "connection",
        Some(429) => "429",
        Some(502) => "502",
        Some(503) => "503",
        Some(504) => "504",
        Some(_) => "other",
    };
    counter!(RETRIES, "connector" => connector.to_string(), "cause" => cause).increment(1);
}

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
                cool_down_ms = cool_down.as_secs_f64() * 1000.0,
                "the API keeps failing: calls to it fail immediately until one after the cool-down succeeds"
            );
            gauge!(OPEN_BREAKERS, "connector" => connector.to_string()).increment(1);
        }
        BreakerChange::Closed => {
            tracing::info!(
                connector = &**connector,
                origin,
                "the API answers again: calls to it are sent as before"
            );
            gauge!(OPEN_BREAKERS, "connector" => connector.to_string()).decrement(1);
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

/// Reports that the breakers of a connector's old configuration are gone; `open` of them were open.
pub(super) fn forgotten(connector: &Arc<str>, open: usize) {
    if open > 0 {
        let open = u32::try_from(open).unwrap_or(u32::MAX);
        gauge!(OPEN_BREAKERS, "connector" => connector.to_string()).decrement(f64::from(open));
    }
}
