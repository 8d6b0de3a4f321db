//! `/metrics`: what Prometheus sees of the host.

use super::{fill_queue, get, three_sandboxes, with_admin};
use crate::{guests, host};
use serde_json::json;
use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use weld_host_tests::until;
use weld_host_tests::upstream::Upstream;
use weld_host_tests::weld::Request;

fn scrape(admin: SocketAddr) -> String {
    let answer = get(admin, "/metrics");
    assert_eq!(answer.status(), 200, "{}", answer.text());
    answer.text()
}

/// The value of a series, written as in the text; `None` if it is not there.
fn value(text: &str, series: &str) -> Option<f64> {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '))?;
    Some(line.parse().unwrap())
}

#[test]
fn a_page_and_its_request_to_an_api_are_counted() {
    let upstream = Upstream::answering("[]");
    let allowed = format!("[network]\nallow = [\"{}\"]", upstream.origin());
    let builder = host()
        .plugin("guest", guests::ECHOES_STATE)
        .plugin("fetches", guests::FETCHES)
        .config("fetches", &allowed)
        .file("broken.wasm", "no component");
    let (host, admin) = with_admin(builder);
    host.weld("guest").good_page("beers", &json!({}));
    host.weld("guest").good_page("beers", &json!({}));
    host.weld("guest").schema();
    host.weld("fetches")
        .page("rows", &json!({ "url": upstream.url("/") }));
    let text = scrape(admin);
    for (series, expected) in [
        (
            r#"weld_host_requests_total{connector="guest",what="page",outcome="ready"}"#,
            2.0,
        ),
        (
            r#"weld_host_requests_total{connector="guest",what="schema",outcome="ready"}"#,
            1.0,
        ),
        (
            r#"weld_host_rows_total{connector="guest",table="beers"}"#,
            2.0,
        ),
        (r#"weld_host_page_seconds_count{connector="guest"}"#, 2.0),
        (r#"weld_host_request_seconds_count{what="page"}"#, 3.0),
        ("weld_host_sandbox_wait_seconds_count", 4.0),
        (
            r#"weld_host_upstream_calls_total{connector="fetches",host="127.0.0.1",method="GET",outcome="2xx"}"#,
            1.0,
        ),
        (
            r#"weld_host_upstream_seconds_count{connector="fetches"}"#,
            1.0,
        ),
        (
            r#"weld_host_upstream_bytes_total{connector="fetches",direction="received"}"#,
            2.0,
        ),
        (r#"weld_host_connectors{state="ready"}"#, 2.0),
        (r#"weld_host_connectors{state="not_loaded"}"#, 1.0),
        (r#"weld_host_connector_up{connector="guest"}"#, 1.0),
        (r#"weld_host_connector_up{connector="broken"}"#, 0.0),
        (
            r#"weld_host_connector_loads_total{connector="guest",outcome="ok"}"#,
            1.0,
        ),
        (
            r#"weld_host_connector_loads_total{connector="broken",outcome="failed"}"#,
            1.0,
        ),
        ("weld_host_slots_in_use", 0.0),
        ("weld_host_queued_calls", 0.0),
        ("weld_host_metrics_refused_total", 0.0),
    ] {
        assert_eq!(value(&text, series), Some(expected), "{series} in\n{text}");
    }
    for (series, least) in [
        (
            r#"weld_host_guest_cpu_seconds_total{connector="guest"}"#,
            0.0,
        ),
        (r#"weld_host_answer_bytes_total{connector="guest"}"#, 10.0),
        (
            r#"weld_host_upstream_connections{connector="fetches"}"#,
            0.0,
        ),
        ("weld_host_memory_limit_bytes", 1e6),
        ("weld_host_slots", 1.0),
        ("process_start_time_seconds", 1e9),
        ("process_resident_memory_bytes", 1e6),
        ("process_open_fds", 3.0),
    ] {
        assert!(value(&text, series) >= Some(least), "{series} in\n{text}");
    }
}

#[test]
fn calls_that_run_and_wait_are_shown_while_they_do() {
    let upstream = Upstream::start(|_, exchange| exchange.wait_for_close());
    let config = format!(
        "[network]\nallow = [\"{}\"]\n[limits]\nconcurrency = 2",
        upstream.origin()
    );
    let builder = host()
        .plugin("waits", guests::FETCHES)
        .config("waits", &config);
    let (host, admin) = with_admin(builder);
    let _pages: Vec<_> = (0..3)
        .map(|page| {
            let state = json!({ "url": upstream.url("/"), "page": page });
            host.weld("waits").page_request("rows", &state).begin()
        })
        .collect();
    for (series, expected) in [
        (r#"weld_host_running_calls{connector="waits"}"#, 2.0),
        (
            r#"weld_host_waiting_calls{connector="waits",reason="response"}"#,
            2.0,
        ),
        (
            r#"weld_host_waiting_calls{connector="waits",reason="sandbox"}"#,
            1.0,
        ),
        ("weld_host_slots_in_use", 2.0),
        ("weld_host_queued_calls", 1.0),
    ] {
        until(series, || value(&scrape(admin), series) == Some(expected));
    }
}

#[test]
fn names_that_clients_make_up_are_not_labels() {
    let (host, admin) = with_admin(host().plugin("guest", guests::ECHOES_STATE));
    let address = host.address();
    for number in 0..50 {
        let path = format!("/made-up-{number}");
        Request::new(address, "POST", &path)
            .json(&json!({ "name": "rows" }))
            .send();
        Request::new(address, &format!("MADE{number}"), "/guest").send();
    }
    let text = scrape(admin);
    assert!(!text.to_lowercase().contains("made"), "{text}");
    let connectors: BTreeSet<&str> = text
        .split("connector=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert_eq!(connectors, BTreeSet::from(["guest", "none"]));
}

#[test]
fn a_reload_that_fails_is_counted_and_the_connector_stays_up() {
    let builder = host()
        .plugin("guest", guests::ECHOES_STATE)
        .flag("--reload", "100ms");
    let (host, admin) = with_admin(builder);
    fs::write(host.plugins().join("guest.toml"), "[limits]\nmemory = 7").unwrap();
    let failed = r#"weld_host_connector_loads_total{connector="guest",outcome="failed"}"#;
    until("the reload fails", || {
        value(&scrape(admin), failed).is_some()
    });
    let text = scrape(admin);
    let up = r#"weld_host_connector_up{connector="guest"}"#;
    assert_eq!(value(&text, up), Some(1.0), "{text}");
}

#[test]
fn metrics_are_answered_beside_guests_that_compute() {
    let (host, admin) = with_admin(three_sandboxes());
    let _pages = fill_queue(&host);
    let busy = r#"weld_host_requests_total{connector="greedy",what="page",outcome="busy"}"#;
    for _ in 0..20 {
        let text = scrape(admin);
        assert_eq!(value(&text, "weld_host_slots_in_use"), Some(3.0));
        assert_eq!(value(&text, "weld_host_queued_calls"), Some(1.0));
        assert_eq!(value(&text, "weld_host_queue_limit"), Some(1.0));
        assert!(value(&text, busy) >= Some(1.0), "{text}");
    }
}
