//! What a failed page says about a retry: `temporary` of its error, which depends on how the connector's requests ended.

use crate::{assert_error, guests, host, host_with_config};
use serde_json::{Value, json};
use std::net::{Ipv4Addr, TcpListener};
use weld_host_tests::host::Host;
use weld_host_tests::upstream::Upstream;

/// An API that fails in the way that the path asks for, or answers with the status in it.
fn failing() -> Upstream {
    Upstream::start(|request, exchange| match request.target() {
        "/resets" => {}
        "/silent" => exchange.wait_for_close(),
        "/stalls" => {
            exchange.begin(200, &[("content-length", "1000")]);
            exchange.send("a beginning");
            exchange.wait_for_close();
        }
        "/cut" => {
            exchange.begin(200, &[("content-length", "1000")]);
            exchange.send("a beginning");
        }
        "/large" => exchange.answer(200, &[], "x".repeat(2 << 10)),
        "/garbled" => exchange.answer(200, &[("content-encoding", "gzip")], "no gzip"),
        "/unheard" => {
            exchange.send("no HTTP at all\r\n\r\n");
        }
        "/quota" => exchange.answer(403, &[("retry-after", "3600")], ""),
        path => {
            let status = path.trim_start_matches('/').parse().expect("a status");
            exchange.answer(status, &[("location", "/elsewhere")], "<html>");
        }
    })
}

/// The error's `temporary`.
fn temporary(host: &Host, connector: &str, state: &Value) -> Value {
    let answer = host.weld(connector).page("rows", state);
    assert_error(&answer, 502, "upstream_failed");
    answer.json()["error"]["temporary"].clone()
}

#[test]
fn page_that_fails_after_a_request_says_whether_a_retry_may_help() {
    let api = failing();
    let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let nobody = format!("http://{}", closed.local_addr().expect("an address"));
    drop(closed);
    let config = format!(
        "[network]\nallow = [\"{}\", \"{nobody}\"]\nfirst-byte-timeout = \"150ms\"\nidle-timeout = \"150ms\"\n\
         [limits]\nresponse-size = \"1KiB\"\n[rate-limit]\nretries = 0\nfailures = 0",
        api.origin()
    );
    let host = host()
        .plugin("fetch", guests::FETCHES)
        .config("fetch", &config)
        .plugin("wasi", guests::FETCHES_WASI)
        .config("wasi", &config)
        .start();
    for connector in ["fetch", "wasi"] {
        for (path, expected) in [
            // The connector can't use the answer, and would not be able to use the next one.
            ("/200", false),
            ("/302", false),
            ("/400", false),
            ("/403", false),
            ("/404", false),
            ("/410", false),
            ("/422", false),
            ("/large", false),
            ("/garbled", false),
            ("/unheard", false),
            ("/408", true),
            ("/429", true),
            ("/500", true),
            ("/502", true),
            ("/503", true),
            ("/504", true),
            ("/resets", true),
            ("/silent", true),
            ("/stalls", true),
            ("/cut", true),
            ("/quota", true),
        ] {
            let state = json!({ "url": api.url(path), "on_error": "fail", "on_answer": "fail" });
            assert_eq!(
                temporary(&host, connector, &state),
                expected,
                "{connector}{path}"
            );
        }
        for (url, expected) in [(nobody.as_str(), true), ("http://other.example.com", false)] {
            let state = json!({ "url": url, "on_error": "fail" });
            assert_eq!(
                temporary(&host, connector, &state),
                expected,
                "{connector} {url}"
            );
        }
    }
}

#[test]
fn request_that_succeeded_later_does_not_hide_one_that_failed() {
    let api = Upstream::start(|request, exchange| {
        let status = if request.method() == "POST" { 503 } else { 200 };
        exchange.answer(status, &[], "[]");
    });
    let config = format!(
        "[network]\nallow = [\"{}\"]\n[rate-limit]\nretries = 0",
        api.origin()
    );
    let host = host_with_config(guests::FETCHES, &config);
    for (before, expected) in [(json!([]), false), (json!(["POST"]), true)] {
        let state = json!({ "url": api.url("/"), "before": before, "on_answer": "fail" });
        assert_eq!(temporary(&host, "guest", &state), expected, "{state}");
    }
}

#[test]
fn page_that_used_up_its_time_would_use_it_up_again() {
    let api = failing();
    let config = format!(
        "[network]\nallow = [\"{}\"]\n[limits]\npage-timeout = \"1s\"",
        api.origin()
    );
    let host = host_with_config(guests::FETCHES, &config);
    let state = json!({ "url": api.url("/silent") });
    let answer = host.weld("guest").page("rows", &state);
    let message = assert_error(&answer, 504, "deadline_exceeded");
    assert!(message.contains("`limits.page-timeout`"), "{message}");
    assert_eq!(answer.json()["error"]["temporary"], false);
}

#[test]
fn memory_of_the_connector_alone_is_used_up_again() {
    let host = host_with_config(guests::ALLOCATES_ENDLESSLY, "[limits]\nmemory = \"16MiB\"");
    let answer = host.weld("guest").page("rows", &json!({}));
    assert_error(&answer, 500, "out_of_memory");
    assert_eq!(answer.json()["error"]["temporary"], false);
}
