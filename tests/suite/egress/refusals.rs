//! Which responses are refusals because of a quota, and how the host handles them.

use crate::egress::{fetch, host_for};
use crate::{guests, host};
use serde_json::json;
use std::sync::Mutex;
use weld_host_tests::upstream::Upstream;

pub(super) type Headers = &'static [(&'static str, &'static str)];

/// One answer of an API: status, headers, body.
pub(super) type Answer = (u16, Headers, &'static str);

pub(super) const GOOD: Answer = (200, &[], "beers");
pub(super) const NO_HEADERS: Headers = &[];

/// An API that answers its calls with these in turn, repeating the last one.
pub(super) fn answering(answers: impl Into<Vec<Answer>>) -> Upstream {
    let left = Mutex::new(answers.into());
    Upstream::start(move |_, exchange| {
        let (status, headers, body) = {
            let mut left = left.lock().unwrap();
            match left.len() {
                1 => left[0],
                _ => left.remove(0),
            }
        };
        exchange.answer(status, headers, body);
    })
}

#[test]
fn refusal_that_carries_a_wait_is_waited_out_and_repeated() {
    let cases: [(u16, Headers); 7] = [
        (
            403,
            &[("retry-after", "1"), ("x-ratelimit-remaining", "4000")],
        ),
        (
            403,
            &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1")],
        ),
        (400, &[("x-retry-after", "1")]),
        (430, &[("retry-after-ms", "20")]),
        (509, &[("x-ms-retry-after-ms", "20")]),
        (529, &[("x-ratelimit-reset-after", "0.02")]),
        (420, NO_HEADERS),
    ];
    for (status, headers) in cases {
        for component in [guests::FETCHES, guests::FETCHES_WASI] {
            let upstream = answering([(status, headers, "later"), GOOD]);
            let config = format!("[network]\nallow = [\"{}\"]", upstream.origin());
            let host = host()
                .plugin("guest", component)
                .config("guest", &config)
                .start();
            let row = fetch(&host, &json!({ "url": upstream.url("/") }));
            assert_eq!(row["status"], 200, "{status} {headers:?}: {row}");
            assert_eq!(upstream.received().len(), 2, "{status} {headers:?}");
        }
    }
}

#[test]
fn refusal_that_no_wait_changes_reaches_the_connector_at_once() {
    let cases: [(u16, Headers); 7] = [
        (403, NO_HEADERS),
        (
            400,
            &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1")],
        ),
        (
            403,
            &[
                ("x-ratelimit-remaining", "4000"),
                ("x-ratelimit-reset", "1"),
            ],
        ),
        (403, &[("retry-after", "0")]),
        (404, &[("retry-after", "1")]),
        (401, &[("retry-after", "1")]),
        (
            422,
            &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1")],
        ),
    ];
    for (status, headers) in cases {
        let upstream = answering([(status, headers, "no"), GOOD]);
        let row = fetch(
            &host_for(&upstream, ""),
            &json!({ "url": upstream.url("/") }),
        );
        assert_eq!(row["status"], status, "{headers:?}: {row}");
        assert_eq!(row["body"], "no", "{status} {headers:?}");
        assert_eq!(upstream.received().len(), 1, "{status} {headers:?}");
    }
}

#[test]
fn refusal_is_repeated_like_a_429_as_its_method_allows() {
    for status in [429, 403] {
        let refusal: Answer = (status, &[("retry-after-ms", "1")], "later");
        for (method, more, calls) in [
            ("GET", "", 3),
            ("GET", "retries = 0", 1),
            ("POST", "", 1),
            ("POST", "retry-methods = [\"POST\"]\nretries = 1", 2),
        ] {
            let upstream = answering([refusal]);
            let host = host_for(&upstream, &format!("[rate-limit]\n{more}"));
            let request = json!({ "url": upstream.url("/"), "method": method });
            let row = fetch(&host, &request);
            assert_eq!(
                (&row["status"], &row["body"]),
                (&json!(status), &json!("later"))
            );
            assert_eq!(upstream.received().len(), calls, "{status} {method} {more}");
        }
    }
}

#[test]
fn refusal_that_cannot_be_waited_out_holds_the_other_calls_too() {
    let refusal: Answer = (403, &[("retry-after", "60")], "later");
    let upstream = answering([refusal, GOOD]);
    let host = host_for(
        &upstream,
        "[limits]\npage-timeout = \"10s\"\nmax-wait = \"10s\"",
    );
    let request = json!({ "url": upstream.url("/") });
    let row = fetch(&host, &request);
    assert_eq!(
        (&row["status"], &row["body"]),
        (&json!(403), &json!("later"))
    );
    let other = fetch(&host, &json!({ "url": upstream.url("/other") }));
    assert_eq!(other["error"], "unavailable", "{other}");
    assert_eq!(upstream.received().len(), 1);
}

#[test]
fn refusal_for_a_quota_is_not_a_failure_of_the_api() {
    for (status, headers, is_failure) in [
        (503, &[("retry-after-ms", "1")][..], false),
        (403, &[("retry-after-ms", "1")], false),
        (503, NO_HEADERS, true),
    ] {
        let upstream = answering([(status, headers, "later")]);
        let host = host_for(&upstream, "[rate-limit]\nretries = 0\nfailures = 2");
        let request = json!({ "url": upstream.url("/"), "times": 4 });
        let row = fetch(&host, &request);
        let expected = if is_failure { 2 } else { 4 };
        assert_eq!(upstream.received().len(), expected, "{status} {headers:?}");
        assert_eq!(row["error"] == "unavailable", is_failure, "{row}");
    }
}

#[test]
fn refusal_of_one_of_several_quotas_is_waited_out_whatever_its_status() {
    let cases: [(u16, Headers); 3] = [
        (
            403,
            &[
                ("x-ratelimit-requests-remaining", "0"),
                ("x-ratelimit-requests-reset", "1"),
            ],
        ),
        (
            403,
            &[
                ("x-ratelimit-remaining", "4000"),
                ("x-ratelimit-reset", "60"),
                ("x-ratelimit-minutely-remaining", "0"),
                ("x-ratelimit-minutely-reset", "1"),
            ],
        ),
        (403, &[("x-ratelimit-remaining", "0")]),
    ];
    for (status, headers) in cases {
        let upstream = answering([(status, headers, "later"), GOOD]);
        let host = host_for(&upstream, "");
        let row = fetch(&host, &json!({ "url": upstream.url("/") }));
        assert_eq!(row["status"], 200, "{status} {headers:?}: {row}");
        assert_eq!(upstream.received().len(), 2, "{status} {headers:?}");
    }
}
