//! Connectors that fail in a sync that serves them itself: what is shown, how often they are called, what remains.

use super::desk;
use crate::guests;
use serde_json::{Value, json};
use std::fs;
use weld_host_tests::desk::{Desk, only_line};
use weld_host_tests::tables::states;

/// What the guest logs before each failure.
const WARNED: &str = "page 3 is about to fail";

/// The words of the guest's own errors.
const WORDS: &str = "KeyError: 'idd' (app.py:46)";

/// A folder with `shop.wasm`, which fails in this way.
fn failing(how: &str) -> Desk {
    let desk = desk();
    fs::copy(guests::FAILS_AFTER_PAGES, desk.path("shop.wasm")).expect("a component");
    let config = format!("[env]\nFAILURE = \"{how}\"\n\n[limits]\ncpu-time = \"100ms\"\n");
    fs::write(desk.path("shop.toml"), config).expect("a file");
    desk
}

#[test]
fn failure_that_stays_is_shown_once_with_its_place_and_not_retried() {
    for (how, cause) in [
        ("other", WORDS),
        ("misconfigured", WORDS),
        ("unauthorized", WORDS),
        ("page", "insert"),
        ("loop", "limits.cpu-time"),
        // Its author sees the words that a client of `serve` doesn't.
        ("panic", WORDS),
    ] {
        let desk = failing(how);
        let ended = desk.run(&["shop.wasm"]);
        assert_eq!(ended.status.code(), Some(1), "{ended:?}");
        let text = ended.stderr.join("\n");
        let last = ended.stderr.last().expect("a line");
        assert!(
            last.starts_with("weld-host: rows, page 3: ") && last.contains(cause),
            "{how}: {text}"
        );
        let rest = "; 4 rows are kept; run the same command to continue; not reached: more";
        assert!(last.ends_with(rest), "{how}: {text}");
        assert!(!text.contains("127.0.0.1"), "{how}: {text}");
        assert_eq!(text.matches(WARNED).count(), 1, "{how}: {text}");
        assert_eq!(text.matches(cause).count(), 1, "{how}: {text}");
        if how == "panic" {
            let place = "the connector crashed: panicked at src/bin/fails_after_pages.rs:";
            assert!(last.contains(place), "{text}");
        }
        assert_eq!(
            states(&desk.database("shop.sqlite")),
            [("rows".to_owned(), r#"{"page":2}"#.to_owned())],
            "{how}"
        );
        assert_eq!(desk.numbers("shop.sqlite", "id"), [0, 1, 2, 3], "{how}");
    }
}

#[test]
fn failure_that_may_pass_is_tried_three_times_and_its_cause_shown_once() {
    let desk = failing("upstream");
    let ended = desk.run(&["shop.wasm", "--to", "rows/"]);
    let text = ended.stderr.join("\n");
    assert_eq!(text.matches(WARNED).count(), 3, "{text}");
    assert_eq!(text.matches(WORDS).count(), 1, "{text}");
    for line in [
        "rows, page 3: the request failed; try 2 in 1s",
        "rows, page 3: the request failed; try 3 in 5s",
    ] {
        assert!(ended.stderr.iter().any(|shown| shown == line), "{text}");
    }
    assert_eq!(desk.numbers("rows/", "id"), [0, 1, 2, 3]);
}

#[test]
fn with_full_or_without_states_the_failure_says_what_the_next_sync_does() {
    let desk = failing("other");
    let ended = desk.run(&["shop.wasm", "--full"]);
    let line = ended.stderr.last().expect("a line");
    assert!(
        line.contains("4 rows are kept; run the same command without --full to continue"),
        "{line}"
    );
    let ended = desk.run(&["shop.wasm", "--to", "-", "--quiet"]);
    assert_eq!(ended.stdout.len(), 4, "{ended:?}");
    let line = ended.stderr.last().expect("a line");
    assert!(
        line.contains("4 rows were printed; the next sync starts from the beginning"),
        "{line}"
    );
}

#[test]
fn schema_that_fails_names_the_component() {
    let desk = desk();
    fs::copy(guests::FAILS_AS_REQUESTED, desk.path("shop.wasm")).expect("a component");
    fs::write(desk.path("shop.toml"), "[env]\nSCHEMA_ERROR = \"other\"\n").expect("a file");
    let line = only_line(&desk.run(&["shop.wasm"]));
    assert_eq!(
        line,
        "weld-host: shop.wasm: the schema: the guest says this"
    );
}

#[test]
fn error_is_an_event_with_its_place_and_kind() {
    let error = |desk: &Desk, arguments: &[&str]| {
        let ended = desk.run(&[arguments, &["--json"]].concat());
        assert_eq!(ended.status.code(), Some(1), "{ended:?}");
        let last = ended.stdout.last().expect("an event");
        last.parse::<Value>().expect("JSON")
    };
    let desk = failing("other");
    assert_eq!(
        error(&desk, &["shop.wasm"]),
        json!({
            "event": "error", "table": "rows", "page": 3, "rows": 4, "kind": "connector_failed",
            "cause": WORDS, "unreached": ["more"],
        })
    );
    // It continues at the third page, which is the first one of this run.
    let again = error(&desk, &["shop.wasm"]);
    assert_eq!(
        (&again["page"], &again["rows"]),
        (&json!(1), &json!(0)),
        "{again}"
    );
    let missing = error(&desk, &["nobody.wasm"]);
    assert_eq!(
        (&missing["table"], &missing["kind"]),
        (&Value::Null, &Value::Null)
    );
    let cause = missing["cause"].as_str().expect("a cause");
    assert!(cause.contains("nobody.wasm"), "{missing}");
}
