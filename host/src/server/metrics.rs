//! The metrics of requests.

use std::time::Duration;

use metrics::{counter, histogram};

/// Requests that ended, by `connector`, `what` (`page` or `schema`) and `outcome`: `ready`, `waiting` or `running` for
/// pending answers, an error's kind, or `client_gone`.
pub(super) const REQUESTS: &str = "weld_host_requests_total";

/// Seconds from the beginning of a request to the beginning of its answer, by `connector` and `what`.
pub(super) const SECONDS: &str = "weld_host_request_seconds";

/// Rows in answers, by `connector`.
pub(super) const ROWS: &str = "weld_host_rows_total";

/// Bytes of answers that are pages or schemas, by `connector`.
pub(super) const BYTES: &str = "weld_host_answer_bytes_total";

/// Requests that joined the call of another one, by `connector`.
pub(super) const JOINED: &str = "weld_host_joined_requests_total";

/// What a request is for, as labels of metrics.
#[derive(Debug, Clone)]
pub(super) struct TargetLabels {
    /// The connector's own name, even if it was requested by the plain routes. `None` if there is no such connector:
    /// names made up by clients are not used as labels, since they are unbounded.
    pub(super) connector: Option<String>,
    /// `page`, `schema`, or `nothing` for a path that does not exist.
    pub(super) what: &'static str,
}

impl Default for TargetLabels {
    fn default() -> Self {
        Self {
            connector: None,
            what: "nothing",
        }
    }
}

/// The outcome of a request.
#[derive(Debug, Clone, Default)]
pub(super) struct RequestOutcome {
    pub(super) outcome: &'static str,
    pub(super) rows: u64,
    pub(super) bytes: usize,
    pub(super) has_joined: bool,
}

impl RequestOutcome {
    /// The outcome of a request without a page or schema: an error's kind, or another name for the reason.
    pub(super) fn without_answer(outcome: &'static str) -> Self {
        Self {
            outcome,
            ..Self::default()
        }
    }
}

/// Counts a request.
pub(super) fn record(labels: &TargetLabels, outcome: &RequestOutcome, took: Duration) {
    let connector = labels.connector.as_deref().unwrap_or("none").to_owned();
    counter!(REQUESTS, "connector" => connector.clone(), "what" => labels.what, "outcome" => outcome.outcome)
        .increment(1);
    histogram!(SECONDS, "connector" => connector.clone(), "what" => labels.what).record(took);
    if outcome.bytes > 0 {
        counter!(ROWS, "connector" => connector.clone()).increment(outcome.rows);
        let bytes = u64::try_from(outcome.bytes).unwrap_or(u64::MAX);
        counter!(BYTES, "connector" => connector.clone()).increment(bytes);
    }
    if outcome.has_joined {
        counter!(JOINED, "connector" => connector).increment(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics_probe::MetricsProbe;

    #[test]
    fn requests_are_counted_by_outcome() {
        let recorded = MetricsProbe::default();
        let _guard = metrics::set_default_local_recorder(&recorded);
        let asked = TargetLabels {
            connector: Some("beers".to_owned()),
            what: "page",
        };
        let page = RequestOutcome {
            outcome: "ready",
            rows: 80,
            bytes: 1_000,
            has_joined: true,
        };
        let second = Duration::from_secs(1);
        record(&asked, &page, second);
        record(&asked, &page, second);
        record(&asked, &RequestOutcome::without_answer("busy"), second);
        let nobody = TargetLabels {
            connector: None,
            ..asked
        };
        record(
            &nobody,
            &RequestOutcome::without_answer("unknown_connector"),
            second,
        );
        for (metric, expected) in [
            (
                "weld_host_requests_total{connector=beers,outcome=ready,what=page}",
                2.0,
            ),
            (
                "weld_host_requests_total{connector=beers,outcome=busy,what=page}",
                1.0,
            ),
            (
                "weld_host_requests_total{connector=none,outcome=unknown_connector,what=page}",
                1.0,
            ),
            ("weld_host_request_seconds{connector=beers,what=page}", 3.0),
            ("weld_host_rows_total{connector=beers}", 160.0),
            ("weld_host_answer_bytes_total{connector=beers}", 2_000.0),
            ("weld_host_joined_requests_total{connector=beers}", 2.0),
        ] {
            assert_eq!(
                recorded.value(metric),
                Some(expected),
                "{metric} of {:?}",
                recorded.names()
            );
        }
    }
}
