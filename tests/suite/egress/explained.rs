//! What the host adds to the error of a connector whose request it refused without a text: the limit and its value, or the
//! line of the configuration that would allow the request.

use crate::egress::host_for;
use crate::{assert_error, guests, host, host_with_config};
use serde_json::json;
use weld_host_tests::host::Host;
use weld_host_tests::upstream::Upstream;

/// An API that answers nothing in time.
fn silent() -> Upstream {
    Upstream::start(|request, exchange| match request.target() {
        "/large" => exchange.answer(200, &[], "x".repeat(2 << 10)),
        "/stalls" => {
            exchange.begin(200, &[("content-length", "1000")]);
            exchange.send("a beginning");
            exchange.wait_for_close();
        }
        "/drops-gets" if request.method() == "GET" => {}
        _ => exchange.wait_for_close(),
    })
}

/// Checks that the log has a message as it was answered.
fn assert_logged(host: &Host, message: &str) {
    host.log().wait_for(message, |line| {
        line.contains(message) && line.contains("status=")
    });
}

#[test]
fn limit_that_ended_a_request_is_named_with_its_value() {
    let api = silent();
    let limits = "first-byte-timeout = \"150ms\"\nidle-timeout = \"160ms\"\n[limits]\nresponse-size = \"1KiB\"\n[rate-limit]\nretries = 0";
    let config = format!("[network]\nallow = [\"{}\"]\n{limits}", api.origin());
    let host = host()
        .plugin("fetch", guests::FETCHES)
        .config("fetch", &config)
        .plugin("wasi", guests::FETCHES_WASI)
        .config("wasi", &config)
        .start();
    for connector in ["fetch", "wasi"] {
        for (path, expected) in [
            (
                "/",
                "for the head of the response (`network.first-byte-timeout` is 150ms)",
            ),
            (
                "/stalls",
                "for the rest of the response's body (`network.idle-timeout` is 160ms)",
            ),
            (
                "/large",
                "the response is larger than 1KiB (`limits.response-size`)",
            ),
        ] {
            let state = json!({ "url": api.url(path), "on_error": "fail" });
            let answer = host.weld(connector).page("rows", &state);
            let message = assert_error(&answer, 502, "upstream_failed");
            assert!(
                message.starts_with("the API failed: no beers") && message.ends_with(expected),
                "{connector}{path}: {message}"
            );
            assert_logged(&host, expected);
        }
    }
}

#[test]
fn connectors_own_timeout_is_named_as_such() {
    let api = silent();
    let host = host_for(&api, "");
    let state = json!({ "url": api.url("/"), "timeout": 100, "on_error": "fail" });
    let answer = host.weld("guest").page("rows", &state);
    let message = assert_error(&answer, 502, "upstream_failed");
    assert!(
        message.ends_with("(the connector's timeout for this request is 100ms)"),
        "{message}"
    );
}

#[test]
fn crash_after_a_timeout_is_explained_too() {
    let api = silent();
    let host = host_for(&api, "first-byte-timeout = \"100ms\"");
    let state = json!({ "url": api.url("/"), "on_error": "trap" });
    let answer = host.weld("guest").page("rows", &state);
    let message = assert_error(&answer, 500, "connector_crashed");
    assert!(
        message.ends_with("(`network.first-byte-timeout` is 100ms)"),
        "{message}"
    );
}

#[test]
fn failure_with_a_text_of_its_own_gets_nothing_added() {
    let api = silent();
    let host = host_for(
        &api,
        "first-byte-timeout = \"100ms\"\n[rate-limit]\nretries = 0",
    );
    // The first request times out; the second one fails with a text.
    let state = json!({ "url": api.url("/drops-gets"), "before": ["POST"], "on_error": "fail" });
    let answer = host.weld("guest").page("rows", &state);
    let message = assert_error(&answer, 502, "upstream_failed");
    assert!(
        message.contains("Failed") && !message.contains("first-byte-timeout"),
        "{message}"
    );
    let state = json!({ "url": "http://other.example.com", "on_error": "fail" });
    let answer = host.weld("guest").page("rows", &state);
    let message = assert_error(&answer, 502, "upstream_failed");
    assert_eq!(message.matches("no rule allows").count(), 1, "{message}");
}

#[test]
fn forbidden_host_is_named_once_with_the_line_to_add() {
    let host = host_with_config(guests::FETCHES_WASI, "");
    // The import has no text for it.
    let state = json!({ "url": "https://api.example.com/v1", "on_error": "fail" });
    let answer = host.weld("guest").page("rows", &state);
    let message = assert_error(&answer, 502, "upstream_failed");
    let line = "no rule allows https://api.example.com; add the line `allow = [\"https://api.example.com\"]` under [network] in guest.toml";
    assert!(message.ends_with(line), "{message}");
    assert_eq!(message.matches("[network]").count(), 1, "{message}");
    assert!(!message.contains("[env]"), "{message}");
}

#[test]
fn refused_credential_is_named_by_its_section() {
    let api = Upstream::start(|request, exchange| {
        let status = request.target().trim_start_matches('/');
        exchange.answer(status.parse().expect("a status"), &[], "no");
    });
    let (origin, secret) = (api.origin(), "hunter2hunter2");
    let section = |urls: &str| {
        format!("[auth.shop]\nkind = \"bearer\"\nurls = [\"{urls}\"]\ntoken = \"{secret}\"\n")
    };
    let elsewhere = "http://other.example.com";
    for (section, expected) in [
        (
            section(&origin),
            "; the host had added the credential of [auth.shop] in guest.toml".to_owned(),
        ),
        (
            section(elsewhere),
            format!(
                "; no section [auth.NAME] of guest.toml applies to this URL of {origin}, so the host had added no credential"
            ),
        ),
        (
            String::new(),
            "; guest.toml has no section [auth.NAME], so the host had added no credential"
                .to_owned(),
        ),
    ] {
        let config = format!("[network]\nallow = [\"{origin}\", \"{elsewhere}\"]\n{section}");
        let host = host_with_config(guests::FETCHES, &config);
        for status in ["401", "403", "404"] {
            let state = json!({ "url": api.url(&format!("/{status}")), "on_answer": "fail" });
            let answer = host.weld("guest").page("rows", &state);
            let message = assert_error(&answer, 502, "upstream_failed");
            let note = if status == "404" { "" } else { &expected };
            assert_eq!(message, format!("the API failed: no beers: {status}{note}"));
        }
        // Another answer came after the refusal.
        let state = json!({ "url": api.url("/404"), "on_answer": "fail", "before": ["GET"] });
        let answer = host.weld("guest").page("rows", &state);
        let message = assert_error(&answer, 502, "upstream_failed");
        assert!(!message.contains("[auth"), "{message}");
    }
}
