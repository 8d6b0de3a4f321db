//! Shutdown: waiting requests are asked to retry, running calls end, and no new requests are served.

use crate::{assert_error, guests, held_call, host};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::sync::mpsc;
use std::thread;
use weld_host_tests::PATIENCE;
use weld_host_tests::held_call::HeldCall;
use weld_host_tests::mark::assert_pending;

#[test]
fn running_page_is_pending_at_once_without_a_drain_and_its_call_is_canceled() {
    for signal in [Signal::TERM, Signal::INT] {
        let HeldCall {
            mut host,
            page,
            release,
            ..
        } = held_call(host().flag("--grace", "1h"));
        host.signal(signal);
        let answer = page.answer().unwrap();
        assert_pending(&answer);
        assert_eq!(answer.header("weld-host-pending"), Some("running"));
        assert_eq!(host.wait_for_exit().code(), Some(0), "{signal:?}");
        let refused = host.request("GET", "/guest/schema").try_send();
        let refused = refused.expect_err("the port is closed");
        assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
        release.open();
    }
}

#[test]
fn call_that_only_sleeps_past_the_grace_is_not_waited_for() {
    let config = "[env]\nSLEEP_MS = \"7200000\"\n[limits]\npage-timeout = \"3h\"";
    let mut host = host()
        .plugin("guest", guests::SLEEPS_INSIDE)
        .config("guest", config)
        .flag("--grace", "1h")
        .start();
    let page = host.weld("guest").page_request("rows", &json!({}));
    let page = page.begin().unwrap();
    host.log().wait_for_text("begun");
    host.terminate();
    assert_pending(&page.answer().unwrap());
    assert_eq!(host.wait_for_exit().code(), Some(0));
}

#[test]
fn idle_host_stops_at_once() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut host = host().plugin("guest", guests::ECHOES_STATE).start();
        assert_eq!(host.weld("guest").schema().status(), 200);
        host.signal(signal);
        assert_eq!(host.wait_for_exit().code(), Some(0), "{signal:?}");
    }
}

#[test]
fn second_signal_quits_without_waiting() {
    let HeldCall {
        mut host,
        page,
        release,
        ..
    } = held_call(host().flag("--drain", "1h").flag("--grace", "1h"));
    host.terminate();
    host.log().wait_for_text("shutting down");
    assert!(page.is_unanswered(), "it waits for its page");
    host.terminate();
    host.wait_for_exit();
    release.open();
}

#[test]
fn request_that_waits_for_its_time_gets_a_pending_answer() {
    let config = "[env]\nWAIT_MS = \"3600000\"\n[limits]\nanswer-within = \"1h\"";
    let mut host = host()
        .plugin("guest", guests::WAITS_BETWEEN_PAGES)
        .config("guest", config)
        .flag("--log", "debug")
        .start();
    let state: Value = host.weld("guest").good_page("rows", &json!({}))["state"].clone();
    let waiting = host
        .weld("guest")
        .page_request("rows", &state)
        .begin()
        .unwrap();
    host.log().wait_for_text("held until its time");
    host.terminate();
    let answer = waiting.answer().unwrap();
    assert_eq!(answer.status(), 200, "{}", answer.text());
    assert_eq!(
        answer.json(),
        json!({ "insert": [], "state": state, "hasMore": true })
    );
    assert_eq!(answer.header("weld-host-pending"), Some("waiting"));
    assert_eq!(host.wait_for_exit().code(), Some(0));
}

#[test]
fn kept_alive_connection_does_not_keep_the_host_running() {
    let mut host = host()
        .plugin("guest", guests::ECHOES_STATE)
        .flag("--grace", "1h")
        .start();
    let idle = std::net::TcpStream::connect(host.address()).unwrap();
    assert_eq!(
        host.weld("guest").schema().status(),
        200,
        "the host has accepted both"
    );
    host.terminate();
    assert_eq!(host.wait_for_exit().code(), Some(0));
    drop(idle);
}

#[test]
fn request_waiting_for_a_slot_is_asked_to_retry() {
    let builder = host()
        .flag("--slots", "1")
        .flag("--queue", "2")
        .flag("--log", "debug");
    let HeldCall {
        mut host,
        page,
        release,
        ..
    } = held_call(builder);
    let weld = host.weld("guest");
    let (sender, schema) = mpsc::channel();
    thread::spawn(move || sender.send(weld.schema()));
    host.log().wait_for_text("waits for a sandbox");
    let queued = host
        .weld("guest")
        .page_request("rows", &json!({ "number": 1 }));
    let queued = queued.begin().unwrap();
    host.log().wait_for("both in the queue", |line| {
        line.contains("waits for a sandbox") && line.contains("table")
    });
    host.terminate();
    // A schema has no state that could be returned.
    let answer = schema.recv_timeout(PATIENCE).unwrap();
    assert_error(&answer, 503, "shutting_down");
    let seconds: u64 = answer
        .header("retry-after")
        .expect("when to retry")
        .parse()
        .unwrap();
    assert!(seconds > 0);
    for page in [queued, page] {
        assert_pending(&page.answer().unwrap());
    }
    release.open();
    assert_eq!(host.wait_for_exit().code(), Some(0));
}
