//! The limits of one call, and of all calls together: how exceeding them ends, and that others are served meanwhile.

use crate::{assert_error, guests, held_call, host, host_with, host_with_config, unanswered};
use serde_json::json;
use std::sync::mpsc;
use std::thread;
use weld_host_tests::PATIENCE;
use weld_host_tests::held_call::HeldCall;
use weld_host_tests::weld::Pending;

#[test]
fn guest_that_computes_endlessly_is_stopped_by_its_cpu_time() {
    let host = host_with_config(guests::LOOPS_FOREVER, "[limits]\ncpu-time = \"100ms\"");
    let message = assert_error(
        &host.weld("guest").page("rows", &json!({})),
        500,
        "cpu_exceeded",
    );
    assert!(message.contains("cpu-time"), "names the limit: {message}");
}

#[test]
fn guest_that_computes_endlessly_is_stopped_by_the_pages_time_if_that_is_shorter() {
    let host = host_with_config(guests::LOOPS_FOREVER, "[limits]\npage-timeout = \"100ms\"");
    let message = assert_error(
        &host.weld("guest").page("rows", &json!({})),
        504,
        "deadline_exceeded",
    );
    assert!(
        message.contains("page-timeout"),
        "names the limit: {message}"
    );
}

#[test]
fn guest_that_sleeps_by_the_clock_is_stopped_by_the_pages_time() {
    let config = "[env]\nSLEEP_MS = \"3600000\"\n[limits]\npage-timeout = \"100ms\"";
    let host = host_with_config(guests::SLEEPS_BY_THE_WASI_CLOCK, config);
    assert_error(
        &host.weld("guest").page("rows", &json!({})),
        504,
        "deadline_exceeded",
    );
}

#[test]
fn sleeping_uses_no_cpu_time() {
    let config = "[env]\nSLEEP_MS = \"400\"\n[limits]\ncpu-time = \"200ms\"";
    for guest in [guests::SLEEPS_INSIDE, guests::SLEEPS_BY_THE_WASI_CLOCK] {
        let host = host_with_config(guest, config);
        assert_eq!(
            host.weld("guest").good_row("rows", &json!({}))["slept"],
            json!(true),
            "{guest}"
        );
    }
}

#[test]
fn endless_allocation_is_distinguished_from_a_crash() {
    let host = host_with_config(guests::ALLOCATES_ENDLESSLY, "[limits]\nmemory = \"32MiB\"");
    let message = assert_error(
        &host.weld("guest").page("rows", &json!({})),
        500,
        "out_of_memory",
    );
    assert!(message.contains("memory"), "names the limit: {message}");
    assert_eq!(host.weld("guest").schema().status(), 200);
}

#[test]
fn memory_is_limited_by_default() {
    let host = host_with(guests::ALLOCATES_ENDLESSLY);
    assert_error(
        &host.weld("guest").page("rows", &json!({})),
        500,
        "out_of_memory",
    );
}

#[test]
fn refused_memory_is_the_cause_only_if_it_ends_the_call() {
    let host = host_with_config(guests::IS_REFUSED_MEMORY, "[limits]\nmemory = \"32MiB\"");
    let weld = host.weld("guest");
    assert_eq!(weld.page("goes_on", &json!({})).status(), 200);
    assert_error(
        &weld.page("panics_later", &json!({})),
        500,
        "connector_crashed",
    );
    let message = assert_error(&weld.page("exits", &json!({})), 500, "out_of_memory");
    assert!(message.contains("memory"), "names the limit: {message}");
    for table in ["fails", "fails_later"] {
        let message = assert_error(&weld.page(table, &json!({})), 500, "connector_failed");
        assert_eq!(
            message,
            "MemoryError; an allocation was refused: the connector needs more memory than the 32MiB that \
             `limits.memory` allows: return fewer rows per page, or raise it",
            "{table}"
        );
    }
}

#[test]
fn operators_ceiling_lowers_the_default() {
    let host = host()
        .plugin("guest", guests::LOOPS_FOREVER)
        .flag("--max-cpu-time", "100ms")
        .start();
    assert_error(
        &host.weld("guest").page("rows", &json!({})),
        500,
        "cpu_exceeded",
    );
}

#[test]
fn guests_that_compute_endlessly_leave_turns_to_the_others() {
    let host = host()
        .plugin("loops", guests::LOOPS_FOREVER)
        .config("loops", "[limits]\ncpu-time = \"10m\"")
        .plugin("echo", guests::ECHOES_STATE)
        .flag("--slots", "16")
        .start();
    let loops = host.weld("loops");
    let running: Vec<Pending> = (0..8)
        .map(|_| loops.page_request("rows", &json!({})).begin().unwrap())
        .collect();
    for _ in 0..3 {
        assert_eq!(
            host.weld("echo").good_row("beers", &json!({}))["table"],
            "beers"
        );
    }
    drop(running);
}

#[test]
fn call_without_a_slot_and_without_a_place_in_the_queue_is_refused() {
    let HeldCall {
        host,
        page,
        release,
        ..
    } = held_call(host().flag("--slots", "1").flag("--queue", "0"));
    let weld = host.weld("guest");
    for refused in [weld.page("rows", &json!({})), weld.schema()] {
        assert_error(&refused, 503, "busy");
        let seconds: u64 = refused
            .header("retry-after")
            .expect("when to retry")
            .parse()
            .unwrap();
        assert!(seconds > 0);
    }
    release.open();
    let page = page.answer().unwrap();
    assert_eq!(
        page.json()["insert"][0]["body"],
        "in time",
        "{}",
        page.text()
    );
    assert_eq!(weld.schema().status(), 200, "the slot is free again");
}

#[test]
fn call_that_waits_too_long_for_a_slot_is_refused() {
    let builder = host()
        .flag("--slots", "1")
        .flag("--queue", "5")
        .flag("--queue-wait", "50ms");
    let HeldCall {
        host,
        page,
        release,
        ..
    } = held_call(builder);
    assert_error(&host.weld("guest").schema(), 503, "busy");
    release.open();
    assert_eq!(page.answer().unwrap().status(), 200);
}

#[test]
fn call_in_the_queue_gets_its_turn() {
    let builder = host()
        .flag("--slots", "1")
        .flag("--queue", "1")
        .flag("--queue-wait", "10m");
    let HeldCall {
        host,
        page,
        release,
        ..
    } = held_call(builder);
    let (sender, statuses) = mpsc::channel();
    for number in 0..2 {
        let (weld, sender) = (host.weld("guest"), sender.clone());
        // Equal requests would share one call.
        let state = json!({ "number": number });
        thread::spawn(move || sender.send(weld.page("rows", &state).status()));
    }
    let next = || statuses.recv_timeout(PATIENCE).unwrap();
    assert_eq!(
        next(),
        503,
        "the queue has one place, and the other call has it now"
    );
    release.open();
    assert_eq!(next(), 200);
    assert_eq!(page.answer().unwrap().status(), 200);
}

#[test]
fn call_without_a_client_ends_after_its_linger() {
    let calls = unanswered("100ms");
    let page = calls.page().begin().unwrap();
    calls.arrived.pass("the page's call");
    drop(page);
    calls
        .closed
        .pass("the host to close its connection to the upstream");
}

#[test]
fn slot_of_a_client_that_went_away_is_free_for_the_next() {
    for (guest, config) in [
        (guests::LOOPS_FOREVER, "[limits]\ncpu-time = \"10m\""),
        (guests::SLEEPS_INSIDE, "[env]\nSLEEP_MS = \"3600000\""),
        (
            guests::SLEEPS_BY_THE_WASI_CLOCK,
            "[env]\nSLEEP_MS = \"3600000\"",
        ),
    ] {
        let host = host()
            .plugin("guest", guest)
            .config("guest", config)
            .flag("--slots", "1")
            .flag("--queue-wait", "10m")
            .start();
        let page = host
            .weld("guest")
            .page_request("rows", &json!({}))
            .begin()
            .unwrap();
        host.log().wait_for_text("begun");
        drop(page);
        assert_eq!(host.weld("guest").schema().status(), 200, "{guest}");
    }
}
