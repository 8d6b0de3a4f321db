//! Separate quotas of one origin.

use crate::egress::{fetch, host_for};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use weld_host_tests::host::Host;
use weld_host_tests::upstream::Upstream;

/// The answer to a call that may be held for a few seconds at most.
fn call(host: &Host, upstream: &Upstream, path: &str) -> Value {
    fetch(host, &json!({ "url": upstream.url(path), "timeout": 5000 }))
}

/// For how many seconds from now a call would be held if it may be held for a few seconds only; `None` if it was
/// answered.
pub(crate) fn held(host: &Host, upstream: &Upstream, path: &str) -> Option<u64> {
    let began = Instant::now();
    let row = call(host, upstream, path);
    if row["status"] == 200 {
        return None;
    }
    assert_eq!(row["error"], "unavailable", "{path}: {row}");
    assert!(
        began.elapsed() < Duration::from_secs(60),
        "it fails at once"
    );
    let detail = row["detail"].as_str().unwrap();
    let digits = detail.chars().filter(char::is_ascii_digit);
    let milliseconds: u64 = digits.collect::<String>().parse().unwrap();
    Some(milliseconds / 1000)
}

#[test]
fn used_up_resource_holds_no_other_of_the_same_origin() {
    let left = std::sync::atomic::AtomicU32::new(4);
    let upstream = Upstream::start(move |request, exchange| {
        let (resource, limit, remaining, reset) = match request.target() {
            "/search" => {
                let left = left.fetch_sub(1, std::sync::atomic::Ordering::Relaxed);
                ("search", "30", left.to_string(), "60")
            }
            _ => ("core", "5000", "4990".to_owned(), "3600"),
        };
        let quota = [
            ("x-ratelimit-resource", resource),
            ("x-ratelimit-limit", limit),
            ("x-ratelimit-remaining", &remaining),
            ("x-ratelimit-reset", reset),
        ];
        exchange.answer(200, &quota, "");
    });
    let host = host_for(&upstream, "[rate-limit]\npace-below = 0");
    for _ in 0..5 {
        assert_eq!(held(&host, &upstream, "/search"), None);
    }
    assert_eq!(held(&host, &upstream, "/core"), None);
    assert_eq!(held(&host, &upstream, "/core"), None);
    let seconds = held(&host, &upstream, "/search").expect("it is spent");
    assert!((50..=61).contains(&seconds), "{seconds}");
    host.log().wait_for_text("(search)` has no call left");
}

#[test]
fn used_up_quota_of_some_paths_holds_no_others() {
    let upstream = Upstream::start(|request, exchange| {
        let remaining = if request.target() == "/beers" {
            "9"
        } else {
            "0"
        };
        let quota = [
            ("x-ratelimit-remaining", remaining),
            ("x-ratelimit-reset", "60"),
        ];
        exchange.answer(200, &quota, "");
    });
    let rule = "[[rate-limit.quota]]\npaths = [\"/search*\"]";
    for (rule, is_apart) in [(rule, true), ("", false)] {
        let host = host_for(&upstream, rule);
        assert_eq!(held(&host, &upstream, "/search/beers"), None);
        assert_eq!(
            held(&host, &upstream, "/beers").is_none(),
            is_apart,
            "{rule}"
        );
        assert!(held(&host, &upstream, "/search").is_some());
    }
}
