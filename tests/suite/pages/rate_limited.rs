//! An API that answers "too many requests": Weld sees the wait as a page, unless it is too long.

use crate::{assert_error, guests, host_with, host_with_config};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use weld_host_tests::mark::{assert_pending, mark, marked};
use weld_host_tests::upstream::Upstream;

const HOUR: SignedDuration = SignedDuration::from_hours(1);
/// The table of `fails_as_requested` that is always over the API's quota.
const RATE_LIMITED: &str = "rate_limited";

/// The configuration of an API that asks to wait this long.
fn asking_to_wait(milliseconds: u32, limits: &str) -> String {
    format!("[env]\nRATE_LIMIT_MS = \"{milliseconds}\"\n[limits]\n{limits}")
}

#[test]
fn rate_limited_page_is_put_off_with_the_received_state() {
    let host = host_with_config(guests::FAILS_AS_REQUESTED, &asking_to_wait(60_000, ""));
    for state in [
        json!({ "page": 7, "price": "1.10" }),
        json!({}),
        json!(null),
    ] {
        let before = Timestamp::now();
        let page = assert_pending(&host.weld("guest").page(RATE_LIMITED, &state));
        let mark = mark(&page);
        assert!(
            mark.not_before >= before + SignedDuration::from_mins(1),
            "{page}"
        );
        assert!(
            mark.not_before <= Timestamp::now() + SignedDuration::from_mins(1),
            "{page}"
        );
        assert_eq!(mark.tries, 1);
        let mut rest = page["state"].as_object().unwrap().clone();
        rest.remove("weld-host");
        assert_eq!(
            Value::Object(rest),
            if state.is_null() { json!({}) } else { state }
        );
    }
}

#[test]
fn rate_limited_page_is_requested_again_after_the_wait() {
    let upstream = {
        let refused = std::sync::atomic::AtomicBool::new(false);
        Upstream::start(move |_, exchange| {
            let again = refused.swap(true, std::sync::atomic::Ordering::SeqCst);
            exchange.answer(if again { 200 } else { 429 }, &[], "");
        })
    };
    let config = format!(
        "[env]\nURL = \"{}\"\nRATE_LIMIT_MS = \"50\"\n[network]\nallow = [\"{}\"]\n[rate-limit]\nretries = 0",
        upstream.url("/"),
        upstream.origin()
    );
    let host = host_with_config(guests::IS_RATE_LIMITED, &config);
    let synced = host.weld("guest").sync("rows", &json!({ "page": 7 }));
    assert_eq!(synced.rows, [json!({ "id": 1 })]);
    assert_eq!(synced.state, json!({ "page": 7 }));
    assert_eq!((synced.pages, upstream.received().len()), (2, 2));
}

#[test]
fn host_backs_off_by_the_tries_if_the_api_gives_no_time() {
    let host = host_with(guests::FAILS_AS_REQUESTED);
    let first = mark(&assert_pending(
        &host.weld("guest").page(RATE_LIMITED, &json!({})),
    ));
    assert_eq!(first.tries, 1);
    let before = Timestamp::now();
    let second = SignedDuration::from_secs(1);
    let since = before - SignedDuration::from_mins(1);
    let later = host
        .weld("guest")
        .page(RATE_LIMITED, &marked(before - second, since, 3));
    let later = mark(&assert_pending(&later));
    assert_eq!((later.tries, later.since), (4, since));
    assert!(later.not_before - before > first.not_before - first.since);
}

#[test]
fn counting_starts_again_after_a_late_request() {
    let host = host_with_config(guests::FAILS_AS_REQUESTED, "[limits]\nlinger = \"1m\"");
    let before = Timestamp::now();
    let late = marked(before - HOUR, before - HOUR * 2, 7);
    let mark = mark(&assert_pending(
        &host.weld("guest").page(RATE_LIMITED, &late),
    ));
    assert_eq!(mark.tries, 1);
    assert!(mark.since >= before, "{}", mark.since);
}

#[test]
fn rate_limit_longer_than_the_longest_wait_is_an_error() {
    let host = host_with_config(
        guests::FAILS_AS_REQUESTED,
        &asking_to_wait(7_200_000, "max-wait = \"1h\""),
    );
    let answer = host.weld("guest").page(RATE_LIMITED, &json!({}));
    assert_error(&answer, 429, "rate_limited");
    assert_eq!(answer.header("retry-after"), Some("7200"));
}

#[test]
fn rate_limits_that_add_up_to_more_than_the_longest_wait_are_an_error() {
    let host = host_with_config(
        guests::FAILS_AS_REQUESTED,
        &asking_to_wait(120_000, "max-wait = \"1h\""),
    );
    let now = Timestamp::now();
    let state = marked(
        now - SignedDuration::from_secs(1),
        now - SignedDuration::from_mins(59),
        5,
    );
    let answer = host.weld("guest").page(RATE_LIMITED, &state);
    assert_error(&answer, 429, "rate_limited");
    assert_eq!(answer.header("retry-after"), Some("120"));
}

#[test]
fn rate_limit_of_zero_backs_off_like_one_without_a_time() {
    let host = host_with_config(guests::FAILS_AS_REQUESTED, &asking_to_wait(0, ""));
    let before = Timestamp::now();
    let first = assert_pending(&host.weld("guest").page(RATE_LIMITED, &json!({})));
    let first = mark(&first);
    assert!(
        first.not_before >= before + SignedDuration::from_secs(1),
        "{}",
        first.not_before
    );
    assert_eq!(first.tries, 1);
    let now = Timestamp::now();
    let later = host
        .weld("guest")
        .page(RATE_LIMITED, &marked(now, first.since, 3));
    let later = mark(&assert_pending(&later));
    assert_eq!((later.tries, later.since), (4, first.since));
    assert!(later.not_before - now > first.not_before - first.since);
}

#[test]
fn rate_limited_schema_never_says_to_retry_at_once() {
    let config = "[env]\nSCHEMA_ERROR = \"rate_limited\"\nRATE_LIMIT_MS = \"0\"";
    let host = host_with_config(guests::FAILS_AS_REQUESTED, config);
    let answer = host.weld("guest").schema();
    assert_error(&answer, 429, "rate_limited");
    let seconds: u64 = answer
        .header("retry-after")
        .expect("when to retry")
        .parse()
        .unwrap();
    assert!(seconds >= 1, "{seconds}");
}

#[test]
fn page_that_runs_longer_than_its_linger_continues_the_count() {
    let config = "[env]\nSLEEP_MS = \"1200\"\n[limits]\nlinger = \"600ms\"";
    let host = host_with_config(guests::FAILS_AS_REQUESTED, config);
    let now = Timestamp::now();
    let since = now - SignedDuration::from_mins(1);
    // Early enough to be in time on a slow machine.
    let state = marked(now + SignedDuration::from_millis(800), since, 3);
    let mark = mark(&assert_pending(
        &host.weld("guest").page(RATE_LIMITED, &state),
    ));
    assert_eq!((mark.tries, mark.since), (4, since));
}
