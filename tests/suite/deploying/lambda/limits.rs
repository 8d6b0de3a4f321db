//! The limits of the platform: the time of an invocation, waits that nobody is held for, and the size of an answer.

use super::{Answer, Source, answer, function_with, row};
use crate::guests;
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};
use weld_host_tests::runtime_api::Function;

const HOUR: &str = "[env]\nSLEEP_MS = \"3600000\"\nSCHEMA_SLEEP_MS = \"3600000\"";

/// The answer to an event of a function with this time-out.
fn within(function: &Function, event: &Value, time: Duration) -> Answer {
    Answer::of(
        &function
            .invoke_until(event, SystemTime::now() + time)
            .response(),
    )
}

#[test]
fn page_that_takes_too_long_names_the_time_out_and_smaller_pages() {
    let function = function_with(guests::SLEEPS_BY_THE_WASI_CLOCK, HOUR);
    for source in Source::ALL {
        let answer = within(&function, &source.event(), Duration::from_millis(500));
        let message = answer.error(504, "deadline_exceeded");
        assert!(message.contains("function's time-out"), "{message}");
        assert!(message.contains("smaller pages"), "{message}");
    }
}

#[test]
fn sleep_beyond_the_time_of_the_invocation_is_refused_in_the_guest() {
    let function = function_with(guests::SLEEPS_INSIDE, HOUR);
    let time = Duration::from_secs(20);
    let row = row(&within(&function, &Source::FunctionUrl.event(), time));
    assert_eq!(row["slept"], json!(false));
    let left = row["left"].as_u64().unwrap();
    assert!(left > 0 && left < 20_000, "{row}");
    let schema = Source::RestApi.request("GET", "/guest/schema");
    let message = within(&function, &schema, time).error(500, "connector_failed");
    assert!(message.contains("left"), "{message}");
}

#[test]
fn configured_answer_within_still_counts_if_it_is_shorter() {
    let config = format!("{HOUR}\n[limits]\nanswer-within = \"300ms\"");
    let function = function_with(guests::SLEEPS_BY_THE_WASI_CLOCK, &config);
    let message = answer(&function, &Source::FunctionUrl.event()).error(504, "deadline_exceeded");
    assert!(message.contains("answer-within"), "{message}");
}

#[test]
fn wait_between_pages_is_a_pending_answer_at_once() {
    // Held for its time, or until the deadline of the invocation, the request would outlast the test.
    let config = "[env]\nWAIT_MS = \"3600000\"\n[limits]\nanswer-within = \"off\"";
    let function = function_with(guests::WAITS_BETWEEN_PAGES, config);
    for source in Source::ALL {
        let first = answer(&function, &source.page("rows", &json!({})));
        assert_eq!(first.header("weld-host-pending"), None, "{source:?}");
        assert_eq!(row(&first)["id"], 1);
        let state = first.json()["state"].clone();
        assert!(state["weld-host"]["not-before"].is_string(), "{state}");
        for _ in 0..3 {
            let pending = answer(&function, &source.page("rows", &state));
            assert_eq!(
                pending.header("weld-host-pending"),
                Some("waiting"),
                "{source:?}"
            );
            let page = pending.json();
            assert_eq!(page["insert"], json!([]));
            assert_eq!(page["hasMore"], true);
            assert_eq!(page["state"], state);
        }
    }
}

#[test]
fn page_after_its_wait_is_made() {
    let function = function_with(guests::WAITS_BETWEEN_PAGES, "[env]\nWAIT_MS = \"1\"");
    let mut state = json!({});
    for id in 1..=3 {
        // The wait may not be over yet.
        let page = loop {
            let page = answer(&function, &Source::HttpApi.page("rows", &state));
            if page.header("weld-host-pending").is_none() {
                break page;
            }
        };
        assert_eq!(row(&page)["id"], id);
        state = page.json()["state"].clone();
    }
}

#[test]
fn answer_beyond_the_size_of_the_platform_names_page_size() {
    let function = function_with(guests::RETURNS_HUGE_PAGE, "");
    for source in Source::ALL {
        let is_balancer = matches!(
            source,
            Source::LoadBalancer | Source::LoadBalancerMultiValue
        );
        let (small, large, limit) = if is_balancer {
            ("0", "1", "1MiB")
        } else {
            ("5", "6", "6MiB")
        };
        let page = answer(&function, &source.page(small, &json!({})));
        assert_eq!(page.status, 200, "{source:?}");
        let message =
            answer(&function, &source.page(large, &json!({}))).error(500, "page_too_large");
        assert!(
            message.contains("page-size") && message.contains(limit),
            "{message}"
        );
        // Far beyond, the body is not even collected.
        let message =
            answer(&function, &source.page("40", &json!({}))).error(500, "page_too_large");
        assert!(message.contains("page-size"), "{message}");
    }
}

#[test]
fn compressed_answer_counts_as_it_is_sent() {
    let function = function_with(guests::RETURNS_HUGE_PAGE, "");
    for source in [Source::FunctionUrl, Source::HttpApi, Source::LoadBalancer] {
        let event = source.page("20", &json!({}));
        let event = source.with_header(event, "accept-encoding", Some("gzip"));
        let page = answer(&function, &event);
        assert_eq!(page.status, 200, "{source:?}");
        assert_eq!(page.unzipped()["insert"].as_array().map(Vec::len), Some(20));
    }
}

#[test]
fn wrong_clocks_lead_to_a_clear_error_or_a_right_page() {
    let function = function_with(guests::ECHOES_STATE, "");
    let event = Source::FunctionUrl.event();
    let now = SystemTime::now();
    let day = Duration::from_secs(24 * 60 * 60);
    // By this clock, the function's deadline has passed.
    for deadline in [
        SystemTime::UNIX_EPOCH,
        now - day,
        now - Duration::from_secs(1),
    ] {
        let answer = Answer::of(&function.invoke_until(&event, deadline).response());
        let message = answer.error(504, "deadline_exceeded");
        assert!(message.contains("clock"), "{message}");
    }
    // This clock is at 1970, or behind by a day.
    for deadline in [now + day, now + day * 365 * 50] {
        let page = Answer::of(&function.invoke_until(&event, deadline).response());
        assert_eq!(page.status, 200);
        function.process().stderr().wait_for_text("clock is wrong");
    }
}
