//! Pages that take longer than an answer: they arrive through short answers, and equal requests share one call.

use crate::{assert_error, guests, held_call, host, host_with_config};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::io::Read;
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use weld_host_tests::PATIENCE;
use weld_host_tests::gate::Gate;
use weld_host_tests::held_call::HeldCall;
use weld_host_tests::host::Host;
use weld_host_tests::http::Message;
use weld_host_tests::mark::{assert_pending, marked};
use weld_host_tests::upstream::Upstream;

/// Requests a page as Weld does until it is ready. Returns it, and how many answers were pending.
fn page_at_last(host: &Host, table: &str, state: &Value) -> (Message, usize) {
    for later in 0..1000 {
        let answer = host.weld("guest").page(table, state);
        if answer.header("weld-host-pending").is_none() {
            return (answer, later);
        }
        assert_eq!(answer.header("weld-host-pending"), Some("running"));
        assert_eq!(assert_pending(&answer)["state"], *state);
    }
    panic!("the page never comes");
}

/// How many calls have ended for requests, according to the log of a host that logs everything.
fn calls(host: &Host) -> usize {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    // Once this later line is in the log, the earlier ones are too.
    let marker = format!("nobody-{}", ASKED.fetch_add(1, Ordering::Relaxed));
    host.weld(&marker).schema();
    host.log().wait_for_text(&marker);
    let has_ended = |line: &&String| line.contains("call ended") && line.contains("request_id");
    host.log().so_far().iter().filter(has_ended).count()
}

#[test]
fn long_page_comes_in_short_answers_from_one_call() {
    let upstream = Upstream::start(|request, exchange| exchange.answer(200, &[], request.target()));
    let state = json!({ "url": upstream.origin() });
    let config = format!(
        "[env]\nSLEEP_MS = \"600\"\n[network]\nallow = [\"{}\"]\n[limits]\nanswer-within = \"100ms\"",
        upstream.origin()
    );
    let host = host_with_config(guests::SLEEPS_BETWEEN_FETCHES, &config);
    for table in ["contract", "wasi"] {
        let asked = upstream.received().len();
        let (page, later) = page_at_last(&host, table, &state);
        assert!(later >= 2, "{table}: {later}");
        assert_eq!(
            page.json()["insert"],
            json!([{ "id": 1, "body": "/before" }, { "id": 2, "body": "/after" }])
        );
        assert_eq!(upstream.received().len(), asked + 2, "{table}");
    }
}

#[test]
fn slow_response_comes_in_short_answers_too() {
    let release = Gate::shut();
    let hold = release.clone();
    let upstream = Upstream::start(move |_, exchange| {
        hold.pass("the test to release the upstream");
        exchange.answer(200, &[], "late");
    });
    let config = format!(
        "[network]\nallow = [\"{}\"]\n[limits]\nanswer-within = \"50ms\"",
        upstream.origin()
    );
    let host = host_with_config(guests::FETCHES, &config);
    let state = json!({ "url": upstream.url("/") });
    for _ in 0..3 {
        let answer = host.weld("guest").page("rows", &state);
        assert_pending(&answer);
        let waits_for = answer.header("weld-host-waits-for").expect("it is known");
        assert_eq!(waits_for, format!("response of {}", upstream.origin()));
    }
    release.open();
    let (page, _) = page_at_last(&host, "rows", &state);
    assert_eq!(page.json()["insert"][0]["body"], "late");
    assert_eq!(upstream.received().len(), 1);
}

#[test]
fn answers_and_the_log_say_for_what_and_until_when() {
    let config = "[env]\nSLEEP_MS = \"3600000\"\n[limits]\nanswer-within = \"50ms\"";
    let host = host_with_config(guests::SLEEPS_INSIDE, config);
    let answer = host.weld("guest").page("rows", &json!({}));
    assert_eq!(answer.header("weld-host-pending"), Some("running"));
    let waits_for = answer.header("weld-host-waits-for").expect("it is known");
    let until: Timestamp = waits_for
        .strip_prefix("pause until ")
        .expect(waits_for)
        .parse()
        .unwrap();
    let left = until.duration_since(Timestamp::now());
    assert!(left > SignedDuration::from_mins(59) && left <= SignedDuration::from_mins(60));
    let line = host.log().wait_for_text("pending=\"running\"");
    assert!(line.contains(waits_for), "{line}");
}

#[test]
fn hundred_requests_for_the_same_page_share_one_call() {
    const CLIENTS: usize = 100;
    let HeldCall {
        host,
        page,
        state,
        release,
    } = held_call(host().flag("--log", "debug"));
    let (sender, answers) = mpsc::channel();
    for number in 1..CLIENTS {
        let (weld, sender) = (host.weld("guest"), sender.clone());
        // In any spelling.
        let spaces = " ".repeat(number);
        let request = weld
            .request("POST", "/")
            .body(format!(r#"{{"name": "rows", "state": {spaces}{state}}}"#));
        thread::spawn(move || sender.send(request.send()));
    }
    let joined = |lines: &[String]| lines.iter().filter(|line| line.contains("joins")).count();
    assert!(host.log().wait_until(|lines| joined(lines) == CLIENTS - 1));
    release.open();
    let first = page.answer().unwrap();
    assert_eq!(first.json()["insert"][0]["body"], "in time");
    for _ in 1..CLIENTS {
        let answer = answers.recv_timeout(PATIENCE).unwrap();
        assert_eq!(answer.text(), first.text());
    }
    assert_eq!(calls(&host), 1);
}

#[test]
fn page_of_a_broken_connection_goes_to_the_next_request_and_is_then_forgotten() {
    let host = host()
        .plugin("guest", guests::MAKES_ROWS)
        .flag("--log", "debug")
        .start();
    let weld = host.weld("guest");
    // Far more than the sockets' buffers hold.
    let request = weld.page_request("20000", &json!({}));
    let mut cut = TcpStream::connect(host.address()).unwrap();
    std::io::Write::write_all(&mut cut, &request.bytes()).unwrap();
    let mut some = [0; 10_000];
    cut.read_exact(&mut some).unwrap();
    drop(cut);
    assert_eq!(
        weld.page("20000", &json!({})).json()["insert"]
            .as_array()
            .unwrap()
            .len(),
        20_000
    );
    assert_eq!(calls(&host), 1, "the page was there");
    weld.good_page("20000", &json!({}));
    assert_eq!(calls(&host), 2, "it was delivered, so it is made again");
}

#[test]
fn failure_after_a_pending_answer_is_reported_to_the_next_request() {
    let config = "[env]\nSLEEP_MS = \"200\"\n[limits]\nanswer-within = \"50ms\"";
    let host = host_with_config(guests::FAILS_AS_REQUESTED, config);
    let (answer, later) = page_at_last(&host, "upstream", &json!({ "words": "it is down" }));
    assert!(later > 0);
    let message = assert_error(&answer, 502, "upstream_failed");
    assert!(message.contains("it is down"), "{message}");
}

#[test]
fn equal_requests_for_a_schema_share_one_call() {
    let config = "[env]\nSCHEMA_SLEEP_MS = \"300\"";
    let host = host()
        .plugin("guest", guests::SLEEPS_INSIDE)
        .config("guest", config)
        .flag("--log", "debug")
        .start();
    let asking: Vec<_> = (0..5)
        .map(|_| host.request("GET", "/guest/schema").begin().unwrap())
        .collect();
    for request in asking {
        assert_eq!(request.answer().unwrap().status(), 200);
    }
    assert_eq!(calls(&host), 1);
}

#[test]
fn schema_that_came_too_late_answers_the_next_request() {
    let config = "[env]\nSCHEMA_SLEEP_MS = \"300\"\n[limits]\nanswer-within = \"100ms\"";
    let host = host_with_config(guests::SLEEPS_INSIDE, config);
    let schema = (0..100)
        .map(|_| host.weld("guest").schema())
        .inspect(|answer| {
            if answer.status() != 200 {
                assert_error(answer, 504, "deadline_exceeded");
            }
        })
        .position(|answer| answer.status() == 200);
    assert!(schema.is_some_and(|tries| tries > 0), "{schema:?}");
}

#[test]
fn without_a_background_a_page_has_only_the_time_of_its_request() {
    let host = |guest, config: &str| {
        host()
            .plugin("guest", guest)
            .config("guest", config)
            .switch("--no-background")
            .start()
    };
    let config = "[env]\nSLEEP_MS = \"3600000\"\n[limits]\nanswer-within = \"300ms\"";
    let sleeping = host(guests::SLEEPS_INSIDE, config);
    let row = sleeping.weld("guest").good_row("rows", &json!({}));
    assert_eq!(row["slept"], json!(false));
    assert!(row["left"].as_u64().unwrap() <= 300, "{row}");
    let sleeping = host(guests::SLEEPS_BY_THE_WASI_CLOCK, config);
    let answer = sleeping.weld("guest").page("rows", &json!({}));
    let message = assert_error(&answer, 504, "deadline_exceeded");
    assert!(
        message.contains("--no-background") && message.contains("answer-within"),
        "{message}"
    );
}

#[test]
fn without_a_background_a_too_long_page_names_the_limit_that_ended_it() {
    for (answer_within, page_timeout, named) in [
        ("300ms", "1h", "answer-within"),
        // The request came before its call began.
        ("300ms", "300ms", "answer-within"),
        ("1h", "300ms", "page-timeout"),
    ] {
        let config = format!(
            "[env]\nSLEEP_MS = \"3600000\"\n[limits]\nanswer-within = \"{answer_within}\"\npage-timeout = \"{page_timeout}\""
        );
        let host = host()
            .plugin("guest", guests::SLEEPS_BY_THE_WASI_CLOCK)
            .config("guest", &config)
            .switch("--no-background")
            .start();
        let answer = host.weld("guest").page("rows", &json!({}));
        let message = assert_error(&answer, 504, "deadline_exceeded");
        let expected = format!("the 300ms that `limits.{named}` allows");
        assert!(message.contains(&expected), "{config}: {message}");
    }
}

#[test]
fn without_a_background_a_held_page_begins_with_a_whole_request() {
    let host = host()
        .plugin("guest", guests::WAITS_BETWEEN_PAGES)
        .switch("--no-background")
        .start();
    // On a busy machine the time may pass before the request arrives.
    let held = [100, 1_000, 10_000].into_iter().find_map(|milliseconds| {
        let soon = Timestamp::now() + SignedDuration::from_millis(milliseconds);
        let state = marked(soon, Timestamp::now(), 0);
        let answer = host.weld("guest").page("rows", &state);
        (answer.header("weld-host-pending") == Some("waiting")).then_some((answer, soon, state))
    });
    let (held, soon, state) = held.expect("a request before its time is held");
    assert!(Timestamp::now() >= soon);
    assert_eq!(assert_pending(&held)["state"], state);
    assert_eq!(host.weld("guest").good_row("rows", &state)["id"], 2);
}

#[test]
fn calls_without_waiters_make_room_for_others() {
    let config = "[env]\nSLEEP_MS = \"3600000\"\n[limits]\nanswer-within = \"50ms\"";
    let host = host()
        .plugin("sleeper", guests::SLEEPS_INSIDE)
        .config("sleeper", config)
        .plugin("guest", guests::ECHOES_STATE)
        .flag("--slots", "1")
        .flag("--queue-wait", "1m")
        .start();
    assert_pending(&host.weld("sleeper").page("rows", &json!({})));
    let row = host.weld("guest").good_row("rows", &json!({}));
    assert_eq!(row["table"], "rows");
    host.log().wait_for_text("to make room");
}

#[test]
fn restart_begins_the_page_again() {
    let config = "[env]\nSLEEP_MS = \"300\"\n[limits]\nanswer-within = \"50ms\"";
    let before = host_with_config(guests::SLEEPS_INSIDE, config);
    let pending = assert_pending(&before.weld("guest").page("rows", &json!({})));
    drop(before);
    let after = host_with_config(guests::SLEEPS_INSIDE, config);
    let (page, _) = page_at_last(&after, "rows", &pending["state"]);
    assert_eq!(page.json()["insert"][0]["slept"], json!(true));
}

#[test]
fn state_of_ten_megabytes_is_too_large() {
    let host = host().plugin("guest", guests::ECHOES_STATE).start();
    let state = json!({ "cursor": "x".repeat(10 << 20) });
    let answer = host.weld("guest").page("rows", &state);
    assert_error(&answer, 413, "body_too_large");
}
