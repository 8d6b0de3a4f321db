//! A guest can do nothing to the host and see nothing of it.

use super::assert_only_the_guest_crashes;
use crate::{assert_error, guests, host, host_with, host_with_config};
use serde_json::json;
use std::net::TcpListener;

#[test]
fn trap_is_answered_and_logged_with_the_guests_last_words() {
    let host = host_with(guests::TRAPS);
    for table in ["panic", "unreachable"] {
        let answer = host.weld("guest").page(table, &json!({}));
        assert_error(&answer, 500, "connector_crashed");
        assert_eq!(answer.json()["error"]["connector"], "guest");
        let told = answer.json()["error"]["message"].to_string();
        let has_place = told.contains("panicked at src/bin/traps.rs:");
        assert_eq!(has_place, table == "panic", "{told}");
        assert!(
            !answer.text().contains("last words"),
            "for the log, not for Weld: {}",
            answer.text()
        );
    }
    host.log().wait_for_text("the guest's last words");
    host.log().wait_for_text("wasm backtrace");
    assert_eq!(
        host.weld("guest").schema().status(),
        200,
        "the host keeps serving"
    );
}

#[test]
fn error_is_found_in_the_log_by_its_request_id() {
    let host = host_with(guests::TRAPS);
    let body = host.weld("guest").page("panic", &json!({})).json();
    let id = body["error"]["request_id"].as_str().unwrap();
    host.log()
        .wait_for("the request's id and the connector", |line| {
            line.contains(id) && line.contains("guest")
        });
}

#[test]
fn exit_is_a_crash_whatever_its_status() {
    let host = host_with(guests::EXITS);
    assert_only_the_guest_crashes(&host, &["0", "1"]);
}

#[test]
fn endless_recursion_crashes_only_the_guest() {
    let host = host_with(guests::RECURSES_ENDLESSLY);
    assert_only_the_guest_crashes(&host, &["rows"]);
}

#[test]
fn stack_counts_as_memory_of_the_call() {
    let config = "[limits]\nmemory = \"2MiB\"";
    let host = host_with_config(guests::RECURSES_AND_SLEEPS, config);
    host.weld("guest").good_page("100", &json!({}));
    // About 60 bytes each. All of it is free again when the guest sleeps, but it was never returned to the system.
    let answer = host.weld("guest").page("40000", &json!({}));
    let message = assert_error(&answer, 500, "out_of_memory");
    assert!(message.contains("limits.memory"), "{message}");
}

#[test]
fn every_call_has_a_fresh_sandbox() {
    let host = host_with(guests::KEEPS_GLOBALS);
    for _ in 0..5 {
        assert_eq!(host.weld("guest").good_row("rows", &json!({}))["calls"], 1);
    }
}

#[test]
fn crash_leaves_nothing_for_the_next_call() {
    let host = host()
        .plugin("crash", guests::TRAPS)
        .plugin("count", guests::KEEPS_GLOBALS)
        .flag("--slots", "1")
        .start();
    for _ in 0..3 {
        assert_error(
            &host.weld("crash").page("panic", &json!({})),
            500,
            "connector_crashed",
        );
        assert_eq!(host.weld("count").good_row("rows", &json!({}))["calls"], 1);
    }
}

#[test]
fn files_sockets_and_names_are_out_of_reach() {
    // A listener that would accept the guest's connection if there were one.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    // An allow rule opens only `http-fetch`.
    let host = host_with_config(
        guests::OPENS_FILES_AND_SOCKETS,
        &format!("[network]\nallow = [\"http://{address}\"]"),
    );
    let file = host.plugins().join("guest.toml").display().to_string();
    let row = host
        .weld("guest")
        .good_row("rows", &json!({ "address": address, "file": file }));
    let outcomes = row.as_object().unwrap();
    assert_eq!(outcomes.len(), 10, "{row}");
    for (attempt, outcome) in outcomes {
        assert!(
            outcome.as_str().unwrap().starts_with("refused: "),
            "{attempt}: {outcome}"
        );
    }
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "no connection came");
}

#[test]
fn environment_has_only_the_configured_variables() {
    let host = host()
        .plugin("guest", guests::ECHOES_STATE)
        .config(
            "guest",
            "[env]\nAPI_BASE_URL = \"https://example.com\"\nTOKEN = { env = \"OUTER\" }",
        )
        .variable("OUTER", "outside")
        .variable("WELD_API_KEY", "key")
        .start();
    let row = host
        .weld("guest")
        .with_key("key")
        .good_row("rows", &json!({}));
    let expected = json!({ "API_BASE_URL": "https://example.com", "TOKEN": "outside" });
    assert_eq!(row["environment"], expected);
    assert_eq!(row["variables"], expected);
    assert_eq!(row["arguments"], json!([]));
}

#[test]
fn connectors_do_not_see_each_others_environment() {
    let host = host()
        .plugin("one", guests::ECHOES_STATE)
        .config("one", "[env]\nNAME = \"one\"")
        .plugin("other", guests::ECHOES_STATE)
        .start();
    assert_eq!(
        host.weld("one").good_row("rows", &json!({}))["variables"],
        json!({ "NAME": "one" })
    );
    assert_eq!(
        host.weld("other").good_row("rows", &json!({}))["variables"],
        json!({})
    );
}

#[test]
fn sleep_suspends_the_guest_and_ends() {
    for guest in [guests::SLEEPS_INSIDE, guests::SLEEPS_BY_THE_WASI_CLOCK] {
        let host = host_with_config(guest, "[env]\nSLEEP_MS = \"20\"");
        assert_eq!(
            host.weld("guest").good_row("rows", &json!({}))["slept"],
            json!(true),
            "{guest}"
        );
    }
}

#[test]
fn sleep_past_the_pages_time_is_refused_with_the_remaining_time() {
    let config = "[env]\nSLEEP_MS = \"3600000\"\n[limits]\npage-timeout = \"30m\"";
    let row = host_with_config(guests::SLEEPS_INSIDE, config)
        .weld("guest")
        .good_row("rows", &json!({}));
    assert_eq!(row["slept"], json!(false));
    let left = row["left"].as_u64().unwrap();
    assert!((1..=30 * 60 * 1000).contains(&left), "{left}");
}

#[test]
fn invalid_text_passed_to_an_import_is_a_crash() {
    let host = host()
        .plugin("guest", guests::PASSES_INVALID_TEXT)
        .flag("--log-format", "json")
        .start();
    for table in ["log", "url", "outside"] {
        let answer = host.weld("guest").page(table, &json!({}));
        assert_eq!(answer.status(), 500, "{table}: {}", answer.text());
        assert_error(&answer, 500, "connector_crashed");
        assert!(!answer.text().contains("backtrace"), "{}", answer.text());
        host.log().wait_for("the backtrace", |line| {
            line.contains("wasm backtrace") && line.contains(&format!("\"table\":{table:?}"))
        });
    }
    assert_eq!(
        host.weld("guest").schema().status(),
        200,
        "the host keeps serving"
    );
}
