//! Long waits inside a page: its call ends, and the page begins again afterwards, so that no sandbox is held.

use crate::{guests, host};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::sync::Mutex;
use std::thread;
use weld_host_tests::gate::Gate;
use weld_host_tests::host::{Host, HostBuilder};
use weld_host_tests::http::Message;
use weld_host_tests::mark::{assert_pending, mark};
use weld_host_tests::upstream::Upstream;

const KINDS: [&str; 2] = [guests::FETCHES, guests::FETCHES_WASI];

/// A used-up quota: every call after the first `granted` ones is refused with this `Retry-After`, `times` times in
/// total.
fn refusing(granted: usize, times: usize, retry_after: &'static str) -> Upstream {
    let counts = Mutex::new((granted, times));
    Upstream::start(move |_, exchange| {
        let is_refused = {
            let (left, refusals) = &mut *counts.lock().unwrap();
            match (*left, *refusals) {
                (0, 1..) => {
                    (*left, *refusals) = (granted, *refusals - 1);
                    true
                }
                _ => {
                    *left = left.saturating_sub(1);
                    false
                }
            }
        };
        if is_refused {
            let headers = [
                ("retry-after", retry_after),
                ("x-rate-limit-problem", "day"),
            ];
            exchange.answer(429, &headers, "later");
        } else {
            exchange.answer(200, &[], "beers");
        }
    })
}

/// A host with the connector `guest` that may call this API, not yet started.
fn builder(component: &str, upstream: &Upstream, more: &str) -> HostBuilder {
    let config = format!("[network]\nallow = [\"{}\"]\n{more}", upstream.origin());
    host().plugin("guest", component).config("guest", &config)
}

/// Requests a page until it is ready. Returns its row, and how often it was pending because of a wait between pages.
fn asked_to_the_end(host: &Host, state: &Value) -> (Value, usize) {
    let (mut state, mut waiting) = (state.clone(), 0);
    loop {
        let answer = host.weld("guest").page("rows", &state);
        if answer.header("weld-host-pending").is_none() {
            assert_eq!(answer.status(), 200, "{}", answer.text());
            let rows = answer.json()["insert"].clone();
            return (rows[0].clone(), waiting);
        }
        let page = assert_pending(&answer);
        if answer.header("weld-host-pending") == Some("waiting") {
            waiting += 1;
            assert_eq!(mark(&page).tries, 1, "at most once in a row: {page}");
        }
        state = page["state"].clone();
    }
}

/// Checks that a pending page says what it waits for, and until when.
fn assert_reason(answer: &Message, reason: &str) {
    let told = answer.header("weld-host-waits-for").unwrap();
    assert!(told.starts_with(&format!("{reason} until ")), "{told}");
}

/// What a page waits for after the API has refused its call with 429.
fn another_try(upstream: &Upstream) -> String {
    let origin = upstream.origin();
    format!("another try at {origin} (it answered 429 Too Many Requests)")
}

fn postponements(host: &Host) -> Vec<String> {
    let lines = host.log().so_far();
    let is_postponement = |line: &String| line.contains("postponed: the page begins again");
    lines.into_iter().filter(is_postponement).collect()
}

#[test]
fn long_wait_ends_the_call_and_the_page_begins_again_after_it() {
    for component in KINDS {
        for switch in ["", "--no-background"] {
            let upstream = refusing(0, 1, "6");
            let limits = "[limits]\nanswer-within = \"2s\"\nempty-pages = 1";
            let mut host = builder(component, &upstream, limits);
            if !switch.is_empty() {
                // Without a background, a wait can happen inside a page only if it fits into one answer.
                let limits = "[limits]\nanswer-within = \"20s\"\nempty-pages = 1";
                host = builder(component, &upstream, limits).switch(switch);
            }
            let host = host.start();
            let state = json!({ "url": upstream.url("/") });
            let before = Timestamp::now();
            let answer = host.weld("guest").page("rows", &state);
            let page = assert_pending(&answer);
            assert_eq!(answer.header("weld-host-pending"), Some("waiting"));
            assert_reason(&answer, &another_try(&upstream));
            let mark = mark(&page);
            assert!(
                mark.not_before >= before + SignedDuration::from_secs(6),
                "{page}"
            );
            let (row, _) = asked_to_the_end(&host, &page["state"]);
            assert_eq!(
                (&row["status"], &row["body"]),
                (&json!(200), &json!("beers"))
            );
            assert_eq!(upstream.received().len(), 2);
            let [line] = &postponements(&host)[..] else {
                panic!("{:?}", host.log().so_far());
            };
            assert!(line.contains("repeated_calls=0"), "{line}");
        }
    }
}

#[test]
fn wait_between_pages_may_be_longer_than_a_page() {
    for component in KINDS {
        let upstream = refusing(0, 1000, "43200");
        let host = builder(component, &upstream, "").start();
        let state = json!({ "url": upstream.url("/") });
        let before = Timestamp::now();
        let answer = host.weld("guest").page("rows", &state);
        let page = assert_pending(&answer);
        assert_reason(&answer, &another_try(&upstream));
        let earliest = before + SignedDuration::from_secs(43_200);
        assert!(mark(&page).not_before >= earliest, "{page}");
        assert_eq!(upstream.received().len(), 1);

        let limits = "[limits]\nmax-wait = \"1h\"";
        let host = builder(component, &upstream, limits).start();
        assert_eq!(host.weld("guest").good_row("rows", &state)["status"], 429);
        let line = host.log().wait_for("why no wait is made", |line| {
            line.contains("not waiting 12h for another try")
        });
        for key in ["`limits.page-timeout` is 2h", "`limits.max-wait`"] {
            assert!(line.contains(key), "{line}");
        }
    }
}

#[test]
fn short_wait_happens_inside_the_page() {
    for component in KINDS {
        let upstream = refusing(0, 1, "1");
        let host = builder(component, &upstream, "").start();
        let state = json!({ "url": upstream.url("/") });
        assert_eq!(host.weld("guest").good_row("rows", &state)["status"], 200);
        assert_eq!(upstream.received().len(), 2);
        assert_eq!(postponements(&host), [""; 0]);
    }
}

#[test]
fn page_with_more_calls_than_the_quota_begins_again_once() {
    let upstream = refusing(4, 1000, "6");
    let host = builder(guests::FETCHES, &upstream, "").start();
    let state = json!({ "url": upstream.url("/"), "times": 5 });
    let (row, waiting) = asked_to_the_end(&host, &state);
    assert_eq!((&row["status"], waiting), (&json!(200), 1));
    // Four calls and a refusal, the same once more, and the fifth call.
    assert_eq!(upstream.received().len(), 11);
    let [line] = &postponements(&host)[..] else {
        panic!("{:?}", host.log().so_far());
    };
    assert!(line.contains("repeated_calls=4"), "{line}");
    host.log().wait_for("the line of the page", |line| {
        line.contains("pending=\"waiting\"") && line.contains("repeated_calls=4")
    });
}

/// A page that sends a request with this method, which the API may break off, and then a GET that has to wait.
fn sends_first(component: &str, method: &str, is_broken: bool) {
    let refused = Mutex::new(false);
    let upstream = Upstream::start(move |request, exchange| {
        if request.method() != "GET" {
            if !is_broken {
                exchange.answer(201, &[], "");
            }
            return;
        }
        if std::mem::replace(&mut *refused.lock().unwrap(), true) {
            exchange.answer(200, &[], "beers");
        } else {
            exchange.answer(429, &[("retry-after", "6")], "later");
        }
    });
    let retries = "[rate-limit]\nretry-methods = [\"GET\"]";
    let host = builder(component, &upstream, retries).start();
    let state = json!({ "url": upstream.url("/"), "before": [method] });
    let row = host.weld("guest").good_row("rows", &state);
    assert_eq!(row["status"], 200, "{row}");
    let received = upstream.received();
    let methods: Vec<&str> = received.iter().map(Message::method).collect();
    assert_eq!(methods, [method, "GET", "GET"]);
    assert_eq!(postponements(&host), [""; 0]);
}

#[test]
fn page_that_may_have_changed_something_never_begins_again() {
    thread::scope(|scope| {
        for component in KINDS {
            for method in ["POST", "PUT", "PATCH", "DELETE"] {
                scope.spawn(move || sends_first(component, method, false));
            }
            scope.spawn(move || sends_first(component, "POST", true));
        }
    });
}

#[test]
fn no_sandbox_is_held_while_a_page_waits() {
    let upstream = refusing(0, 1, "3600");
    let host = builder(guests::FETCHES, &upstream, "")
        .plugin("other", guests::ECHOES_STATE)
        .flag("--slots", "1")
        .start();
    let state = json!({ "url": upstream.url("/") });
    let page = assert_pending(&host.weld("guest").page("rows", &state));
    let waiting = host.weld("guest").page_request("rows", &page["state"]);
    let _held = waiting.begin().unwrap();
    assert_eq!(host.weld("other").page("rows", &json!({})).status(), 200);
}

#[test]
fn restart_and_shutdown_keep_the_wait_and_do_not_wait_for_it() {
    let upstream = refusing(0, 1, "1800");
    let builder = || {
        builder(
            guests::FETCHES,
            &upstream,
            "[limits]\nanswer-within = \"1h\"",
        )
        .flag("--grace", "1h")
        .flag("--log", "debug")
    };
    let mut before = builder().start();
    let state = json!({ "url": upstream.url("/") });
    let page = assert_pending(&before.weld("guest").page("rows", &state));
    before.terminate();
    assert_eq!(before.wait_for_exit().code(), Some(0));
    let mut after = builder().start();
    let waiting = after.weld("guest").page_request("rows", &page["state"]);
    let waiting = waiting.begin().unwrap();
    after.log().wait_for_text("held until its time");
    after.terminate();
    let answer = waiting.answer().unwrap();
    assert_eq!(assert_pending(&answer), page);
    assert_reason(&answer, &another_try(&upstream));
    assert_eq!(after.wait_for_exit().code(), Some(0));
    assert_eq!(upstream.received().len(), 1, "the wait is kept");
}

#[test]
fn page_waits_for_a_learned_quota_without_a_sandbox() {
    let upstream = Upstream::start(|_, exchange| {
        let quota = [
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "1800"),
        ];
        exchange.answer(200, &quota, "");
    });
    for component in KINDS {
        let host = builder(component, &upstream, "").start();
        let state = json!({ "url": upstream.url("/") });
        assert_eq!(host.weld("guest").good_row("rows", &state)["status"], 200);
        let answer = host.weld("guest").page("rows", &state);
        assert_pending(&answer);
        assert_eq!(answer.header("weld-host-pending"), Some("waiting"));
        assert_reason(&answer, &format!("quota of {}", upstream.origin()));
    }
    assert_eq!(upstream.received().len(), 2);
}

#[test]
fn every_refusal_with_a_long_wait_ends_the_call() {
    let retry_after = [("retry-after", "1800")].as_slice();
    let spent = [
        ("x-ratelimit-remaining", "0"),
        ("x-ratelimit-reset", "1800"),
    ]
    .as_slice();
    for (status, headers, body, rules) in [
        (403, retry_after, "", ""),
        (503, retry_after, "", ""),
        (403, spent, "", ""),
        (
            200,
            &[],
            "THROTTLED",
            "[[rate-limit.refusal]]\nstatus = 200\ntext = \"THROTTLED\"\nthen = \"wait\"\nwait = \"30m\"",
        ),
    ] {
        let upstream = Upstream::start(move |_, exchange| exchange.answer(status, headers, body));
        let host = builder(guests::FETCHES, &upstream, rules).start();
        let state = json!({ "url": upstream.url("/") });
        let before = Timestamp::now();
        let answer = host.weld("guest").page("rows", &state);
        let page = assert_pending(&answer);
        let half = SignedDuration::from_mins(30);
        assert!(mark(&page).not_before >= before + half, "{status}: {page}");
        let said = match status {
            403 => "it answered 403 Forbidden",
            503 => "it answered 503 Service Unavailable",
            _ => "it answered 200 OK, a refusal by a rule under [rate-limit]",
        };
        assert_reason(
            &answer,
            &format!("another try at {} ({said})", upstream.origin()),
        );
        assert_eq!(upstream.received().len(), 1, "{status}");
    }
}

#[test]
fn all_waiters_of_a_postponed_page_are_answered() {
    let (arrived, release) = (Gate::shut(), Gate::shut());
    let (arrival, hold) = (arrived.clone(), release.clone());
    let upstream = Upstream::start(move |_, exchange| {
        arrival.open();
        hold.pass("the test to release the upstream");
        exchange.answer(429, &[("retry-after", "1800")], "later");
    });
    let host = builder(guests::FETCHES, &upstream, "").start();
    let state = json!({ "url": upstream.url("/") });
    let request = || host.weld("guest").page_request("rows", &state);
    let first = request().begin().unwrap();
    arrived.pass("the page's call");
    let others: Vec<_> = (0..3).map(|_| request().begin().unwrap()).collect();
    release.open();
    for waiting in others.into_iter().chain([first]) {
        let answer = waiting.answer().unwrap();
        assert_eq!(mark(&assert_pending(&answer)).tries, 1);
        assert_eq!(answer.header("weld-host-pending"), Some("waiting"));
    }
    assert_eq!(upstream.received().len(), 1);
}
