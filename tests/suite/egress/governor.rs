//! When the host sends a connector's calls, and when it retries them.

use crate::egress::{fetch, host_for};
use crate::{guests, host};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};
use weld_host::demo::DemoConfig;
use weld_host_tests::demo_api::{Api, TOKEN};
use weld_host_tests::host::Host;
use weld_host_tests::until_some;
use weld_host_tests::upstream::Upstream;

/// An API that answers each path with these statuses in turn, repeating the last one. Status 0 is a broken
/// connection.
fn answering(paths: &[(&'static str, &'static [u16])]) -> Upstream {
    let left: BTreeMap<&str, &[u16]> = paths.iter().copied().collect();
    let left = Mutex::new(left);
    Upstream::start(move |request, exchange| {
        let status = {
            let mut left = left.lock().unwrap();
            let statuses = left.get_mut(request.target()).expect("a known path");
            let status = statuses[0];
            if statuses.len() > 1 {
                *statuses = &statuses[1..];
            }
            status
        };
        if status > 0 {
            exchange.answer(status, &[], status.to_string());
        }
    })
}

fn received(upstream: &Upstream, path: &str) -> usize {
    let all = upstream.received();
    all.iter()
        .filter(|request| request.target() == path)
        .count()
}

#[test]
fn temporary_failures_are_hidden_from_the_connector() {
    let upstream = answering(&[
        ("/502", &[502, 200]),
        ("/503", &[503, 200]),
        ("/504", &[504, 504, 200]),
        ("/429", &[429, 200]),
        ("/broken", &[0, 200]),
    ]);
    let host = host_for(&upstream, "");
    for (path, tries) in [
        ("/502", 2),
        ("/503", 2),
        ("/504", 3),
        ("/429", 2),
        ("/broken", 2),
    ] {
        let row = fetch(&host, &json!({ "url": upstream.url(path) }));
        assert_eq!(row["status"], 200, "{path}: {row}");
        assert_eq!(received(&upstream, path), tries, "{path}");
    }
    host.log().wait_for("the third try", |line| {
        line.contains("path=\"/504\"") && line.contains("attempt=3") && line.contains("status=200")
    });
}

#[test]
fn last_failure_reaches_the_connector() {
    let upstream = answering(&[("/503", &[503]), ("/broken", &[0]), ("/500", &[500])]);
    let host = host_for(&upstream, "[rate-limit]\nretries = 1\nfailures = 0");
    let row = fetch(&host, &json!({ "url": upstream.url("/503") }));
    assert_eq!((&row["status"], &row["body"]), (&json!(503), &json!("503")));
    let row = fetch(&host, &json!({ "url": upstream.url("/broken") }));
    assert_eq!(row["error"], "failed", "{row}");
    let row = fetch(&host, &json!({ "url": upstream.url("/500") }));
    assert_eq!(row["status"], 500, "{row}");
    for (path, tries) in [("/503", 2), ("/broken", 2), ("/500", 1)] {
        assert_eq!(received(&upstream, path), tries, "{path}");
    }
}

#[test]
fn only_repeatable_requests_are_sent_again() {
    let cases: [(&str, Value, &str, usize); 6] = [
        ("GET", json!(null), "", 2),
        ("POST", json!(null), "", 1),
        ("PATCH", json!(null), "", 1),
        ("POST", json!(true), "", 2),
        ("GET", json!(false), "", 1),
        ("POST", json!(null), "retry-methods = [\"POST\"]", 2),
    ];
    for (method, idempotent, more, tries) in cases {
        let upstream = answering(&[("/", &[503, 200])]);
        let host = host_for(&upstream, &format!("[rate-limit]\n{more}"));
        let request = json!({
            "url": upstream.url("/"),
            "method": method,
            "body": if method == "GET" { "" } else { "a new beer" },
            "idempotent": idempotent,
        });
        let row = fetch(&host, &request);
        let received = upstream.received();
        assert_eq!(received.len(), tries, "{method} {idempotent} {more}: {row}");
        assert!(
            received.iter().all(|one| one.body == received[0].body),
            "the body is sent again"
        );
    }
}

#[test]
fn streamed_body_is_not_sent_again() {
    let upstream = answering(&[("/", &[503, 200])]);
    let config = format!(
        "[network]\nallow = [\"{}\"]\n[rate-limit]\nretry-methods = [\"POST\"]",
        upstream.origin()
    );
    let host = host()
        .plugin("guest", guests::FETCHES_WASI)
        .config("guest", &config)
        .start();
    let request = json!({ "url": upstream.url("/"), "method": "POST", "body": "a new beer" });
    assert_eq!(fetch(&host, &request)["status"], 503);
    assert_eq!(upstream.received().len(), 1);
}

#[test]
fn retry_that_does_not_fit_into_the_time_is_not_made() {
    let upstream = Upstream::start(|_, exchange| {
        exchange.answer(429, &[("retry-after", "60")], "later");
    });
    let host = host_for(
        &upstream,
        "[limits]\npage-timeout = \"10s\"\nmax-wait = \"10s\"",
    );
    let url = upstream.url("/");
    let row = fetch(&host, &json!({ "url": url }));
    assert_eq!(
        (&row["status"], &row["body"]),
        (&json!(429), &json!("later"))
    );
    let row = fetch(&host, &json!({ "url": url }));
    assert_eq!(
        row["error"], "unavailable",
        "the API's answer is used: {row}"
    );
    let detail = row["detail"].as_str().unwrap();
    let milliseconds: u32 = detail
        .chars()
        .filter(char::is_ascii_digit)
        .collect::<String>()
        .parse()
        .unwrap();
    assert!((1..=61_000).contains(&milliseconds), "{detail}");
    assert_eq!(upstream.received().len(), 1);
    host.log().wait_for_text("has no call left for at least");

    let upstream = answering(&[("/", &[503])]);
    let host = host_for(&upstream, "[limits]\ncalls = 2");
    let row = fetch(&host, &json!({ "url": upstream.url("/") }));
    assert_eq!(row["status"], 503, "tries count as calls: {row}");
    assert_eq!(upstream.received().len(), 2);
}

#[test]
fn quota_is_waited_for_only_within_the_time_of_the_request() {
    let upstream = Upstream::start(|_, exchange| {
        let quota = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "600")];
        exchange.answer(200, &quota, "");
    });
    for component in [guests::FETCHES, guests::FETCHES_WASI] {
        let config = format!(
            "[network]\nallow = [\"{}\"]\n[limits]\npage-timeout = \"20s\"\nmax-wait = \"20s\"",
            upstream.origin()
        );
        let host = host()
            .plugin("guest", component)
            .config("guest", &config)
            .start();
        let request = json!({ "url": upstream.url("/"), "timeout": 5000 });
        assert_eq!(fetch(&host, &request)["status"], 200);
        let row = fetch(&host, &request);
        assert_eq!(row["error"], "unavailable", "{row}");
    }
    assert_eq!(upstream.received().len(), 2);
}

#[test]
fn calls_to_an_api_that_keeps_failing_are_paused_and_resumed() {
    let upstream = answering(&[("/", &[503, 503, 200])]);
    let host = host_for(
        &upstream,
        "[rate-limit]\nretries = 0\nfailures = 2\ncool-down = \"500ms\"",
    );
    let request = json!({ "url": upstream.url("/") });
    for _ in 0..2 {
        assert_eq!(fetch(&host, &request)["status"], 503);
    }
    let row = fetch(&host, &request);
    assert_eq!(row["error"], "unavailable", "{row}");
    assert_eq!(upstream.received().len(), 2);
    let row = until_some("the cool-down is over", || {
        Some(fetch(&host, &request)).filter(|row| row["error"] != "unavailable")
    });
    assert_eq!(row["status"], 200);
    host.log().wait_for_text("calls to it are sent as before");
    let warnings = host.log().so_far();
    let opened = |line: &&String| line.contains("calls to it fail immediately until");
    assert_eq!(warnings.iter().filter(opened).count(), 1, "it says so once");
}

/// A host with connectors that share a budget and may call this API.
fn sharing(api: &Api, connectors: usize, slots: usize) -> Host {
    let config = format!(
        "[network]\nallow = [\"http://{}\"]\n[rate-limit]\nbudget = \"shop\"\nretries = 0",
        api.address
    );
    (0..connectors)
        .fold(
            host().flag("--slots", &slots.to_string()),
            |host, number| {
                let name = format!("guest-{number}");
                host.plugin(&name, guests::FETCHES).config(&name, &config)
            },
        )
        .start()
}

/// Runs pages in parallel that make these calls in total. Returns how many calls got each status.
fn run(
    api: &Api,
    host: &Host,
    connectors: usize,
    pages: usize,
    calls: usize,
) -> BTreeMap<u64, usize> {
    let request = json!({
        "url": format!("http://{}/beers?per_page=1&api_token={TOKEN}", api.address),
        "times": calls / pages,
    });
    thread::scope(|scope| {
        for page in 0..pages {
            let weld = host.weld(&format!("guest-{}", page % connectors));
            // Each page has its own state, so that none joins another.
            let mut request = request.clone();
            request["page"] = json!(page);
            scope.spawn(move || weld.good_row("rows", &request));
        }
    });
    // The answers may arrive before the last log lines.
    let told = |line: &&String| line.contains("upstream call");
    let all = |lines: &[String]| lines.iter().filter(told).count() >= calls;
    assert!(host.log().wait_until(all));
    let mut statuses = BTreeMap::new();
    for line in host.log().so_far() {
        if let Some((_, status)) = line
            .split_once(" status=")
            .filter(|_| line.contains("upstream call"))
        {
            let status: String = status.chars().take_while(char::is_ascii_digit).collect();
            *statuses.entry(status.parse().unwrap()).or_default() += 1;
        }
    }
    statuses
}

#[test]
fn quota_of_the_demo_api_is_never_exceeded() {
    thread::scope(|scope| {
        for (connectors, pages) in [(1, 1), (1, 100), (3, 1), (3, 100)] {
            scope.spawn(move || {
                let api = Api::start(DemoConfig {
                    quota: 100,
                    window: Duration::from_secs(1),
                    ..DemoConfig::default()
                });
                let host = sharing(&api, connectors, pages);
                let began = Instant::now();
                let statuses = run(&api, &host, connectors, pages, 200);
                let took = began.elapsed();
                println!("{connectors} connectors, {pages} pages: {statuses:?} in {took:?}");
                assert_eq!(statuses, BTreeMap::from([(200, 200)]));
            });
        }
    });
}
