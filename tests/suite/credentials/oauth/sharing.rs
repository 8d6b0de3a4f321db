//! One token for many pages, even if some of them are given up.

use super::called;
use super::endpoint::{Endpoint, KEYS, token};
use crate::{guests, host};
use serde_json::json;
use weld_host_tests::gate::Gate;
use weld_host_tests::host::{Host, HostBuilder};
use weld_host_tests::until;
use weld_host_tests::weld::Pending;

const PAGES: usize = 50;

/// An endpoint that gives its token once the second gate is open, and opens the first one when it is called.
fn gated() -> (Endpoint, Gate, Gate) {
    let (arrived, release) = (Gate::shut(), Gate::shut());
    let (arrival, hold) = (arrived.clone(), release.clone());
    let endpoint = Endpoint::scripted(move |number, exchange| {
        arrival.open();
        hold.pass("the test to release the token");
        exchange.answer(200, &[], token(number));
    });
    (endpoint, arrived, release)
}

fn with(endpoint: &Endpoint, more: &str) -> HostBuilder {
    host()
        .plugin("guest", guests::FETCHES)
        .config("guest", &endpoint.config(&format!("{KEYS}{more}")))
        .flag("--slots", "64")
        .flag("--max-concurrency", "64")
}

/// The request for a separate page, which no other request joins.
fn begin(host: &Host, endpoint: &Endpoint, number: usize) -> Pending {
    let state = json!({ "url": endpoint.upstream.url(&format!("/beers/{number}")) });
    host.weld("guest")
        .page_request("rows", &state)
        .begin()
        .unwrap()
}

#[test]
fn pages_that_wait_for_a_token_share_one_request() {
    let (endpoint, arrived, release) = gated();
    let host = with(
        &endpoint,
        "[limits]\nconcurrency = 64\nanswer-within = \"off\"",
    )
    .start();
    let pages: Vec<Pending> = (0..PAGES)
        .map(|number| begin(&host, &endpoint, number))
        .collect();
    arrived.pass("the request for a token");
    release.open();
    for page in pages {
        let page = page.answer().unwrap();
        assert_eq!(page.status(), 200, "{}", page.text());
        assert_eq!(page.json()["insert"][0]["status"], 200, "{}", page.text());
    }
    assert_eq!(endpoint.asked(), 1);
    assert_eq!(endpoint.calls().len(), PAGES);
}

#[test]
fn a_page_that_waits_for_a_token_says_so() {
    let (endpoint, arrived, release) = gated();
    let host = with(&endpoint, "[limits]\nanswer-within = \"1ms\"").start();
    let state = json!({ "url": endpoint.upstream.url("/beers") });
    let ask = || host.weld("guest").page("rows", &state);
    ask();
    arrived.pass("the request for a token");
    let pending = ask();
    assert_eq!(
        pending.header("weld-host-waits-for"),
        Some("token of api"),
        "{}",
        pending.text()
    );
    release.open();
}

#[test]
fn page_waiting_as_the_endpoint_asked_says_until_when() {
    let endpoint = Endpoint::scripted(|_, exchange| {
        exchange.answer(429, &[("retry-after", "60")], "{}");
    });
    let host = with(&endpoint, "[limits]\nanswer-within = \"1ms\"").start();
    let state = json!({ "url": endpoint.upstream.url("/beers") });
    until("the page says until when it waits", || {
        let pending = host.weld("guest").page("rows", &state);
        let told = pending.header("weld-host-waits-for").unwrap_or_default();
        told.starts_with("token of api until ")
    });
    assert_eq!(endpoint.asked(), 1);
}

#[test]
fn page_that_times_out_does_not_end_the_request_for_a_token() {
    let (endpoint, arrived, release) = gated();
    let host = with(
        &endpoint,
        "[limits]\npage-timeout = \"2s\"\nanswer-within = \"off\"",
    )
    .start();
    let page = begin(&host, &endpoint, 1);
    arrived.pass("the request for a token");
    // Either the page or its call notices first.
    let page = page.answer().unwrap().text();
    assert!(
        page.contains("deadline_exceeded") || page.contains("timeout"),
        "{page}"
    );
    release.open();
    let row = called(&host, &endpoint);
    assert_eq!(row["status"], 200, "{row}");
    assert_eq!(endpoint.asked(), 1, "it was neither cut off nor repeated");
}
