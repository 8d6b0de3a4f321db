//! A platform that takes the processor away between requests, as Cloud Run does with request-based billing: the process is
//! stopped (SIGSTOP) after an answer, and continued (SIGCONT) when the next request comes. No wait is lost, no call is made
//! twice, and every page after a stop is right.

use crate::{assert_error, guests, host};
use jiff::Timestamp;
use rustix::process::Signal;
use serde_json::{Value, json};
use std::fs;
use std::io::{BufReader, Write as _};
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};
use weld_host_tests::connection::Connection;
use weld_host_tests::gate::Gate;
use weld_host_tests::host::Host;
use weld_host_tests::http::{Kind, Message};
use weld_host_tests::mark::{assert_pending, mark};
use weld_host_tests::until;
use weld_host_tests::upstream::Upstream;

/// Stops the host's process until `meanwhile` has ended.
fn while_frozen<T>(host: &Host, meanwhile: impl FnOnce() -> T) -> T {
    host.signal(Signal::STOP);
    let stat = format!("/proc/{}/stat", host.id());
    until("the stop", || {
        fs::read_to_string(&stat).unwrap().contains(") T ")
    });
    let result = meanwhile();
    host.signal(Signal::CONT);
    result
}

/// Lets this time pass.
fn pass(milliseconds: u64) -> impl FnOnce() {
    move || {
        let began = Instant::now();
        until("the time to pass", || {
            began.elapsed() >= Duration::from_millis(milliseconds)
        });
    }
}

/// Asks for a page as Weld does, until it is there.
fn page_at_last(host: &Host, state: &Value) -> Value {
    for _ in 0..1000 {
        let answer = host.weld("guest").page("rows", state);
        assert_eq!(answer.status(), 200, "{}", answer.text());
        if answer.header("weld-host-pending").is_none() {
            return answer.json();
        }
    }
    panic!("the page is never ready");
}

/// How often a guest's line is in the log.
fn times_logged(host: &Host, line: &str) -> usize {
    let lines = host.log().so_far();
    lines.iter().filter(|other| other.contains(line)).count()
}

#[test]
fn sleep_inside_a_page_ends_while_the_host_is_stopped() {
    let config = "[env]\nSLEEP_MS = \"700\"\n[limits]\nanswer-within = \"50ms\"";
    let host = host()
        .plugin("guest", guests::SLEEPS_INSIDE)
        .config("guest", config)
        .start();
    let pending = host.weld("guest").page("rows", &json!({}));
    assert_pending(&pending);
    while_frozen(&host, pass(1_000));
    let page = page_at_last(&host, &json!({}));
    assert_eq!(page["insert"], json!([{ "slept": true }]));
    assert_eq!(times_logged(&host, "begun"), 1, "the call went on");
}

#[test]
fn response_of_an_api_arrives_while_the_host_is_stopped() {
    let (arrived, release, answered) = (Gate::shut(), Gate::shut(), Gate::shut());
    let (arrival, hold, done) = (arrived.clone(), release.clone(), answered.clone());
    let upstream = Upstream::start(move |_, exchange| {
        arrival.open();
        hold.pass("the stop");
        exchange.answer(200, &[], "in time");
        done.open();
    });
    let config = format!(
        "[network]\nallow = [\"{}\"]\n[limits]\nanswer-within = \"100ms\"",
        upstream.origin()
    );
    let host = host()
        .plugin("guest", guests::FETCHES)
        .config("guest", &config)
        .start();
    let state = json!({ "url": upstream.url("/"), "method": "POST" });
    // On a busy machine the first answers may come before the call begins.
    assert_pending(&host.weld("guest").page("rows", &state));
    arrived.pass("the call");
    while_frozen(&host, || {
        release.open();
        answered.pass("the response");
    });
    let page = page_at_last(&host, &state);
    assert_eq!(page["insert"][0]["body"], "in time", "{page}");
    assert_eq!(upstream.received().len(), 1, "the call was made once");
}

#[test]
fn time_without_a_processor_counts_for_the_time_of_a_page() {
    let config = "[env]\nSLEEP_MS = \"3600000\"\n[limits]\nanswer-within = \"50ms\"\npage-timeout = \"400ms\"";
    let host = host()
        .plugin("guest", guests::SLEEPS_BY_THE_WASI_CLOCK)
        .config("guest", config)
        .start();
    assert_pending(&host.weld("guest").page("rows", &json!({})));
    while_frozen(&host, pass(600));
    let answers = (0..1000).map(|_| host.weld("guest").page("rows", &json!({})));
    let failed = answers.into_iter().find(|answer| answer.status() != 200);
    assert_error(&failed.unwrap(), 504, "deadline_exceeded");
}

#[test]
fn page_that_nobody_fetched_in_time_is_made_again() {
    let config =
        "[env]\nSLEEP_MS = \"100\"\n[limits]\nanswer-within = \"10ms\"\nlinger = \"300ms\"";
    let host = host()
        .plugin("guest", guests::SLEEPS_INSIDE)
        .config("guest", config)
        .start();
    for _ in 0..3 {
        let pending = host.weld("guest").page("rows", &json!({}));
        if pending.header("weld-host-pending").is_some() {
            assert_pending(&pending);
        }
        // Longer than the host keeps the call or its page.
        while_frozen(&host, pass(500));
        let page = page_at_last(&host, &json!({}));
        assert_eq!(page["insert"], json!([{ "slept": true }]));
    }
}

#[test]
fn wait_between_pages_passes_while_the_host_is_stopped() {
    for switch in [None, Some("--no-background")] {
        let builder = host()
            .plugin("guest", guests::WAITS_BETWEEN_PAGES)
            .config("guest", "[env]\nWAIT_MS = \"400\"");
        let host = match switch {
            Some(switch) => builder.switch(switch),
            None => builder,
        }
        .start();
        let (mut state, mut ids) = (json!({}), Vec::new());
        loop {
            let page = page_at_last(&host, &state);
            if let Some(waited) = state.get("weld-host") {
                let not_before: Timestamp = waited["not-before"].as_str().unwrap().parse().unwrap();
                assert!(Timestamp::now() >= not_before, "{waited}");
            }
            ids.push(page["insert"][0]["id"].clone());
            state = page["state"].clone();
            if page["hasMore"] == json!(false) {
                break;
            }
            mark(&page);
            // Shorter and longer than the wait.
            while_frozen(&host, pass(if ids.len() == 1 { 100 } else { 600 }));
        }
        assert_eq!(ids, [json!(1), json!(2), json!(3)], "{switch:?}");
    }
}

#[test]
fn nothing_is_left_to_do_without_a_background() {
    let config = "[env]\nSLEEP_MS = \"60000\"\n[limits]\nanswer-within = \"200ms\"";
    let host = host()
        .plugin("guest", guests::SLEEPS_INSIDE)
        .config("guest", config)
        .switch("--no-background")
        .start();
    for _ in 0..2 {
        let page = host.weld("guest").good_page("rows", &json!({}));
        assert_eq!(page["insert"][0]["slept"], false, "{page}");
        while_frozen(&host, pass(300));
    }
    assert_eq!(times_logged(&host, "begun"), 2);
    assert_eq!(times_logged(&host, "canceled"), 0);
}

/// An API that keeps its first connection open until the gate opens, and answers `ok` to every request. It counts the
/// requests by the lines that it sends.
fn keeping_api(close: Gate, closed: Gate) -> (String, std::sync::mpsc::Receiver<Message>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let (tell, received) = std::sync::mpsc::channel();
    thread::spawn(move || {
        for (number, stream) in listener.incoming().map_while(Result::ok).enumerate() {
            let mut reader = BufReader::new(stream);
            while let Ok(Some(request)) = Message::read(&mut reader, Kind::Request) {
                let _ = tell.send(request);
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
                if reader.get_mut().write_all(answer).is_err() {
                    break;
                }
                if number == 0 {
                    close.pass("the stop");
                    break;
                }
            }
            drop(reader);
            closed.open();
        }
    });
    (origin, received)
}

#[test]
fn connection_that_an_api_closes_while_the_host_is_stopped_loses_no_request() {
    let (close, closed) = (Gate::shut(), Gate::shut());
    let (origin, received) = keeping_api(close.clone(), closed.clone());
    let config = format!("[network]\nallow = [\"{origin}\"]");
    let host = host()
        .plugin("guest", guests::FETCHES)
        .config("guest", &config)
        .start();
    let order =
        |body: &str| json!({ "url": format!("{origin}/orders"), "method": "POST", "body": body });
    let page = page_at_last(&host, &order("first"));
    assert_eq!(page["insert"][0]["body"], "ok", "{page}");
    while_frozen(&host, || {
        close.open();
        closed.pass("the end of the connection");
    });
    let page = page_at_last(&host, &order("second"));
    assert_eq!(page["insert"][0]["body"], "ok", "{page}");
    let bodies: Vec<String> = received.try_iter().map(|request| request.text()).collect();
    assert_eq!(bodies, ["first", "second"], "each was sent once");
}

#[test]
fn connection_of_a_client_outlasts_a_stop() {
    let host = host().plugin("guest", guests::ECHOES_STATE).start();
    let mut connection = Connection::open(host.address()).unwrap();
    let request = host
        .weld("guest")
        .page_request("rows", &json!({ "page": 7 }));
    let before = connection.ask(&request).unwrap();
    assert_eq!(before.status(), 200, "{}", before.text());
    // The request is there before the processor is.
    while_frozen(&host, || {
        connection.send(&request.bytes()).unwrap();
        pass(300)();
    });
    let after = connection.read(Kind::Response).unwrap();
    assert_eq!(after.json(), before.json());
}
