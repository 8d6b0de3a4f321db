//! Connections as clients keep, share and drop them.

use crate::{assert_error, guests, host, host_with, unanswered};
use serde_json::json;
use std::fs;
use weld_host_tests::connection::Connection;
use weld_host_tests::http::Kind;
use weld_host_tests::until;

#[test]
fn disconnected_client_is_noticed_whatever_it_sent_last() {
    for (what, more) in [
        ("nothing more", Vec::new()),
        ("a stray line break", b"\r\n".to_vec()),
        (
            "a second request",
            b"GET /guest/schema HTTP/1.1\r\nhost: localhost\r\n\r\n".to_vec(),
        ),
        ("half a second request", b"GET /guest/sch".to_vec()),
    ] {
        let unanswered = unanswered("0s");
        let mut client = Connection::open(unanswered.host.address()).unwrap();
        client
            .send(&[unanswered.page().bytes(), more].concat())
            .unwrap();
        unanswered.arrived.pass("the page's call");
        drop(client);
        unanswered
            .closed
            .pass(&format!("the call to end after {what}"));
    }
}

#[test]
fn disconnected_client_leaves_a_line_in_the_log() {
    let unanswered = unanswered("0s");
    let page = unanswered.page().begin().unwrap();
    unanswered.arrived.pass("the page's call");
    drop(page);
    let left = |line: &str| line.contains("client") && line.contains("disconnected");
    let log = unanswered.host.log();
    let line = log.wait_for("the client's leaving", left);
    assert!(
        line.contains("guest") && line.contains("request_id"),
        "{line}"
    );
    // The log is written in order: if there were another line, it would precede this one.
    unanswered.host.weld("nobody").schema();
    log.wait_for_text("nobody");
    let lines = log.so_far();
    assert_eq!(
        lines.iter().filter(|line| left(line)).count(),
        1,
        "{lines:?}"
    );
}

#[test]
fn connection_serves_request_after_request_whatever_their_results() {
    let host = host()
        .plugin("guest", guests::ECHOES_STATE)
        .plugin("traps", guests::TRAPS)
        .start();
    let mut client = Connection::open(host.address()).unwrap();
    let page = |body: &str| host.request("POST", "/guest/").body(body);
    for (request, status, kind) in [
        (host.request("GET", "/guest/schema"), 200, ""),
        (page("no JSON"), 400, "bad_request"),
        (page(r#"{"name": "beers"}"#), 200, ""),
        (
            page("").header("content-encoding", "br"),
            415,
            "unsupported_encoding",
        ),
        (
            host.request("GET", "/nobody/schema"),
            404,
            "unknown_connector",
        ),
        (host.request("GET", "/guest/no/path"), 404, "not_found"),
        (
            host.request("PUT", "/guest/").body("{}"),
            405,
            "method_not_allowed",
        ),
        (host.request("HEAD", "/guest/"), 405, ""),
        (
            host.weld("traps").page_request("panic", &json!({})),
            500,
            "connector_crashed",
        ),
        (
            host.request("POST", "/guest/")
                .chunked(r#"{"name": "beers"}"#),
            200,
            "",
        ),
        (host.request("POST", "/guest/schema"), 200, ""),
    ] {
        let answer = client.ask(&request).unwrap();
        if kind.is_empty() {
            assert_eq!(answer.status(), status, "{}", answer.text());
        } else {
            assert_error(&answer, status, kind);
        }
    }
}

#[test]
fn requests_sent_without_waiting_are_answered_in_their_order() {
    let host = host_with(guests::ECHOES_STATE);
    let tables = ["first", "second", "third"];
    let requests: Vec<u8> = tables
        .iter()
        .flat_map(|table| {
            // Old clients end a body with a line break that belongs to no message (RFC 9112, 2.2).
            let page = host.weld("guest").page_request(table, &json!({}));
            [page.bytes(), b"\r\n".to_vec()].concat()
        })
        .collect();
    let mut client = Connection::open(host.address()).unwrap();
    client.send(&requests).unwrap();
    for table in tables {
        let answer = client.read(Kind::Response).unwrap();
        assert_eq!(answer.status(), 200, "{table}: {}", answer.text());
        assert_eq!(answer.json()["insert"][0]["table"], table);
    }
}

#[test]
fn connections_beyond_the_maximum_wait_and_leave_files_to_the_host() {
    let config = "[env]\nSLEEP_MS = \"3600000\"";
    let host = host()
        .after("ulimit -n 160")
        .plugin("guest", guests::SLEEPS_INSIDE)
        .config("guest", config)
        .start();
    assert_eq!(host.weld("guest").schema().status(), 200);
    // Three quarters of its files are for clients.
    let most = 120;
    let sockets = || {
        let files = fs::read_dir(format!("/proc/{}/fd", host.id())).unwrap();
        let links = files.filter_map(|file| fs::read_link(file.ok()?.path()).ok());
        links
            .filter(|link| link.to_string_lossy().starts_with("socket:"))
            .count()
    };
    let before = sockets();
    // All of them wait for one page.
    let page = host.weld("guest").page_request("rows", &json!({}));
    let mut waiting: Vec<_> = (0..200).map(|_| page.clone().begin().unwrap()).collect();
    // One that has just ended may have been counted.
    until("as many as may be are accepted", || {
        sockets() + 1 >= before + most
    });
    waiting.truncate(10);
    // In order of arrival: waiting connections are accepted first.
    assert_eq!(host.weld("guest").schema().status(), 200);
    let lines = host.log().so_far();
    assert!(
        !lines
            .iter()
            .any(|line| line.contains("could not accept a connection")),
        "{lines:?}"
    );
}

#[test]
fn client_that_asks_before_sending_its_body_may_continue() {
    let host = host_with(guests::ECHOES_STATE);
    let body = r#"{"name": "beers"}"#;
    let head = host
        .request("POST", "/guest/")
        .header("content-length", &body.len().to_string())
        .header("expect", "100-continue");
    let mut client = Connection::open(host.address()).unwrap();
    client.send(&head.bytes()).unwrap();
    // It has neither headers nor a body (RFC 9110, 15.2.1).
    assert_eq!(client.read(Kind::ResponseToHead).unwrap().status(), 100);
    client.send(body.as_bytes()).unwrap();
    let answer = client.read(Kind::Response).unwrap();
    assert_eq!(answer.status(), 200, "{}", answer.text());
    assert_eq!(answer.json()["insert"][0]["table"], "beers");
}
