//! Stopping: pages in flight finish, who waits is told to come again, nobody new is served.

use crate::in_flight::InFlight;
use crate::{assert_error, guests, host, host_with_config};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::sync::mpsc;
use std::thread;
use weld_host_tests::PATIENCE;

#[test]
fn page_in_flight_finishes_while_new_requests_are_refused() {
    for signal in [Signal::TERM, Signal::INT] {
        let InFlight {
            mut host,
            page,
            release,
        } = InFlight::start(host());
        host.signal(signal);
        host.log().wait_for_text("shutting down");
        match host.request("GET", "/guest/schema").try_send() {
            Ok(answer) => drop(assert_error(&answer, 503, "shutting_down")),
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused),
        }
        release.open();
        let answer = page.answer().unwrap();
        assert_eq!(
            answer.json()["insert"][0]["body"],
            "in time",
            "{}",
            answer.text()
        );
        assert_eq!(host.wait_for_exit().code(), Some(0), "{signal:?}");
    }
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
    let InFlight {
        mut host,
        page,
        release,
    } = InFlight::start(host().flag("--grace", "1h"));
    host.terminate();
    host.log().wait_for_text("shutting down");
    host.terminate();
    host.wait_for_exit();
    assert!(page.answer().is_err(), "the page is cut off");
    release.open();
}

#[test]
fn page_that_outlasts_the_grace_is_cut_off() {
    let InFlight {
        mut host,
        page,
        release,
    } = InFlight::start(host().flag("--grace", "50ms"));
    host.terminate();
    host.wait_for_exit();
    assert!(page.answer().is_err(), "the page is cut off");
    release.open();
}

#[test]
fn request_that_waits_for_its_time_gets_a_pending_answer() {
    let config = "[env]\nWAIT_MS = \"3600000\"\n[limits]\nanswer-within = \"1h\"";
    let mut host = host_with_config(guests::WAITS_BETWEEN_PAGES, config);
    let state: Value = host.weld("guest").good_page("rows", &json!({}))["state"].clone();
    let waiting = host
        .weld("guest")
        .page_request("rows", &state)
        .begin()
        .unwrap();
    // Connections are accepted in order: when a later one has been answered, a sandbox's call included, the host has
    // long begun with the earlier.
    assert_eq!(host.weld("guest").schema().status(), 200);
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
fn connection_that_is_kept_alive_does_not_keep_the_host_alive() {
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
fn request_that_waits_for_a_slot_is_told_to_come_again() {
    let InFlight {
        mut host,
        page,
        release,
    } = InFlight::start(host().flag("--slots", "1").flag("--queue", "1"));
    let (sender, answers) = mpsc::channel();
    for _ in 0..2 {
        let (weld, sender) = (host.weld("guest"), sender.clone());
        thread::spawn(move || sender.send(weld.schema()));
    }
    let next = || answers.recv_timeout(PATIENCE).unwrap();
    // There is one place in the queue: now the other request has it.
    assert_error(&next(), 503, "busy");
    host.terminate();
    let answer = next();
    assert_error(&answer, 503, "shutting_down");
    let seconds: u64 = answer
        .header("retry-after")
        .expect("when to come again")
        .parse()
        .unwrap();
    assert!(seconds > 0);
    release.open();
    assert_eq!(page.answer().unwrap().status(), 200, "it was in flight");
    assert_eq!(host.wait_for_exit().code(), Some(0));
}
