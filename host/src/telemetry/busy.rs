//! Series as busy connectors have them, for a test and a benchmark of the scrape.

use metrics::{SharedString, counter, gauge, histogram};

use super::catalog;

/// Reports what this many connectors count that have a schema, pages of two tables and an API with a token.
pub(super) fn count(connectors: usize) {
    for number in 0..connectors {
        let connector = SharedString::from(name(number));
        let connector = || connector.clone();
        for (what, outcome) in [("page", "ready"), ("page", "running"), ("schema", "ready")] {
            counter!(catalog::REQUESTS.name, "connector" => connector(), "what" => what, "outcome" => outcome)
                .increment(123_456);
        }
        for table in ["customers", "orders"] {
            counter!(catalog::ROWS.name, "connector" => connector(), "table" => table)
                .increment(123_456_789);
        }
        for (metric, number) in [
            (&catalog::ANSWER_BYTES, 123_456_789_012),
            (&catalog::HELD_CALLS, 123_456),
            (&catalog::GUEST_CPU_SECONDS, 12_345_678_901_234),
        ] {
            counter!(metric.name, "connector" => connector()).increment(number);
        }
        for reason in ["sandbox", "response", "quota"] {
            counter!(catalog::WAIT_SECONDS.name, "connector" => connector(), "reason" => reason)
                .increment(12_345_678_901_234);
        }
        for metric in [&catalog::PAGE_SECONDS, &catalog::UPSTREAM_SECONDS] {
            for seconds in [0.1, 1.0, 10.0] {
                histogram!(metric.name, "connector" => connector()).record(seconds);
            }
        }
        let host = "api.example.com";
        for outcome in ["2xx", "4xx"] {
            counter!(catalog::UPSTREAM_CALLS.name, "connector" => connector(), "host" => host, "method" => "GET", "outcome" => outcome)
                .increment(123_456);
        }
        for direction in ["sent", "received"] {
            counter!(catalog::UPSTREAM_BYTES.name, "connector" => connector(), "direction" => direction)
                .increment(123_456_789);
        }
        counter!(catalog::UPSTREAM_RETRIES.name, "connector" => connector(), "cause" => "429")
            .increment(123);
        counter!(catalog::TOKEN_REQUESTS.name, "connector" => connector(), "credential" => "api", "outcome" => "ok")
            .increment(123);
        counter!(catalog::CONNECTOR_LOADS.name, "connector" => connector(), "outcome" => "ok")
            .increment(1);
    }
}

/// Reports the gauges of this many connectors.
pub(super) fn observe(connectors: usize) {
    for number in 0..connectors {
        for metric in [
            &catalog::CONNECTOR_UP,
            &catalog::RUNNING_CALLS,
            &catalog::UPSTREAM_CONNECTIONS,
        ] {
            gauge!(metric.name, "connector" => name(number)).set(1.0);
        }
    }
}

fn name(number: usize) -> String {
    format!("connector-{number:04}")
}
