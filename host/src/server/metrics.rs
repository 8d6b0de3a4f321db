//! The metrics of requests.

use std::sync::Arc;
use std::time::Duration;

use metrics::{SharedString, counter, gauge, histogram};

use crate::telemetry::catalog;

/// What a request is for, as labels of metrics.
#[derive(Debug, Clone)]
pub(super) struct TargetLabels {
    /// The connector's own name, even if it was requested by the plain routes. `None` if there is no such connector:
    /// names made up by clients are not used as labels, since they are unbounded.
    pub(super) connector: Option<Arc<str>>,
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
    /// The table of a page that is ready, shortened as for the log. `None` for other answers: names that clients make up
    /// are not used as labels.
    pub(super) table: Option<Arc<str>>,
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
    let connector = labels.connector.clone();
    let connector = connector.map_or(SharedString::const_str("none"), SharedString::from_shared);
    counter!(catalog::REQUESTS.name, "connector" => connector.clone(), "what" => labels.what, "outcome" => outcome.outcome)
        .increment(1);
    histogram!(catalog::REQUEST_SECONDS.name, "what" => labels.what).record(took);
    if outcome.bytes > 0 {
        let bytes = u64::try_from(outcome.bytes).unwrap_or(u64::MAX);
        counter!(catalog::ANSWER_BYTES.name, "connector" => connector.clone()).increment(bytes);
    }
    if let Some(table) = &outcome.table {
        let table = SharedString::from_shared(table.clone());
        counter!(catalog::ROWS.name, "connector" => connector, "table" => table)
            .increment(outcome.rows);
    }
    if outcome.has_joined {
        counter!(catalog::JOINED_REQUESTS.name).increment(1);
    }
}

/// The label of connections whose TLS handshake is not complete.
pub(super) const HANDSHAKE: &str = "handshake";

/// The labels of connections by the version of HTTP that they speak.
pub(super) const HTTP1: &str = "http1";
pub(super) const HTTP2: &str = "http2";

/// One open connection of a client, counted until it is dropped.
#[derive(Debug)]
pub(super) struct CountedConnection(&'static str);

impl CountedConnection {
    /// Exports the number of connections of each protocol from now on, so that an alert finds a 0 rather than nothing.
    pub(super) fn begin_counting() {
        for protocol in [HANDSHAKE, HTTP1, HTTP2] {
            gauge!(catalog::CLIENT_CONNECTIONS.name, "protocol" => protocol).increment(0.0);
        }
    }

    /// Counts one more connection of this protocol.
    pub(super) fn new(protocol: &'static str) -> Self {
        gauge!(catalog::CLIENT_CONNECTIONS.name, "protocol" => protocol).increment(1.0);
        Self(protocol)
    }
}

impl Drop for CountedConnection {
    fn drop(&mut self) {
        gauge!(catalog::CLIENT_CONNECTIONS.name, "protocol" => self.0).decrement(1.0);
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
            connector: Some("beers".into()),
            what: "page",
        };
        let page = RequestOutcome {
            outcome: "ready",
            table: Some("ales".into()),
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
            ("weld_host_request_seconds{what=page}", 4.0),
            ("weld_host_rows_total{connector=beers,table=ales}", 160.0),
            ("weld_host_answer_bytes_total{connector=beers}", 2_000.0),
            ("weld_host_joined_requests_total{}", 2.0),
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
