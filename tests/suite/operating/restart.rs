//! What clients get from a host that stops, and how long it takes.

use crate::{assert_error, guests, held_call, host, host_with, unanswered};
use rustix::process::Signal;
use serde_json::json;
use std::io::{self, BufReader, Write};
use std::net::TcpStream;
use weld_host_tests::PATIENCE;
use weld_host_tests::connection::Connection;
use weld_host_tests::held_call::HeldCall;
use weld_host_tests::host::{Host, HostBuilder};
use weld_host_tests::http::{Kind, Message};
use weld_host_tests::mark::assert_pending;
use weld_host_tests::until;

/// A host that drains for longer than any test takes.
fn draining() -> HostBuilder {
    host().flag("--drain", "1h").flag("--grace", "1h")
}

/// Sends SIGTERM and waits until the shutdown has begun.
fn terminate(host: &Host) {
    host.terminate();
    host.log().wait_for_text("shutting down");
}

#[test]
fn host_that_drains_refuses_new_requests_and_closes_their_connections() {
    let mut host = draining().plugin("guest", guests::ECHOES_STATE).start();
    let weld = host.weld("guest");
    let page = weld.page_request("rows", &json!({}));
    let mut kept = Connection::open(host.address()).unwrap();
    let answer = kept.ask(&page).unwrap();
    assert_eq!(answer.status(), 200, "{}", answer.text());
    assert_eq!(answer.header("connection"), None);
    terminate(&host);
    let refused = |answer: &Message| {
        let message = assert_error(answer, 503, "shutting_down");
        assert_eq!(answer.header("connection"), Some("close"), "{message}");
        assert_eq!(answer.header("retry-after"), Some("5"), "{message}");
    };
    refused(&kept.ask(&page).unwrap());
    assert_eq!(
        kept.read(Kind::Response).unwrap_err().kind(),
        io::ErrorKind::UnexpectedEof
    );
    let mut new = Connection::open(host.address()).unwrap();
    refused(&new.ask(&weld.request("GET", "/schema")).unwrap());
    assert!(new.read(Kind::Response).is_err(), "it is closed");
    let alive = host.request("GET", "/healthz").send();
    assert_eq!(alive.status(), 200, "{}", alive.text());
    let ready = host.request("GET", "/readyz").send();
    assert_eq!(ready.status(), 503, "{}", ready.text());
    assert_eq!(ready.json()["status"], "draining");
    // What is not a page is not refused.
    let unknown = host.request("GET", "/no/such/path").send();
    assert_error(&unknown, 404, "not_found");
    assert_eq!(unknown.header("connection"), Some("close"));
    host.terminate();
    host.wait_for_exit();
}

#[test]
fn keys_are_checked_before_a_request_is_refused() {
    let host = draining()
        .variable("WELD_API_KEY", "key")
        .plugin("guest", guests::ECHOES_STATE)
        .start();
    terminate(&host);
    let weld = host.weld("guest").with_key("wrong");
    assert_error(&weld.schema(), 401, "unauthorized");
    let weld = host.weld("guest").with_key("key");
    assert_error(&weld.schema(), 503, "shutting_down");
    host.terminate();
}

#[test]
fn port_is_closed_after_the_drain() {
    let mut host = host()
        .plugin("guest", guests::ECHOES_STATE)
        .flag("--drain", "100ms")
        .start();
    let idle = TcpStream::connect(host.address()).unwrap();
    assert_eq!(host.weld("guest").schema().status(), 200);
    terminate(&host);
    assert_eq!(host.wait_for_exit().code(), Some(0));
    let refused = TcpStream::connect(host.address()).unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
    drop(idle);
}

#[test]
fn grace_bounds_the_drain() {
    let mut host = host()
        .plugin("guest", guests::ECHOES_STATE)
        .flag("--drain", "1h")
        .flag("--grace", "50ms")
        .start();
    terminate(&host);
    assert_eq!(host.wait_for_exit().code(), Some(0));
}

#[test]
fn interrupt_of_a_person_skips_the_drain() {
    let mut host = draining().plugin("guest", guests::ECHOES_STATE).start();
    host.signal(Signal::INT);
    assert_eq!(host.wait_for_exit().code(), Some(0));
    host.log().wait_for_text("signal=\"SIGINT\"");
}

#[test]
fn page_that_is_ready_during_the_drain_is_delivered() {
    let HeldCall {
        mut host,
        page,
        release,
        ..
    } = held_call(draining());
    terminate(&host);
    release.open();
    let answer = page.answer().unwrap();
    assert_eq!(answer.status(), 200, "{}", answer.text());
    assert_eq!(answer.json()["insert"][0]["body"], "in time");
    assert_eq!(answer.header("connection"), Some("close"));
    host.terminate();
    host.wait_for_exit();
}

#[test]
fn page_that_is_not_ready_at_the_end_of_the_drain_is_pending() {
    let HeldCall {
        mut host,
        page,
        state,
        release,
    } = held_call(host().flag("--drain", "100ms").flag("--grace", "1h"));
    terminate(&host);
    let answer = page.answer().unwrap();
    assert_eq!(assert_pending(&answer)["state"], state);
    assert_eq!(
        host.wait_for_exit().code(),
        Some(0),
        "its call is not waited for"
    );
    release.open();
}

#[test]
fn call_that_nobody_can_fetch_any_more_is_canceled_during_the_drain() {
    let calls = host()
        .flag("--drain", "1h")
        .flag("--grace", "1h")
        .start_with_unanswered_calls(guests::FETCHES, "1h");
    let page = calls.page().begin().unwrap();
    calls.arrived.pass("the call");
    // Its client leaves, and the call goes on.
    drop(page);
    calls.host.log().wait_for_text("client disconnected");
    terminate(&calls.host);
    calls.closed.pass("the end of the call's connection");
    calls.host.log().wait_for_text("canceled calls");
    calls.host.terminate();
}

#[test]
fn call_whose_client_leaves_during_the_drain_is_canceled() {
    let calls = host()
        .flag("--drain", "1h")
        .flag("--grace", "1h")
        .start_with_unanswered_calls(guests::FETCHES, "1h");
    let page = calls.page().begin().unwrap();
    calls.arrived.pass("the call");
    terminate(&calls.host);
    assert!(page.is_unanswered(), "it waits for its page");
    drop(page);
    calls.closed.pass("the end of the call's connection");
    calls.host.terminate();
}

#[test]
fn calls_that_nobody_waits_for_do_not_keep_the_host_running() {
    let calls = unanswered("1h");
    let page = calls.page().begin().unwrap();
    calls.arrived.pass("the call");
    drop(page);
    let mut host = calls.host;
    terminate(&host);
    assert_eq!(host.wait_for_exit().code(), Some(0));
}

/// A client that has requested a page larger than the system's buffers, and has begun to read it.
fn reader(host: &Host) -> BufReader<TcpStream> {
    let request = host.weld("guest").page_request("40", &json!({}));
    let mut stream = TcpStream::connect(host.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(&request.bytes()).unwrap();
    stream.peek(&mut [0]).unwrap();
    BufReader::with_capacity(64 << 10, stream)
}

#[test]
fn answer_that_a_client_is_reading_is_sent_to_its_end() {
    let mut host = host_with(guests::RETURNS_HUGE_PAGE);
    let mut reader = reader(&host);
    terminate(&host);
    until("the port is closed", || {
        TcpStream::connect(host.address()).is_err()
    });
    let answer = Message::read(&mut reader, Kind::Response).unwrap().unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.body.len() > 40_000_000, "{}", answer.body.len());
    assert_eq!(host.wait_for_exit().code(), Some(0));
}

#[test]
fn answer_that_outlasts_the_grace_is_cut_off() {
    let mut host = host()
        .plugin("guest", guests::RETURNS_HUGE_PAGE)
        .flag("--grace", "50ms")
        .start();
    let mut reader = reader(&host);
    terminate(&host);
    assert_eq!(host.wait_for_exit().code(), Some(0));
    host.log().wait_for_text("cut off requests");
    assert!(Message::read(&mut reader, Kind::Response).is_err());
}

#[test]
fn signals_are_in_the_log() {
    let mut host = draining().plugin("guest", guests::ECHOES_STATE).start();
    for (signal, name, effect) in [
        (Signal::USR1, "SIGUSR1", "no effect"),
        (Signal::USR2, "SIGUSR2", "no effect"),
        (Signal::TERM, "SIGTERM", "to stop"),
        (Signal::INT, "SIGINT", "at once"),
    ] {
        host.signal(signal);
        host.log().wait_for(name, |line| {
            line.contains(&format!("signal=\"{name}\"")) && line.contains(effect)
        });
    }
    assert_eq!(host.wait_for_exit().code(), Some(0));
}
