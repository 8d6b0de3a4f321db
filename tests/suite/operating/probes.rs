//! `/healthz` and `/readyz` on the public listener.

use super::client::{TlsConnection, encrypted};
use super::{fill_queue, three_sandboxes};
use crate::{assert_error, guests, host};
use rustix::process::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;
use weld_host_tests::component;
use weld_host_tests::connection::Connection;
use weld_host_tests::host::Host;
use weld_host_tests::http::{Kind, Message};
use weld_host_tests::{until, until_some};

const PROBES: [&str; 2] = ["/healthz", "/readyz"];

/// What the probe for readiness says, asked from this machine.
fn readiness(host: &Host) -> (u16, Value) {
    let answer = host.request("GET", "/readyz").send();
    (answer.status(), answer.json())
}

#[test]
fn probes_need_no_key_and_are_found_by_every_spelling_of_their_paths() {
    let host = host()
        .plugin("guest", guests::ECHOES_STATE)
        .variable("WELD_API_KEY", "secret")
        .start();
    until("it is ready", || readiness(&host).0 == 200);
    for path in PROBES {
        for path in [
            path.to_owned(),
            format!("/{path}"),
            format!("{path}/"),
            format!("{path}?from=kubelet"),
        ] {
            for mode in ["data", "schema"] {
                let probe = |method| host.request(method, &path).header("weld-mode", mode);
                let got = probe("GET").header("host", "10.0.0.7").send();
                assert_eq!(got.status(), 200, "{path}: {}", got.text());
                assert_eq!(got.header("content-type"), Some("application/json"));
                assert_eq!(got.header("cache-control"), Some("no-store"));
                let head = probe("HEAD").header("host", "10.0.0.7").send();
                assert_eq!(head.status(), 200, "{path}");
                assert_eq!(
                    head.header("content-length"),
                    got.header("content-length"),
                    "{path}"
                );
            }
        }
    }
    assert_eq!(host.weld("guest").schema().status(), 401);
}

#[test]
fn probes_take_no_other_method_and_their_connection_stays_usable() {
    let host = host().plugin("guest", guests::ECHOES_STATE).start();
    let mut client = Connection::open(host.address()).unwrap();
    for path in PROBES {
        for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
            let answer = client.ask(&host.request(method, path)).unwrap();
            let message = assert_error(&answer, 405, "method_not_allowed");
            assert!(message.contains("GET or HEAD"), "{message}");
            assert_eq!(answer.header("allow"), Some("GET, HEAD"));
        }
        let answer = client.ask(&host.request("HEAD", path)).unwrap();
        assert_eq!(answer.status(), 200);
    }
}

#[test]
fn probes_leave_nothing_in_the_log() {
    let host = host().plugin("guest", guests::ECHOES_STATE).start();
    for path in PROBES {
        let id_of = |answer: Message| answer.header("x-request-id").unwrap().to_owned();
        let id = id_of(host.request("GET", path).send());
        let later = id_of(host.weld("guest").schema());
        // The log is written in order: a line about the probe would precede this one.
        host.log().wait_for_text(&later);
        let lines = host.log().so_far();
        assert!(!lines.iter().any(|line| line.contains(&id)), "{lines:?}");
    }
}

#[test]
fn connectors_that_did_not_load_are_listed_with_their_reason_to_this_machine_only() {
    let host = host()
        .plugin("guest", guests::ECHOES_STATE)
        .file("broken.wasm", "no component")
        .plugin("wrong", guests::ECHOES_STATE)
        .config("wrong", "[env]\nTOKEN = 7\n")
        .file("Not A Name.wasm", "no component")
        .start();
    until("the first load is through", || readiness(&host).0 == 200);
    let (_, report) = readiness(&host);
    assert_eq!(report["status"], "ready");
    assert_eq!(
        (&report["not_loaded"], &report["loading"]),
        (&json!(3), &json!(0))
    );
    let reason = |name: &str| {
        let connectors = report["connectors"].as_array().unwrap();
        let connector = connectors.iter().find(|listed| listed["name"] == name);
        let connector = connector.unwrap_or_else(|| panic!("no {name} in {report}"));
        assert_eq!(connector["state"], "not_loaded");
        connector["reason"].as_str().unwrap().to_owned()
    };
    assert!(reason("wrong").contains("TOKEN"), "{report}");
    assert!(!reason("broken").is_empty() && !reason("Not A Name").is_empty());
    let probe = || host.request("GET", "/readyz");
    for (what, request) in [
        ("a proxy", probe().header("x-forwarded-for", "10.0.0.7")),
        ("another name", probe().header("host", "example.com")),
        (
            "a web page",
            probe().header("origin", "https://example.com"),
        ),
    ] {
        let answer = request.send();
        assert_eq!(answer.status(), 200, "{what}");
        let expected = json!({ "status": "ready", "loading": 0, "not_loaded": 3 });
        assert_eq!(answer.json(), expected, "{what}");
    }
}

#[test]
fn connector_that_is_repaired_or_removed_is_no_longer_listed() {
    let host = host()
        .file("broken.wasm", "no component")
        .file("Not A Name.wasm", "no component")
        .flag("--reload", "100ms")
        .start();
    until("both are listed", || readiness(&host).1["not_loaded"] == 2);
    std::fs::remove_file(host.plugins().join("Not A Name.wasm")).unwrap();
    let aside = host.plugins().join(".part");
    std::fs::copy(guests::ECHOES_STATE, &aside).unwrap();
    std::fs::rename(aside, host.plugins().join("broken.wasm")).unwrap();
    until("neither is listed", || {
        readiness(&host).1
            == json!({ "status": "ready", "loading": 0, "not_loaded": 0, "connectors": [] })
    });
}

#[test]
fn host_is_ready_once_its_first_load_is_through() {
    let cache = TempDir::new().unwrap();
    let host = host()
        .flag("--cache", &cache.path().display().to_string())
        .flag("--reload", "100ms")
        .flag("--compile-time", "10m")
        // It would compile for minutes, and is not a connector.
        .file("cold.wasm", component::slow())
        .start();
    let (status, report) = readiness(&host);
    assert_eq!(status, 503);
    assert_eq!(
        report,
        json!({ "status": "loading", "loading": 1, "not_loaded": 0,
            "connectors": [{ "name": "cold", "state": "loading" }] })
    );
    let head = host.request("HEAD", "/readyz").send();
    assert_eq!((head.status(), head.body.len()), (503, 0));
    assert_eq!(host.request("GET", "/healthz").send().status(), 200);
    std::fs::remove_file(host.plugins().join("cold.wasm")).unwrap();
    until("nothing is left to load", || readiness(&host).0 == 200);
}

#[test]
fn probes_are_answered_beside_a_full_queue_and_guests_that_compute() {
    let host = three_sandboxes().start();
    let _pages = fill_queue(&host);
    for _ in 0..50 {
        for path in PROBES {
            let answer = host.request("GET", path).send();
            assert_eq!(answer.status(), 200, "{}", answer.text());
        }
    }
}

#[test]
fn probes_are_answered_when_clients_hold_all_connections() {
    let host = host()
        .after("ulimit -n 160")
        .plugin("guest", guests::SLEEPS_INSIDE)
        .config("guest", "[env]\nSLEEP_MS = \"3600000\"")
        .start();
    assert_eq!(host.weld("guest").schema().status(), 200);
    let page = host.weld("guest").page_request("rows", &json!({}));
    // Three quarters of its files are for clients, and all of them wait for one page.
    let mut waiting: Vec<_> = (0..120).map(|_| page.clone().begin().unwrap()).collect();
    host.log().wait_for_text("begun");
    // Once no connection is left, of further requests only as many wait as leave room for probes.
    let refused = until_some("a further request is refused", || {
        let pages: Vec<_> = (0..10).map(|_| page.clone().begin().unwrap()).collect();
        let answered = pages.into_iter().find(|page| !page.is_unanswered());
        answered.and_then(|page| page.answer().ok())
    });
    let message = assert_error(&refused, 503, "busy");
    assert!(message.contains("120 connections"), "{message}");
    assert_eq!(refused.header("retry-after"), Some("10"));
    assert_eq!(refused.header("connection"), Some("close"));
    for _ in 0..50 {
        for path in PROBES {
            let answer = host.request("GET", path).send();
            assert_eq!(answer.status(), 200, "{}", answer.text());
        }
    }
    waiting.truncate(100);
    until("pages are served again", || {
        host.weld("guest").schema().status() == 200
    });
}

#[test]
fn connections_end_with_their_answer_while_no_place_is_free() {
    let host = host()
        .after("ulimit -n 160")
        .plugin("guest", guests::ECHOES_STATE)
        .start();
    let request = host.request("GET", "/guest/schema");
    let clients: Vec<_> = (0..MOST)
        .map(|_| {
            let mut client = Connection::open(host.address()).unwrap();
            let answer = client.ask(&request).unwrap();
            (answer.header("connection").is_some(), client)
        })
        .collect();
    let (last, others) = clients.split_last().unwrap();
    assert!(others.iter().all(|(is_closed, _)| !is_closed));
    assert!(last.0, "it has taken the last place");
}

/// How many connections may hold a page on a host that may open 160 files, and how many more it accepts.
const MOST: usize = 120;
const ASIDE: usize = 7;

#[test]
fn clients_without_a_right_key_take_no_places_and_leave_first() {
    let host = host()
        .after("ulimit -n 160")
        .variable("WELD_API_KEY", "key")
        .plugin("guest", guests::ECHOES_STATE)
        .start();
    let ask = |path: &str, key: Option<&str>| {
        let request = host.request("GET", path);
        match key {
            Some(key) => request.header("authorization", &format!("Bearer {key}")),
            None => request,
        }
    };
    let right = ask("/guest/schema", Some("key"));
    let strangers = [
        (ask("/guest/schema", None), 401),
        (ask("/", None), 401),
        (ask("/no/such/path", None), 401),
        (ask("/healthz", None), 200),
    ];
    let mut client = Connection::open(host.address()).unwrap();
    assert_eq!(client.ask(&right).unwrap().status(), 200);
    let begin = |number: usize| {
        let (request, expected) = &strangers[number % strangers.len()];
        let mut stranger = Connection::open(host.address()).unwrap();
        let answer = stranger.ask(request).unwrap();
        assert_eq!(answer.status(), *expected);
        if number + 1 < MOST {
            assert_eq!(answer.header("connection"), None, "{number}");
        }
        stranger
    };
    let mut others: Vec<_> = (1..MOST).map(begin).collect();
    // The right key's connection stays open, since places are free.
    for _ in 0..3 {
        let answer = client.ask(&right).unwrap();
        assert_eq!((answer.status(), answer.header("connection")), (200, None));
    }
    others.extend((MOST..MOST + ASIDE).map(begin));
    // Further clients get in, whatever the strangers do.
    for round in 0..3 {
        let mut late: Vec<_> = (0..ASIDE * 2)
            .map(|_| Connection::open(host.address()).unwrap())
            .collect();
        for late in &mut late {
            assert_eq!(late.ask(&right).unwrap().status(), 200, "{round}");
        }
        for (number, stranger) in others.iter_mut().enumerate() {
            // Some of them have been asked to leave.
            let (request, _) = &strangers[(number + 1) % strangers.len()];
            let _left = stranger.ask(request);
        }
    }
}

#[test]
fn answers_close_the_connections_of_clients_without_a_right_key_when_they_run_short() {
    let host = host()
        .after("ulimit -n 160")
        .variable("WELD_API_KEY", "key")
        .plugin("guest", guests::ECHOES_STATE)
        .start();
    for (path, expected) in [("/guest/schema", 401), ("/healthz", 200)] {
        let request = host.request("GET", path).bytes();
        // They wait in the system's queue, so that they are accepted at the same time, and none has to leave for its age.
        host.signal(Signal::STOP);
        let strangers: Vec<_> = (0..MOST + ASIDE)
            .map(|_| {
                let mut stranger = Connection::open(host.address()).unwrap();
                stranger.send(&request).unwrap();
                stranger
            })
            .collect();
        host.signal(Signal::CONT);
        let answers = strangers.into_iter().map(|mut stranger| {
            let answer = stranger.read(Kind::Response).unwrap();
            (answer, stranger)
        });
        let answers: Vec<_> = answers.collect();
        assert!(
            answers
                .iter()
                .all(|(answer, _)| answer.status() == expected)
        );
        let closed = answers
            .iter()
            .filter(|(answer, _)| answer.header("connection") == Some("close"));
        assert!(closed.count() > 0, "{path}");
    }
}

#[test]
fn expiry_of_the_certificate_is_in_the_report() {
    let host = encrypted(host())
        .plugin("guest", guests::ECHOES_STATE)
        .start();
    let mut client = TlsConnection::open(host.address()).unwrap();
    let answer = client.ask(&host.request("GET", "/readyz")).unwrap();
    assert_eq!(answer.json()["certificate_expires"], "2125-12-31T00:00:00Z");
}
