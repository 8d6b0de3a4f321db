//! What is reported of each call to the network, however it ends.

use super::super::{Egress, EgressError, Request};
use super::server::{PRIVATE, Server, UNKNOWN, page, request};
use crate::config::{Limits, NetworkConfig};
use crate::metrics_probe::MetricsProbe;

const CALLS: &str = "weld_host_upstream_calls_total";
const BYTES: &str = "weld_host_upstream_bytes_total";
const PARTS: &str = "weld_host_upstream_part_seconds";

/// A connector that may GET and POST at `http://*.example.com`.
fn egress(server: &Server, limits: &Limits) -> Egress {
    let network = NetworkConfig {
        allow: ["GET,POST,PURGE http://*.example.com".parse().unwrap()]
            .into_iter()
            .collect(),
        ..NetworkConfig::default()
    };
    server.egress("shop", network, *limits)
}

/// One request, in its own page.
async fn fetch(egress: &Egress, limits: &Limits, request: Request) -> Result<u16, EgressError> {
    let response = egress.fetch(request, &page(limits)).await?;
    Ok(response.status)
}

/// The metric for calls that ended this way.
fn calls(host: &str, method: &str, outcome: &str) -> String {
    format!("{CALLS}{{connector=shop,host={host},method={method},outcome={outcome}}}")
}

#[tokio::test]
async fn calls_are_counted_by_how_they_end() {
    let server = Server::plain().await;
    let private = format!("http://{PRIVATE}/");
    let unknown = format!("http://{UNKNOWN}/");
    let limits = |change: fn(&mut Limits)| {
        let mut limits = Limits::default();
        change(&mut limits);
        limits
    };
    let usual = Limits::default();
    for (method, url, limits, host, shown, outcome) in [
        (
            "GET",
            "http://api.example.com/200",
            &usual,
            "*.example.com",
            "GET",
            "2xx",
        ),
        (
            "POST",
            "http://api.example.com/302",
            &usual,
            "*.example.com",
            "POST",
            "3xx",
        ),
        (
            "GET",
            "http://api.example.com/404?page=2",
            &usual,
            "*.example.com",
            "GET",
            "4xx",
        ),
        (
            "GET",
            "http://x.example.com/503",
            &usual,
            "*.example.com",
            "GET",
            "5xx",
        ),
        (
            "PURGE",
            "http://x.example.com/200",
            &usual,
            "*.example.com",
            "other",
            "2xx",
        ),
        // No rule allows it, so neither its host nor its method becomes a label.
        (
            "GET",
            "http://made-up.example.net/",
            &usual,
            "none",
            "GET",
            "denied",
        ),
        (
            "MADE-UP",
            "http://api.example.com/",
            &usual,
            "none",
            "other",
            "denied",
        ),
        (
            "GET",
            private.as_str(),
            &usual,
            "*.example.com",
            "GET",
            "address-denied",
        ),
        (
            "GET",
            "ftp://api.example.com/",
            &usual,
            "none",
            "GET",
            "invalid",
        ),
        (
            "GE T",
            "http://api.example.com/",
            &usual,
            "none",
            "other",
            "invalid",
        ),
        (
            "GET",
            unknown.as_str(),
            &usual,
            "*.example.com",
            "GET",
            "failed",
        ),
        (
            "POST",
            "http://api.example.com/200",
            &limits(|limits| limits.max_request_bytes = 3),
            "*.example.com",
            "POST",
            "request-too-large",
        ),
        (
            "GET",
            "http://api.example.com/200",
            &limits(|limits| limits.max_response_bytes = 0),
            "*.example.com",
            "GET",
            "too-large",
        ),
        (
            "GET",
            "http://api.example.com/200",
            &limits(|limits| limits.max_calls = 0),
            "none",
            "GET",
            "too-many-calls",
        ),
    ] {
        let recorded = MetricsProbe::default();
        let _guard = metrics::set_default_local_recorder(&recorded);
        let body = if method == "POST" { "rows" } else { "" };
        let answer = fetch(&egress(&server, limits), limits, request(method, url, body)).await;
        assert_eq!(
            answer.is_ok(),
            outcome.ends_with("xx"),
            "{method} {url}: {answer:?}"
        );
        let counted: Vec<String> = recorded
            .names()
            .into_iter()
            .filter(|name| name.starts_with(CALLS))
            .collect();
        let expected = calls(host, shown, outcome);
        assert_eq!(counted, [expected.as_str()], "{method} {url}");
        assert_eq!(recorded.value(&expected), Some(1.0), "{method} {url}");
    }
}

#[tokio::test]
async fn bytes_of_bodies_and_the_time_of_each_call_are_recorded() {
    let server = Server::plain().await;
    let limits = Limits::default();
    let egress = egress(&server, &limits);
    let recorded = MetricsProbe::default();
    let _guard = metrics::set_default_local_recorder(&recorded);
    for body in ["", "rows", "more rows"] {
        let request = request("POST", "http://api.example.com/", body);
        fetch(&egress, &limits, request).await.unwrap();
    }
    for (metric, value) in [
        (format!("{BYTES}{{connector=shop,direction=sent}}"), 13.0),
        // The number of the connection, three times.
        (format!("{BYTES}{{connector=shop,direction=received}}"), 3.0),
        ("weld_host_upstream_seconds{connector=shop}".to_owned(), 3.0),
        (format!("{PARTS}{{part=first-byte}}"), 3.0),
        // Connections are kept, so only one is made.
        (format!("{PARTS}{{part=connect}}"), 1.0),
    ] {
        let recorded = (recorded.value(&metric), recorded.names());
        assert_eq!(recorded.0, Some(value), "{metric} of {:?}", recorded.1);
    }
}

#[tokio::test]
async fn unread_response_is_a_dropped_call() {
    let server = Server::plain().await;
    let limits = Limits::default();
    let egress = egress(&server, &limits);
    let recorded = MetricsProbe::default();
    let _guard = metrics::set_default_local_recorder(&recorded);
    let request = request("GET", "http://api.example.com/", "");
    let answered = egress.send(request, &page(&limits)).await.unwrap();
    assert!(recorded.names().is_empty(), "it isn't over yet");
    drop(answered);
    let dropped = calls("*.example.com", "GET", "dropped");
    assert_eq!(recorded.value(&dropped), Some(1.0));
}
