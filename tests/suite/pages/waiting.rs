//! Waits between pages: they are stored in the state, and Weld sees them as pages, never as errors.

use crate::{assert_error, guests, host, host_with, host_with_config};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use weld_host_tests::mark::{assert_pending, mark, marked};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

#[test]
fn request_that_comes_early_is_held_until_its_time() {
    let host = host_with_config(guests::WAITS_BETWEEN_PAGES, "[env]\nWAIT_MS = \"300\"");
    let first = host.weld("guest").good_page("rows", &json!({}));
    assert_eq!(
        (&first["hasMore"], &first["state"]["page"]),
        (&json!(true), &json!(1))
    );
    let second = host.weld("guest").good_page("rows", &first["state"]);
    assert!(
        Timestamp::now() >= mark(&first).not_before,
        "answered before its time"
    );
    assert_eq!(
        second["insert"],
        json!([{ "id": 2, "state": r#"{"page":1}"# }]),
        "the guest never sees the mark"
    );
}

#[test]
fn table_that_waits_after_each_page_is_synced_to_its_end() {
    let host = host_with_config(guests::WAITS_BETWEEN_PAGES, "[env]\nWAIT_MS = \"30\"");
    let synced = host.weld("guest").sync("rows", &json!({}));
    let ids: Vec<&Value> = synced.rows.iter().map(|row| &row["id"]).collect();
    assert_eq!(ids, [&json!(1), &json!(2), &json!(3)]);
    assert!(
        synced.state["weld-host"]["not-before"].is_string(),
        "the last wait delays the next sync"
    );
}

#[test]
fn state_without_a_wait_has_no_mark() {
    for config in ["", "[env]\nWAIT_MS = \"0\""] {
        let host = host_with_config(guests::WAITS_BETWEEN_PAGES, config);
        assert_eq!(
            host.weld("guest").good_page("rows", &json!({}))["state"],
            json!({ "page": 1 }),
            "{config}"
        );
    }
}

#[test]
fn wait_longer_than_an_answer_returns_the_same_state() {
    let config = "[env]\nWAIT_MS = \"3600000\"\n[limits]\nanswer-within = \"300ms\"";
    let host = host_with_config(guests::WAITS_BETWEEN_PAGES, config);
    let state = host.weld("guest").good_page("rows", &json!({}))["state"].clone();
    for _ in 0..2 {
        let answer = host.weld("guest").page("rows", &state);
        assert_eq!(assert_pending(&answer)["state"], state);
        assert_eq!(answer.header("weld-host-pending"), Some("waiting"));
    }
}

#[test]
fn page_that_is_ready_has_no_pending_header() {
    let host = host_with(guests::WAITS_BETWEEN_PAGES);
    assert_eq!(
        host.weld("guest")
            .page("rows", &json!({}))
            .header("weld-host-pending"),
        None
    );
}

#[test]
fn wait_survives_a_restart() {
    let config = "[env]\nWAIT_MS = \"3600000\"\n[limits]\nanswer-within = \"300ms\"";
    let before = host_with_config(guests::WAITS_BETWEEN_PAGES, config);
    let state = before.weld("guest").good_page("rows", &json!({}))["state"].clone();
    drop(before);
    let after = host_with_config(guests::WAITS_BETWEEN_PAGES, config);
    assert_eq!(
        assert_pending(&after.weld("guest").page("rows", &state))["state"],
        state
    );
}

#[test]
fn wait_is_capped_with_a_warning() {
    let config = "[env]\nWAIT_MS = \"7200000\"\n[limits]\nmax-wait = \"1h\"";
    let host = host_with_config(guests::WAITS_BETWEEN_PAGES, config);
    let page = host.weld("guest").good_page("rows", &json!({}));
    assert!(mark(&page).not_before <= Timestamp::now() + HOUR, "{page}");
    let line = host.log().wait_for_text("max-wait");
    assert!(line.contains("WARN") && line.contains("guest"), "{line}");
}

#[test]
fn forged_time_is_limited_to_the_longest_wait() {
    let config = "[limits]\nmax-wait = \"1h\"\nanswer-within = \"300ms\"";
    let host = host_with_config(guests::WAITS_BETWEEN_PAGES, config);
    let state = marked("9000-01-01T00:00:00Z".parse().unwrap(), Timestamp::now(), 0);
    let answer = host.weld("guest").page("rows", &state);
    let page = assert_pending(&answer);
    assert_eq!(answer.header("weld-host-pending"), Some("waiting"));
    assert!(mark(&page).not_before <= Timestamp::now() + HOUR, "{page}");
    assert_eq!(page["state"]["page"], 1);
}

#[test]
fn malformed_mark_is_refused() {
    let host = host_with(guests::WAITS_BETWEEN_PAGES);
    let time = "2020-01-01T00:00:00Z";
    for mark in [
        json!(null),
        json!(5),
        json!("later"),
        json!([]),
        json!({}),
        json!({ "not-before": "tomorrow", "since": time, "tries": 0 }),
        json!({ "not-before": 1, "since": time, "tries": 0 }),
        json!({ "not-before": time, "since": "yesterday", "tries": 0 }),
        json!({ "not-before": time, "since": time, "tries": -1 }),
        json!({ "not-before": time, "since": time, "tries": "1" }),
    ] {
        let answer = host
            .weld("guest")
            .page("rows", &json!({ "page": 1, "weld-host": mark }));
        assert_eq!(answer.status(), 400, "{mark}: {}", answer.text());
        assert_error(&answer, 400, "bad_request");
    }
}

#[test]
fn mark_is_removed_in_every_spelling_and_repetition() {
    let host = host_with(guests::ECHOES_STATE);
    let mark =
        r#"{"not-before": "2020-01-01T00:00:00Z", "since": "2020-01-01T00:00:00Z", "tries": 1}"#;
    for spellings in [
        &["weld-host"][..],
        &[r"\u0077eld-host"],
        &[r"weld\u002dhost"],
        &[r"\u0077\u0065\u006C\u0064\u002d\u0068\u006f\u0073\u0074"],
        &["weld-host", r"weld-hos\u0074", "weld-host"],
    ] {
        let marks: String = spellings
            .iter()
            .map(|name| format!(r#""{name}": {mark}, "#))
            .collect();
        let body = format!(
            r#"{{"name": "rows", "state": {{{marks}"page": 1, "in": {{"weld-host": 2}}}}}}"#
        );
        let answer = host.request("POST", "/guest/").body(body).send();
        let state = answer.json()["insert"][0]["state"]
            .as_str()
            .expect("a row")
            .to_owned();
        let state: Value = serde_json::from_str(&state).unwrap();
        assert_eq!(
            state,
            json!({ "page": 1, "in": { "weld-host": 2 } }),
            "{spellings:?}"
        );
    }
}

#[test]
fn schema_that_takes_longer_than_an_answer_is_an_error() {
    let config = "[env]\nSCHEMA_SLEEP_MS = \"3600000\"\n[limits]\nanswer-within = \"50ms\"";
    let host = host_with_config(guests::SLEEPS_INSIDE, config);
    assert_error(&host.weld("guest").schema(), 504, "deadline_exceeded");
}

#[test]
fn answer_within_off_keeps_the_connection_until_the_page_is_due() {
    let config = "[env]\nWAIT_MS = \"200\"\n[limits]\nanswer-within = \"off\"";
    let host = host()
        .plugin("guest", guests::WAITS_BETWEEN_PAGES)
        .config("guest", config)
        .start();
    let state = host.weld("guest").good_page("rows", &json!({}))["state"].clone();
    assert_eq!(
        host.weld("guest").good_page("rows", &state)["insert"][0]["id"],
        2
    );
}
