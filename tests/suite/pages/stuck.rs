//! Syncs that never end: the host ends those that make no progress, and no others.

use crate::{assert_error, guests, host_with_config};
use serde_json::{Value, json};
use weld_host_tests::host::Host;

const CONFIG: &str = "[limits]\nempty-pages = 4";

/// Requests page after page as Weld does, each with the state of the one before. Returns how many pages came, and the
/// state after them.
fn pages(host: &Host, table: &str, first: &Value, most: usize) -> (usize, Value) {
    let mut state = first.clone();
    for number in 0..most {
        let answer = host.weld("guest").page(table, &state);
        if answer.status() != 200 {
            let message = assert_error(&answer, 500, "stuck_sync");
            assert!(message.contains("empty-pages"), "{message}");
            return (number, state);
        }
        state = answer.json()["state"].clone();
    }
    (most, state)
}

#[test]
fn pages_without_progress_end_the_sync() {
    let host = host_with_config(guests::GOES_NOWHERE, CONFIG);
    for (table, expected) in [("still", 3), ("same", 4), ("circle", 5)] {
        let (came, state) = pages(&host, table, &json!({"number": 0}), 50);
        assert_eq!(came, expected, "{table}");
        let (again, _) = pages(&host, table, &state, 50);
        assert!(again >= 3, "{table}: a new try restarts the count, {again}");
    }
}

#[test]
fn pages_with_progress_or_waits_never_end_it() {
    let host = host_with_config(guests::GOES_NOWHERE, CONFIG);
    for table in ["onward", "exporting"] {
        let (came, _) = pages(&host, table, &json!({"number": 0}), 30);
        assert_eq!(came, 30, "{table}");
    }
}

#[test]
fn state_in_another_spelling_is_the_same_state() {
    let host = host_with_config(guests::GOES_NOWHERE, CONFIG);
    let text = |spelling: &str| {
        host.request("POST", "/guest/")
            .body(format!(r#"{{"name": "still", "state": {spelling}}}"#))
            .send()
    };
    for spelling in [
        r#"{"number": 7}"#,
        r#"{ "number" :7 }"#,
        r#"{"\u006eumber":7}"#,
    ] {
        assert_eq!(text(spelling).status(), 200, "{spelling}");
    }
    assert_error(&text(r#"{"number":7}"#), 500, "stuck_sync");
}

#[test]
fn second_full_sync_is_never_treated_as_a_cycle() {
    let host = host_with_config(guests::GOES_NOWHERE, CONFIG);
    for _ in 0..8 {
        let (came, _) = pages(&host, "onward", &json!({}), 3);
        assert_eq!(came, 3);
        let (came, _) = pages(&host, "same", &json!({}), 3);
        assert_eq!(came, 3);
    }
}
