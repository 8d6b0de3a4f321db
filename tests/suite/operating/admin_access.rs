//! The key and the origin that the admin listener requires, and its answers to other requests.

use super::{admin_address, get, with_admin};
use crate::{guests, host};
use serde_json::json;
use std::net::TcpListener;
use weld_host_tests::http::Message;
use weld_host_tests::until;
use weld_host_tests::weld::Request;

const PATHS: [(&str, &str); 6] = [
    ("GET", "/connectors"),
    ("GET", "/metrics"),
    ("GET", "/log"),
    ("PUT", "/log"),
    ("POST", "/reload"),
    ("GET", "/nothing"),
];

/// Checks an error's status and kind. Returns its message.
fn refused(answer: &Message, status: u16, kind: &str) -> String {
    assert_eq!(answer.status(), status, "{}", answer.text());
    let error = &answer.json()["error"];
    assert_eq!(error["kind"], kind, "{error}");
    error["message"].as_str().unwrap().to_owned()
}

#[test]
fn key_is_required_for_everything_but_the_probes() {
    let builder = host()
        .plugin("guest", guests::ECHOES_STATE)
        .file("broken.wasm", "no component")
        .variable("WELD_ADMIN_KEY", "admin secret");
    let (host, admin) = with_admin(builder);
    for (method, path) in PATHS {
        let request = || Request::new(admin, method, path);
        for request in [
            request(),
            request().header("authorization", "Bearer wrong"),
            request().header("authorization", "Bearer admin secret2"),
            request().header("authorization", "Basic admin secret"),
        ] {
            let answer = request.send();
            let message = refused(&answer, 401, "unauthorized");
            assert!(message.contains("WELD_ADMIN_KEY"), "{message}");
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
            // Nobody but an operator keeps a place.
            assert_eq!(answer.header("connection"), Some("close"));
        }
    }
    let keyed = |method, path| {
        let request = Request::new(admin, method, path);
        request
            .header("authorization", "Bearer admin secret")
            .send()
    };
    // With the key, a proxy may use another name of the host.
    assert_eq!(keyed("GET", "/connectors").status(), 200);
    assert_eq!(keyed("GET", "/log").status(), 200);
    refused(&keyed("GET", "/nothing"), 404, "not_found");
    for path in ["/healthz", "//readyz/"] {
        until("it is ready", || get(admin, path).status() == 200);
    }
    assert_eq!(get(admin, "/healthz").header("connection"), Some("close"));
    // Strangers learn numbers only.
    let report = get(admin, "/readyz").json();
    assert_eq!(
        report,
        json!({ "status": "ready", "loading": 0, "not_loaded": 1 })
    );
    assert_eq!(
        keyed("GET", "/readyz").json()["connectors"][0]["name"],
        "broken"
    );
    // The key of the public listener is another one.
    assert_eq!(host.weld("guest").schema().status(), 200);
}

#[test]
fn without_a_key_only_requests_of_this_machine_and_of_no_web_page_are_answered() {
    let (_host, admin) = with_admin(host().plugin("guest", guests::ECHOES_STATE));
    for (method, path) in PATHS {
        let request = || Request::new(admin, method, path);
        refused(
            &request().header("host", "evil.example.com").send(),
            401,
            "unauthorized",
        );
        for (name, value) in [
            ("origin", "https://evil.example.com"),
            ("origin", "null"),
            ("sec-fetch-site", "cross-site"),
        ] {
            refused(&request().header(name, value).send(), 403, "foreign_origin");
        }
    }
    let probe = Request::new(admin, "GET", "/healthz").header("host", "10.0.0.7");
    assert_eq!(probe.send().status(), 200);
}

#[test]
fn other_methods_and_paths_are_refused_with_what_is_allowed() {
    let (_host, admin) = with_admin(host());
    for (method, path, allowed) in [
        ("POST", "/healthz", "GET, HEAD"),
        ("PUT", "/connectors", "GET, HEAD"),
        ("GET", "/reload", "POST"),
        ("DELETE", "/log", "GET, HEAD, PUT"),
    ] {
        let answer = Request::new(admin, method, path).send();
        let message = refused(&answer, 405, "method_not_allowed");
        assert!(message.contains(allowed), "{message}");
        assert_eq!(answer.header("allow"), Some(allowed));
    }
    let message = refused(&get(admin, "/guest"), 404, "not_found");
    assert!(message.contains("/connectors"), "{message}");
    let head = Request::new(admin, "HEAD", "/connectors").send();
    assert_eq!((head.status(), head.body.len()), (200, 0));
}

#[test]
fn address_beyond_this_machine_needs_a_key_of_its_own() {
    let beyond = || host().flag("--admin", "0.0.0.0:0");
    // That of the public listener doesn't count.
    let failure = beyond().variable("WELD_API_KEY", "secret").fail();
    assert_eq!(failure.status.code(), Some(1));
    let error = failure.stderr.join("\n");
    assert!(
        error.contains("0.0.0.0:0")
            && error.contains("WELD_ADMIN_KEY")
            && error.contains("--admin"),
        "{error}"
    );
    let failure = beyond().variable("WELD_ADMIN_KEY", "").fail();
    let error = failure.stderr.join("\n");
    assert!(error.contains("the key of the admin listener"), "{error}");
    let keyed = beyond().file("key.txt", "from the file\n");
    let file = keyed.plugins().join("key.txt").display().to_string();
    let host = keyed.flag("--admin-key-file", &file).start();
    let port = admin_address(&host)
        .rsplit(':')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    let request = Request::new(([127, 0, 0, 1], port).into(), "GET", "/log");
    assert_eq!(request.clone().send().status(), 401);
    let request = request.header("authorization", "Bearer from the file");
    assert_eq!(request.send().text(), "info\n");
}

#[test]
fn port_in_use_is_reported_with_the_flag_that_names_another() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let failure = host().flag("--admin", &address).fail();
    assert_eq!(failure.status.code(), Some(1));
    let error = failure.stderr.join("\n");
    assert!(
        error.contains(&address) && error.contains("--admin"),
        "{error}"
    );
    let failure = host().flag("--admin", "9090").fail();
    assert_eq!(failure.status.code(), Some(1));
    let error = failure.stderr.join("\n");
    assert!(error.contains("unix:"), "{error}");
}

#[test]
fn admin_listener_answers_until_the_host_ends() {
    // With a drain, the host can't end before it has been asked.
    let builder = host().flag("--drain", "1h").flag("--grace", "2h");
    let mut held = crate::held_call(builder.flag("--admin", "127.0.0.1:0"));
    let admin: std::net::SocketAddr = admin_address(&held.host).parse().unwrap();
    until("it is ready", || get(admin, "/readyz").status() == 200);
    held.host.terminate();
    until("it drains", || get(admin, "/readyz").status() == 503);
    assert_eq!(get(admin, "/readyz").json()["status"], "draining");
    assert_eq!(get(admin, "/healthz").status(), 200);
    let calls = &get(admin, "/connectors").json()["connectors"][0]["calls"];
    assert_eq!(
        calls,
        &json!({ "running": 0, "waiting": 1, "queued": 0, "held": 0 })
    );
    held.release.open();
    held.host.terminate();
    assert_eq!(held.host.wait_for_exit().code(), Some(0));
}
