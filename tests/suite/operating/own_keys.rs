//! A connector's own key while its `NAME.toml` can't be used: it is not called wrong, and not counted.

use crate::{assert_error, guests, host};
use std::fs;
use weld_host_tests::host::Host;
use weld_host_tests::http::Message;
use weld_host_tests::until;

/// More wrong keys than one client may send.
const MANY: usize = 30;

/// A host with a key, and the connector `guest` with this configuration.
fn host_with(toml: &str) -> Host {
    let host = host()
        .variable("WELD_API_KEY", "the host's")
        .flag("--reload", "100ms")
        // Then clients on this machine learn reasons by their key only.
        .flag("--trusted-proxies", "127.0.0.1/32")
        .plugin("guest", guests::ECHOES_STATE)
        .plugin("other", guests::ECHOES_STATE)
        .config("guest", toml)
        .start();
    until("all is loaded or failed", || {
        host.request("GET", "/readyz").send().status() == 200
    });
    host
}

fn ask(host: &Host, name: &str, key: &str) -> Message {
    let request = host.request("GET", &format!("/{name}/schema"));
    let request = request.header("authorization", &format!("Bearer {key}"));
    request.header("x-forwarded-for", "192.0.2.1").send()
}

/// Checks that no attempt of this client has been counted.
fn assert_nothing_counted(host: &Host) {
    for _ in 0..20 {
        assert_error(&ask(host, "other", "wrong"), 401, "unauthorized");
    }
    assert_error(&ask(host, "other", "wrong"), 429, "too_many_attempts");
}

#[test]
fn own_key_in_an_invalid_file_gets_the_reason() {
    let host = host_with("api-key = 'its own'\n[limits]\nmemroy = '1MiB'\n");
    for _ in 0..MANY {
        let answer = ask(&host, "guest", "its own");
        let message = assert_error(&answer, 503, "connector_unavailable");
        assert!(message.contains("guest.toml:3: limits.memroy"), "{message}");
    }
    assert_error(&ask(&host, "guest", "the host's"), 401, "unauthorized");
    // Once it is right, the key opens the connector.
    fs::write(host.plugins().join("guest.toml"), "api-key = 'its own'").unwrap();
    until("it serves", || {
        ask(&host, "guest", "its own").status() == 200
    });
}

#[test]
fn no_key_is_called_wrong_while_nobody_knows_the_right_one() {
    for toml in [
        "api-key = { file = 'missing' }",
        "api-key = ['its own', { env = 'NOBODY_SETS_THIS' }]",
        "api_key = 'its own'",
        "api-key = 'its own'\n[limits",
    ] {
        let host = host_with(toml);
        for _ in 0..MANY {
            let answer = ask(&host, "guest", "its own");
            let message = assert_error(&answer, 503, "connector_unavailable");
            assert!(!message.contains("guest.toml"), "{toml}: {message}");
        }
        let without = host.request("GET", "/guest/schema");
        let without = without.header("x-forwarded-for", "192.0.2.1").send();
        assert_error(&without, 401, "unauthorized");
        assert_nothing_counted(&host);
    }
}

#[test]
fn other_keys_are_wrong_where_the_file_names_none() {
    let host = host_with("[limits]\nmemroy = '1MiB'\n");
    assert_error(&ask(&host, "guest", "wrong"), 401, "unauthorized");
    assert_error(
        &ask(&host, "guest", "the host's"),
        503,
        "connector_unavailable",
    );
}
