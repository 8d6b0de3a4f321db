//! A connector's own key while its `NAME.toml` can't be used: it is not called wrong, and not counted.

use crate::{assert_error, guests, host};
use std::fs;
use weld_host_tests::host::{Host, HostBuilder};
use weld_host_tests::http::Message;
use weld_host_tests::until;

/// More wrong keys than one client may send.
const MANY: usize = 30;

/// A host with a key, and the connector `guest` with this configuration.
fn without_proxies(toml: &str) -> HostBuilder {
    host()
        .variable("WELD_API_KEY", "the host's")
        .flag("--reload", "100ms")
        .plugin("guest", guests::ECHOES_STATE)
        .plugin("other", guests::ECHOES_STATE)
        .config("guest", toml)
}

/// The same with clients on this machine that learn reasons by their key only.
fn host_with(toml: &str) -> Host {
    let host = without_proxies(toml)
        .flag("--trusted-proxies", "127.0.0.1")
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

/// The answer without what differs from one request to the next.
fn comparable(answer: &Message) -> String {
    let mut lines: Vec<_> = answer.text().lines().map(str::to_owned).collect();
    let id = answer.header("x-request-id").unwrap();
    for line in &mut lines {
        *line = line.replace(id, "ID");
    }
    let headers = [
        "connection",
        "retry-after",
        "allow",
        "www-authenticate",
        "content-type",
    ];
    let headers = headers.map(|name| answer.header(name).unwrap_or_default().to_owned());
    format!("{} {headers:?} {}", answer.status(), lines.join("\n"))
}

/// What makes the keys of a connector unknown.
const UNKNOWN: [&str; 4] = [
    "api-key = { file = 'missing' }",
    "api-key = ['its own', { env = 'NOBODY_SETS_THIS' }]",
    "api_key = 'its own'",
    "api-key = 'its own'\n[limits",
];

#[test]
fn answers_do_not_tell_whether_a_key_is_the_hosts_while_nobody_knows_the_connectors() {
    for toml in UNKNOWN {
        let proxied = host_with(toml);
        let direct = without_proxies(toml).start();
        until("all is loaded or failed", || {
            direct.request("GET", "/readyz").send().status() == 200
        });
        for (host, client) in [
            (&proxied, Some("192.0.2.1")),
            (&proxied, None),
            (&direct, None),
        ] {
            for (method, path) in [
                ("GET", "/guest/schema"),
                ("POST", "/guest"),
                ("GET", "/guest"),
                ("PUT", "/guest"),
                ("DELETE", "/guest/schema"),
                ("OPTIONS", "/guest/schema"),
                ("HEAD", "/guest/schema"),
            ] {
                let ask = |authorization: &str| {
                    let request = host.request(method, path);
                    let request = request.header("authorization", authorization);
                    let request = match client {
                        Some(client) => request.header("x-forwarded-for", client),
                        None => request,
                    };
                    comparable(&request.send())
                };
                let wrong = ask("Bearer wrong");
                assert!(wrong.starts_with("503"), "{toml} {method}: {wrong}");
                for other in ["Bearer the host's", "Bearer its own", "Basic x", "Bearer"] {
                    assert_eq!(ask(other), wrong, "{toml} {method} {path} {other}");
                }
            }
        }
    }
}

#[test]
fn requests_with_keys_that_nobody_can_judge_are_one_warning() {
    let host = host_with(UNKNOWN[0]);
    for number in 0..MANY {
        ask(&host, "guest", &format!("guess {number}"));
    }
    let last = ask(&host, "other", "wrong");
    host.log()
        .wait_for_text(last.header("x-request-id").unwrap());
    let lines = host.log().so_far();
    let about = |line: &&String| line.contains("connector_unavailable");
    let lines: Vec<_> = lines.iter().filter(about).collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    for part in ["WARN", "client=192.0.2.1", "guest.toml"] {
        assert!(lines[0].contains(part), "{part}: {}", lines[0]);
    }
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
    for toml in UNKNOWN {
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
