//! What is counted of requests.

use std::time::Duration;

use metrics::{counter, histogram};

/// Requests that ended, by `connector`, `what` (`page` or `schema`) and `outcome`: `ready`, `waiting` or `running` for
/// pending answers, an error's kind, or `client_gone`.
pub(super) const REQUESTS: &str = "weld_host_requests_total";

/// Seconds from a request's begin to its answer's, by `connector` and `what`.
pub(super) const SECONDS: &str = "weld_host_request_seconds";

/// Rows that were answered, by `connector`.
pub(super) const ROWS: &str = "weld_host_rows_total";

/// Bytes of answers that are pages or schemas, by `connector`.
pub(super) const BYTES: &str = "weld_host_answer_bytes_total";

/// Requests that joined the call of another one, by `connector`.
pub(super) const JOINED: &str = "weld_host_joined_requests_total";

/// What was asked for, as far as the path says.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    /// The connector's own name, also where it was asked for by the plain routes. None for one that isn't there: names
    /// that clients make up are no labels, there is no end to them.
    pub(super) connector: Option<String>,
    pub(super) what: &'static str,
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Came {
    pub(super) outcome: &'static str,
    pub(super) rows: u64,
    pub(super) bytes: usize,
    pub(super) has_joined: bool,
}

impl Came {
    /// An error's kind, or another word for why there is no answer.
    pub(super) fn to_nothing(outcome: &'static str) -> Self {
        Self {
            outcome,
            ..Self::default()
        }
    }
}

/// Counts a request.
pub(super) fn record(asked: &Asked, came: &Came, took: Duration) {
    let connector = asked.connector.as_deref().unwrap_or("none").to_owned();
    counter!(REQUESTS, "connector" => connector.clone(), "what" => asked.what, "outcome" => came.outcome)
        .increment(1);
    histogram!(SECONDS, "connector" => connector.clone(), "what" => asked.what).record(took);
    if came.bytes > 0 {
        counter!(ROWS, "connector" => connector.clone()).increment(came.rows);
        let bytes = u64::try_from(came.bytes).unwrap_or(u64::MAX);
        counter!(BYTES, "connector" => connector.clone()).increment(bytes);
    }
    if came.has_joined {
        counter!(JOINED, "connector" => connector).increment(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics_probe::MetricsProbe;

    #[test]
    fn requests_are_counted_by_what_came_of_them() {
        let recorded = MetricsProbe::default();
        let _guard = metrics::set_default_local_recorder(&recorded);
        let asked = Asked {
            connector: Some("beers".to_owned()),
            what: "page",
        };
        let page = Came {
            outcome: "ready",
            rows: 80,
            bytes: 1_000,
            has_joined: true,
        };
        let second = Duration::from_secs(1);
        record(&asked, &page, second);
        record(&asked, &page, second);
        record(&asked, &Came::to_nothing("busy"), second);
        let nobody = Asked {
            connector: None,
            ..asked
        };
        record(&nobody, &Came::to_nothing("unknown_connector"), second);
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
