//! How connections of HTTP/2 end: at a shutdown, and when places are scarce.

use super::client::{TlsConnection, encrypted};
use super::http2_client::{Http2Client, request};
use super::http2_frames::{ANY_STREAM, FrameClient, HostFrame};
use super::with_admin;
use crate::{assert_error, guests, host};
use serde_json::json;
use std::net::TcpStream;
use weld_host_tests::host::{Host, HostBuilder};
use weld_host_tests::until;
use weld_host_tests::weld::Request;

/// A host that drains for longer than any test takes.
fn draining() -> HostBuilder {
    encrypted(host())
        .plugin("guest", guests::MAKES_ROWS)
        .flag("--drain", "1h")
        .flag("--grace", "1h")
}

/// Sends SIGTERM and waits until the shutdown has begun.
fn terminate(host: &Host) {
    host.terminate();
    host.log().wait_for_text("shutting down");
}

#[test]
fn idle_connection_ends_when_the_drain_begins() {
    let host = draining().start();
    let client = Http2Client::open(host.address());
    assert_eq!(client.get("/guest/schema").unwrap().status(), 200);
    terminate(&host);
    let _ended = client.ended();
    host.terminate();
}

#[test]
fn requests_on_their_way_when_the_drain_begins_are_answered() {
    let host = draining().start();
    let mut client = FrameClient::open(host.address());
    client.get(1, "/guest/schema");
    assert_eq!(client.read(), Some(HostFrame::Answer(1)));
    terminate(&host);
    assert_eq!(client.read(), Some(HostFrame::Goodbye(ANY_STREAM)));
    let Some(HostFrame::Ping(payload)) = client.read() else {
        panic!("the host wants to know when the client knows");
    };
    // The client sends this before it knows that the host leaves.
    client.get(3, "/healthz");
    assert_eq!(client.read(), Some(HostFrame::Answer(3)));
    client.pong(payload);
    assert_eq!(client.read(), Some(HostFrame::Goodbye(3)));
    assert_eq!(client.read(), None);
    host.terminate();
}

#[test]
fn answer_under_way_when_the_drain_begins_arrives_whole() {
    let host = draining().start();
    let client = Http2Client::open(host.address());
    // Some megabytes, far more than the client's window.
    let answer = client.page("4000", &json!({})).head().unwrap();
    terminate(&host);
    until("the client knows that the host leaves", || {
        let probe = request("GET", "/healthz").body(()).unwrap();
        client.begin(probe, None).is_err()
    });
    let answer = answer.read().unwrap();
    assert_eq!(answer.json()["insert"].as_array().unwrap().len(), 4000);
    let _ended = client.ended();
    host.terminate();
}

#[test]
fn connection_that_is_new_during_the_drain_gets_one_answer() {
    let host = draining().start();
    terminate(&host);
    for _ in 0..5 {
        let client = Http2Client::open(host.address());
        let refused = client.get("/guest/schema").unwrap();
        assert_error(&refused, 503, "shutting_down");
        let _ended = client.ended();
    }
    host.terminate();
}

#[test]
fn clients_that_say_nothing_do_not_delay_the_end() {
    let mut host = encrypted(host())
        .plugin("guest", guests::ECHOES_STATE)
        .flag("--grace", "1h")
        .flag("--log", "debug")
        .start();
    let _silent = TcpStream::connect(host.address()).unwrap();
    let mut mute = FrameClient::without_preface(host.address());
    let mut deaf = FrameClient::open(host.address());
    deaf.get(1, "/healthz");
    assert_eq!(deaf.read(), Some(HostFrame::Answer(1)));
    host.terminate();
    assert!(host.wait_for_exit().success());
    mute.read_to_end();
    deaf.read_to_end();
    let log = host.log().so_far().join("\n");
    assert!(log.contains("did not agree to its end in time"), "{log}");
    assert!(
        !log.contains("took longer") && !log.contains("took too long"),
        "{log}"
    );
}

/// How many connections may hold a page on a host that may open 160 files, and how many more it accepts.
const MOST: usize = 120;
const ASIDE: usize = 7;

#[test]
fn idle_connections_leave_when_places_are_scarce() {
    let host = encrypted(host())
        .after("ulimit -n 160")
        .plugin("guest", guests::ECHOES_STATE)
        .flag("--log", "debug")
        .start();
    let first = Http2Client::open(host.address());
    assert_eq!(first.get("/healthz").unwrap().status(), 200);
    let mut others: Vec<_> = (1..MOST + ASIDE)
        .map(|_| {
            let mut client = FrameClient::open(host.address());
            client.get(1, "/healthz");
            assert_eq!(client.read(), Some(HostFrame::Answer(1)));
            client
        })
        .collect();
    // The host would accept no further connection until one of these has been idle for a minute.
    let probe = Http2Client::open(host.address());
    assert_eq!(probe.get("/healthz").unwrap().status(), 200);
    host.log().wait_for_text("places are scarce");
    // The one that has been idle for the longest time leaves.
    let _ended = first.ended();
    // The last one can still be used.
    let last = others.last_mut().unwrap();
    last.get(3, "/guest/schema");
    assert_eq!(last.read(), Some(HostFrame::Answer(3)));
}

#[test]
fn client_without_a_right_key_leaves_before_others_although_it_asks_again() {
    let host = encrypted(host())
        .after("ulimit -n 160")
        .variable("WELD_API_KEY", "key")
        .plugin("guest", guests::ECHOES_STATE)
        .flag("--log", "debug")
        .start();
    let stranger = Http2Client::open(host.address());
    let client = Http2Client::open(host.address());
    let ask = || {
        let schema = request("GET", "/guest/schema").header("authorization", "Bearer key");
        let schema = schema.body(()).unwrap();
        client
            .begin(schema, None)
            .unwrap()
            .answer()
            .unwrap()
            .status()
    };
    assert_eq!(ask(), 200);
    let silent = |count: usize| -> Vec<_> {
        let connect = |_| TcpStream::connect(host.address()).unwrap();
        (0..count).map(connect).collect()
    };
    // So few that none of them has to leave.
    let _older = silent(MOST - 10);
    // Connections are accepted in their order, and the older ones must be before the client's next request.
    let later = Http2Client::open(host.address());
    assert_eq!(later.get("/healthz").unwrap().status(), 200);
    drop(later);
    assert_eq!(ask(), 200);
    // It is the last one that has sent a request.
    assert_eq!(stranger.get("/guest/schema").unwrap().status(), 401);
    let _newer = silent(ASIDE + 8);
    let probe = Http2Client::open(host.address());
    assert_eq!(probe.get("/healthz").unwrap().status(), 200);
    let _ended = stranger.ended();
    assert_eq!(ask(), 200);
}

#[test]
fn silent_clients_leave_when_places_are_scarce() {
    let host = encrypted(host())
        .after("ulimit -n 160")
        .plugin("guest", guests::ECHOES_STATE)
        .flag("--log", "debug")
        .start();
    for _ in 0..3 {
        let _silent: Vec<_> = (0..MOST + ASIDE)
            .map(|_| TcpStream::connect(host.address()).unwrap())
            .collect();
        let probe = Http2Client::open(host.address());
        assert_eq!(probe.get("/healthz").unwrap().status(), 200);
    }
    let log = host.log().so_far().join("\n");
    assert!(!log.contains("took longer"), "{log}");
}

#[test]
fn silent_clients_take_no_places_from_requests() {
    let host = encrypted(host())
        .after("ulimit -n 160")
        .plugin("guest", guests::SLEEPS_INSIDE)
        .config("guest", "[env]\nSLEEP_MS = \"3600000\"")
        .start();
    // So few that none of them has to leave.
    let _silent: Vec<_> = (0..MOST - 10)
        .map(|_| TcpStream::connect(host.address()).unwrap())
        .collect();
    let client = Http2Client::open(host.address());
    let _pages: Vec<_> = (0..30).map(|_| client.page("rows", &json!({}))).collect();
    host.log().wait_for_text("begun");
    let schema = client.get("/guest/schema").unwrap();
    assert_eq!(schema.status(), 200, "{}", schema.text());
}

#[test]
fn connections_are_counted_by_protocol() {
    let (host, admin) = with_admin(encrypted(host()).plugin("guest", guests::ECHOES_STATE));
    let count = |protocol: &str| {
        let metrics = Request::new(admin, "GET", "/metrics").send();
        let begin = format!("weld_host_client_connections{{protocol=\"{protocol}\"}} ");
        let text = metrics.text();
        let line = text.lines().find_map(|line| line.strip_prefix(&begin));
        line.unwrap_or_default().to_owned()
    };
    let counts = || ["handshake", "http1", "http2"].map(count);
    until("they are exported", || counts() == ["0", "0", "0"]);
    let silent = TcpStream::connect(host.address()).unwrap();
    let clients = [(); 2].map(|()| Http2Client::open(host.address()));
    let other = TlsConnection::open(host.address()).unwrap();
    until("all are counted", || counts() == ["1", "1", "2"]);
    drop((silent, clients, other));
    until("none is left", || counts() == ["0", "0", "0"]);
}
