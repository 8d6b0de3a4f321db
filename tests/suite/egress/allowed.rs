//! The guest's only way to the network: what is allowed, and within which limits.

use super::{fetch, host_for};
use crate::{guests, host, host_with, host_with_config};
use serde_json::json;
use weld_host_tests::upstream::Upstream;

#[test]
fn request_reaches_the_upstream_unchanged() {
    let upstream = Upstream::start(|_, exchange| {
        exchange.answer(
            201,
            &[
                ("X-Answer", "yes"),
                ("set-cookie", "a=1"),
                ("set-cookie", "b=2"),
            ],
            "created",
        );
    });
    let host = host_for(&upstream, "");
    let row = fetch(
        &host,
        &json!({
            "url": upstream.url("/beers?page=2&q=a%20b"),
            "method": "POST",
            "headers": [["x-token", "secret"], ["content-type", "text/plain"]],
            "body": "a new beer",
        }),
    );
    assert_eq!(row["status"], 201, "{row}");
    assert_eq!(row["body"], "created");
    assert_eq!(row["url"], upstream.url("/beers?page=2&q=a%20b"));
    for header in [
        ["x-answer", "yes"],
        ["set-cookie", "a=1"],
        ["set-cookie", "b=2"],
    ] {
        assert!(
            row["headers"].as_array().unwrap().contains(&json!(header)),
            "{row}"
        );
    }
    let received = upstream.received();
    assert_eq!(received.len(), 1);
    assert_eq!(
        (received[0].method(), received[0].target()),
        ("POST", "/beers?page=2&q=a%20b")
    );
    assert_eq!(received[0].header("x-token"), Some("secret"));
    assert_eq!(
        received[0].header("host"),
        Some(upstream.address().to_string().as_str())
    );
    assert_eq!(received[0].text(), "a new beer");
}

#[test]
fn nothing_is_reachable_without_a_rule() {
    let upstream = Upstream::answering("{}");
    let host = host_with(guests::FETCHES);
    let row = fetch(&host, &json!({ "url": upstream.url("/") }));
    assert_eq!(row["error"], "denied", "{row}");
    let detail = row["detail"].as_str().unwrap();
    assert!(
        detail.contains(&upstream.origin()),
        "says which line to add: {detail}"
    );
    assert!(
        detail.contains("guest.toml") && detail.contains("allow"),
        "says where: {detail}"
    );
    assert!(upstream.received().is_empty());
}

#[test]
fn only_what_a_rule_names_is_reachable() {
    let (allowed, other) = (Upstream::answering("{}"), Upstream::answering("{}"));
    let config = format!("[network]\nallow = [\"GET {}/v1\"]", allowed.origin());
    let host = host_with_config(guests::FETCHES, &config);
    assert_eq!(
        fetch(&host, &json!({ "url": allowed.url("/v1/beers") }))["status"],
        200
    );
    for request in [
        json!({ "url": allowed.url("/v1/beers"), "method": "POST" }),
        json!({ "url": allowed.url("/v2/beers") }),
        json!({ "url": allowed.url("/v1/../v2/beers") }),
        json!({ "url": other.url("/v1/beers") }),
        json!({ "url": format!("http://localhost:{}/v1/beers", allowed.address().port()) }),
        json!({ "url": format!("https://{}/v1/beers", allowed.address()) }),
    ] {
        let row = fetch(&host, &request);
        assert_eq!(row["error"], "denied", "{request}: {row}");
    }
    assert_eq!(allowed.received().len(), 1);
    assert!(other.received().is_empty());
}

#[test]
fn connectors_reach_only_what_their_own_rules_name() {
    let upstream = Upstream::answering("{}");
    let host = host()
        .plugin("guest", guests::FETCHES)
        .plugin("allowed", guests::FETCHES)
        .config(
            "allowed",
            &format!("[network]\nallow = [\"{}\"]", upstream.origin()),
        )
        .start();
    let request = json!({ "url": upstream.url("/") });
    assert_eq!(
        host.weld("allowed").good_row("rows", &request)["status"],
        200
    );
    assert_eq!(fetch(&host, &request)["error"], "denied");
}

#[test]
fn malformed_request_is_refused_before_it_is_sent() {
    let upstream = Upstream::answering("{}");
    let host = host_for(&upstream, "");
    for request in [
        json!({ "url": "" }),
        json!({ "url": "beers" }),
        json!({ "url": "ftp://127.0.0.1/beers" }),
        json!({ "url": "file:///etc/passwd" }),
        json!({ "url": upstream.url("/"), "method": "GE T" }),
        json!({ "url": upstream.url("/"), "method": "CONNECT" }),
        json!({ "url": upstream.url("/"), "method": "connect" }),
        json!({ "url": upstream.url("/"), "method": "TRACE" }),
        json!({ "url": upstream.url("/"), "method": "Trace" }),
        json!({ "url": upstream.url("/"), "headers": [["bad name", "x"]] }),
        json!({ "url": upstream.url("/"), "headers": [["x-split", "a\r\nx-forged: b"]] }),
        json!({ "url": upstream.url("/"), "headers": [["content-length", "5"]] }),
        json!({ "url": upstream.url("/"), "headers": [["host", "elsewhere"]] }),
    ] {
        let row = fetch(&host, &request);
        assert_eq!(row["error"], "invalid", "{request}: {row}");
    }
    assert!(upstream.received().is_empty());
}

#[test]
fn redirect_is_returned_to_the_guest() {
    let elsewhere = Upstream::answering("{}");
    let target = elsewhere.url("/");
    let upstream =
        Upstream::start(move |_, exchange| exchange.answer(302, &[("location", &target)], ""));
    let row = fetch(
        &host_for(&upstream, ""),
        &json!({ "url": upstream.url("/") }),
    );
    assert_eq!(row["status"], 302, "{row}");
    assert!(
        row["headers"]
            .as_array()
            .unwrap()
            .contains(&json!(["location", elsewhere.url("/")])),
        "{row}"
    );
    assert!(elsewhere.received().is_empty());
}

#[test]
fn credential_that_is_not_configured_is_an_error() {
    let upstream = Upstream::answering("{}");
    let host = host_for(&upstream, "");
    let row = fetch(
        &host,
        &json!({ "url": upstream.url("/"), "credential": "api" }),
    );
    assert_eq!(row["error"], "credentials", "{row}");
    assert!(row["detail"].as_str().unwrap().contains("api"), "{row}");
    assert!(upstream.received().is_empty());
}

#[test]
fn oversized_headers_are_refused() {
    let upstream = Upstream::answering("{}");
    let host = host_for(&upstream, "");
    let distinct: Vec<(String, &str)> = (0..40_000).map(|id| (format!("x-{id}"), "v")).collect();
    let repeated = vec![("x-same", "v"); 40_000];
    let long = [("x-long", "v".repeat(1 << 20))];
    let together: Vec<(String, String)> = (0..64)
        .map(|id| (format!("x-{id}"), "v".repeat(16 << 10)))
        .collect();
    for headers in [
        json!(distinct),
        json!(repeated),
        json!(long),
        json!(together),
    ] {
        let row = fetch(
            &host,
            &json!({ "url": upstream.url("/"), "headers": headers }),
        );
        assert_eq!(row["error"], "invalid", "{row}");
    }
    assert!(upstream.received().is_empty());
    let row = fetch(&host, &json!({ "url": upstream.url("/") }));
    assert_eq!(row["status"], 200, "the host keeps serving: {row}");
    let log = host.log().so_far().join("\n");
    assert!(!log.contains("panicked"), "{log}");
}

#[test]
fn password_in_a_url_is_never_shown() {
    let host = host()
        .plugin("guest", guests::FETCHES)
        .flag("--log", "debug")
        .start();
    for url in [
        "https://user:s3cret@host:99999/",
        "https://user:s3cret@[::1/",
        "https://user:s3cret@ho st/",
        "https://user:s3cret@/",
        "https://user:s3cret@host/",
        "https://s3cret@host/",
        "ftp://user:s3cret@host/",
        "https:user:s3cret@host:99999",
        "https:\\\\user:s3cret@host:99999\\",
        "//user:s3cret@host/",
        "user:s3cret@host",
    ] {
        let row = fetch(&host, &json!({ "url": url }));
        assert_eq!(row["error"], "invalid", "{url}: {row}");
        assert!(!row.to_string().contains("s3cret"), "{url}: {row}");
    }
    host.weld("guest").page("the_last_table", &json!({}));
    host.log().wait_for_text("the_last_table");
    let log = host.log().so_far().join("\n");
    assert!(!log.contains("s3cret"), "{log}");
}

#[test]
fn name_of_this_machine_needs_a_rule_and_a_network() {
    let upstream = Upstream::answering("{}");
    let url = format!("http://localhost:{}/", upstream.address().port());
    let allow = format!("[network]\nallow = [\"{url}\"]\n");
    let row = fetch(
        &host_with_config(guests::FETCHES, &allow),
        &json!({ "url": url }),
    );
    assert_eq!(row["error"], "denied", "{row}");
    let detail = row["detail"].as_str().unwrap();
    assert!(
        detail.contains("allow-networks") && detail.contains("guest.toml"),
        "says what to do: {detail}"
    );
    assert!(upstream.received().is_empty());
    let opened = format!("{allow}allow-networks = [\"127.0.0.0/8\", \"::1/128\"]");
    let row = fetch(
        &host_with_config(guests::FETCHES, &opened),
        &json!({ "url": url }),
    );
    assert_eq!(row["status"], 200, "{row}");
}

#[test]
fn proxies_of_the_environment_are_ignored_for_this_machine() {
    let (upstream, proxy) = (Upstream::answering("{}"), Upstream::answering("{}"));
    let config = format!("[network]\nallow = [\"{}\"]", upstream.origin());
    let connectors = [("fetch", guests::FETCHES), ("wasi", guests::FETCHES_WASI)];
    let host = connectors
        .into_iter()
        .fold(host(), |host, (name, component)| {
            host.plugin(name, component).config(name, &config)
        });
    let variables = ["http_proxy", "https_proxy", "all_proxy"]
        .into_iter()
        .flat_map(|name| [name.to_owned(), name.to_uppercase()]);
    let host = variables
        .fold(host, |host, name| host.variable(&name, proxy.origin()))
        .start();
    for (name, _) in connectors {
        let request = json!({ "url": upstream.url("/") });
        let row = host.weld(name).good_row("rows", &request);
        assert_eq!(row["status"], 200, "{name}: {row}");
    }
    assert_eq!(upstream.received().len(), 2);
    assert!(proxy.received().is_empty());
}
