//! Quotas in the forms in which APIs report them.

use crate::egress::quotas::held;
use crate::egress::{fetch, host_for};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use weld_host_tests::upstream::Upstream;

/// An API whose responses all have these headers.
fn telling(headers: Vec<(&'static str, String)>) -> Upstream {
    Upstream::start(move |_, exchange| {
        let headers: Vec<(&str, &str)> = headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        exchange.answer(200, &headers, "");
    })
}

/// For how many seconds a second call is held after a response with these headers; `None` if it isn't held.
fn held_after(headers: Vec<(&'static str, String)>, config: &str) -> Option<u64> {
    let upstream = telling(headers);
    let host = host_for(&upstream, &format!("[rate-limit]\n{config}"));
    assert_eq!(held(&host, &upstream, "/"), None);
    held(&host, &upstream, "/")
}

fn in_nanoseconds(seconds: u64) -> u128 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    (now + Duration::from_secs(seconds)).as_nanos()
}

#[test]
fn resets_in_any_unit_are_the_same_time() {
    let reset = in_nanoseconds(60);
    for divisor in [1, 1000, 1_000_000, 1_000_000_000] {
        let told = (reset / divisor).to_string();
        for remaining in ["0", "9"] {
            let headers = vec![
                ("x-ratelimit-limit", "10".to_owned()),
                ("x-ratelimit-remaining", remaining.to_owned()),
                ("x-ratelimit-reset", told.clone()),
            ];
            let held = held_after(headers, "pace-below = 0");
            if remaining == "9" {
                assert_eq!(held, None, "{told}");
            } else {
                let seconds = held.expect("it is spent");
                assert!((50..=62).contains(&seconds), "{told}: {seconds}");
            }
        }
    }
}

#[test]
fn implausibly_long_time_is_ignored_with_a_warning() {
    let upstream = telling(vec![
        ("x-ratelimit-remaining", "0".to_owned()),
        ("x-ratelimit-reset", "179590000000000".to_owned()),
    ]);
    let host = host_for(&upstream, "");
    for _ in 0..3 {
        assert_eq!(held(&host, &upstream, "/"), None);
    }
    let log = host.log();
    log.wait_for_text(
        "`x-ratelimit-reset: 179590000000000` would be a time more than 32 days ahead",
    );
    let lines = log.so_far();
    let warnings: Vec<_> = lines
        .iter()
        .filter(|line| line.contains("x-ratelimit-reset"))
        .collect();
    assert_eq!(warnings.len(), 1, "once: {warnings:?}");
    assert!(warnings[0].contains("rate-limit.window"), "{warnings:?}");
    let window = held_after(
        vec![
            ("x-ratelimit-remaining", "0".to_owned()),
            ("x-ratelimit-reset", "179590000000000".to_owned()),
        ],
        "window = \"60s\"",
    );
    assert!((50..=62).contains(&window.expect("the window counts")));
}

#[test]
fn several_families_of_headers_apply_together() {
    let minutely = vec![
        ("x-ratelimit-limit", "5000".to_owned()),
        ("x-ratelimit-remaining", "4000".to_owned()),
        (
            "x-ratelimit-reset",
            (in_nanoseconds(3600) / 1_000_000).to_string(),
        ),
        ("x-ratelimit-minutely-limit", "60".to_owned()),
        ("x-ratelimit-minutely-remaining", "0".to_owned()),
        (
            "x-ratelimit-minutely-reset",
            (in_nanoseconds(40) / 1_000_000).to_string(),
        ),
    ];
    let seconds = held_after(minutely, "").expect("the minute is spent");
    assert!((30..=42).contains(&seconds), "{seconds}");
}

#[test]
fn remaining_calls_without_a_reset_apply_to_the_window() {
    let left = |name| vec![(name, "0".to_owned())];
    let minute = |held: Option<u64>| held.is_some_and(|seconds| (50..=62).contains(&seconds));
    assert!(minute(held_after(left("x-minlimit-remaining"), "")));
    let own = "headers = { remaining = \"x-calls-left\" }";
    let window = format!("window = \"60s\"\n{own}");
    assert!(minute(held_after(left("x-calls-left"), &window)));
    let upstream = telling(left("x-calls-left"));
    let host = host_for(&upstream, &format!("[rate-limit]\n{own}"));
    assert_eq!(held(&host, &upstream, "/"), None);
    assert_eq!(held(&host, &upstream, "/"), None);
    host.log()
        .wait_for_text("`x-calls-left: 0` has no reset time; set `rate-limit.window`");
}

#[test]
fn no_response_holds_other_calls_beyond_the_longest_learned_wait() {
    for (config, most) in [("", 3601), ("max-learned-wait = \"30s\"", 31)] {
        for headers in [
            vec![
                ("x-ratelimit-remaining", "0"),
                ("x-ratelimit-reset", "86400"),
            ],
            vec![("x-minlimit-remaining", "9"), ("x-daylimit-remaining", "0")],
        ] {
            let headers = headers
                .into_iter()
                .map(|(name, value)| (name, value.to_owned()))
                .collect();
            let seconds = held_after(headers, config).expect("it is spent");
            assert!((most - 12..=most).contains(&seconds), "{config}: {seconds}");
        }
    }
}

/// A bucket for this many calls that leaks this many per second, and reports how full it is.
struct LeakyBucket {
    used: f64,
    at: Instant,
}

#[test]
fn leaky_bucket_that_reports_only_its_level_causes_hardly_any_refusals() {
    const LIMIT: f64 = 40.0;
    const LEAK: f64 = 20.0;
    let bucket = Mutex::new(LeakyBucket {
        used: 0.0,
        at: Instant::now(),
    });
    let upstream = Upstream::start(move |_, exchange| {
        let mut bucket = bucket.lock().unwrap();
        let leaked = bucket.at.elapsed().as_secs_f64() * LEAK;
        bucket.used = (bucket.used - leaked).max(0.0);
        bucket.at = Instant::now();
        let is_granted = bucket.used + 1.0 <= LIMIT;
        bucket.used += f64::from(u8::from(is_granted));
        let told = format!("{}/{LIMIT}", bucket.used.ceil());
        let quota = ("x-shopify-shop-api-call-limit", told.as_str());
        if is_granted {
            exchange.answer(200, &[quota], "");
        } else {
            exchange.answer(429, &[quota, ("retry-after", "2.0")], "");
        }
    });
    let host = host_for(
        &upstream,
        "[rate-limit]\nretries = 0\n[limits]\nconcurrency = 8",
    );
    let statuses = Mutex::new(BTreeMap::<u64, usize>::new());
    thread::scope(|scope| {
        for page in 0..8 {
            let (host, upstream, statuses) = (&host, &upstream, &statuses);
            scope.spawn(move || {
                for call in 0..12 {
                    let url = upstream.url(&format!("/{page}/{call}"));
                    let row: Value = fetch(host, &json!({ "url": url }));
                    let status = row["status"].as_u64().unwrap_or_default();
                    *statuses.lock().unwrap().entry(status).or_default() += 1;
                }
            });
        }
    });
    let statuses = statuses.into_inner().unwrap();
    let refused = statuses.get(&429).copied().unwrap_or_default();
    assert!(
        refused <= 2 && refused + statuses[&200] == 96,
        "{statuses:?}"
    );
}

#[test]
fn refusals_without_a_reason_lower_the_number_of_calls_at_once() {
    const MOST: usize = 3;
    let under_way = AtomicUsize::new(0);
    let refused = Arc::new(AtomicUsize::new(0));
    let count = refused.clone();
    let upstream = Upstream::start(move |_, exchange| {
        if under_way.fetch_add(1, Ordering::SeqCst) < MOST {
            thread::sleep(Duration::from_millis(50));
            under_way.fetch_sub(1, Ordering::SeqCst);
            exchange.answer(200, &[], "");
        } else {
            under_way.fetch_sub(1, Ordering::SeqCst);
            count.fetch_add(1, Ordering::SeqCst);
            exchange.answer(429, &[], "");
        }
    });
    let more = "[rate-limit]\nretries = 10\n[limits]\nconcurrency = 12";
    let host = host_for(&upstream, more);
    thread::scope(|scope| {
        for page in 0..12 {
            let (host, upstream) = (&host, &upstream);
            scope.spawn(move || {
                let url = upstream.url(&format!("/{page}"));
                let row = fetch(host, &json!({ "url": url, "times": 20 }));
                assert_eq!(row["status"], 200, "{row}");
            });
        }
    });
    host.log()
        .wait_for_text("fewer are sent at once from now on");
    let refused = refused.load(Ordering::SeqCst);
    assert!((1..60).contains(&refused), "{refused} of 240 were refused");
}
