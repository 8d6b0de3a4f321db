//! Many calls of one connector, whatever they do, don't keep others from being served.

use crate::{assert_error, guests, host};
use serde_json::json;
use weld_host_tests::host::{Host, HostBuilder};
use weld_host_tests::weld::Pending;

const NEVER: &str = "10m";

/// A connector with this many requested pages, and `echo`, whose answers are tested.
fn with_neighbor(
    builder: HostBuilder,
    guest: &str,
    config: &str,
    pages: u32,
) -> (Host, Vec<Pending>) {
    let host = builder
        .plugin("greedy", guest)
        .config("greedy", config)
        .plugin("echo", guests::ECHOES_STATE)
        .start();
    let weld = host.weld("greedy");
    let running = (0..pages)
        // Equal requests would share one call.
        .map(|page| weld.page_request("rows", &json!({ "page": page })).begin())
        .collect::<Result<_, _>>()
        .unwrap();
    (host, running)
}

fn begun(host: &Host, calls: usize) {
    assert!(
        host.log().wait_until(|lines| {
            lines.iter().filter(|line| line.contains("begun")).count() >= calls
        }),
        "{calls} calls of the greedy connector"
    );
}

fn echo_answers(host: &Host) {
    for page in 0..5 {
        let row = host
            .weld("echo")
            .good_row("beers", &json!({ "page": page }));
        assert_eq!(row["table"], "beers");
    }
}

#[test]
fn connector_that_computes_in_all_its_calls_leaves_slots_and_turns_to_others() {
    let builder = host().flag("--slots", "8").flag("--queue-wait", NEVER);
    let config = "[limits]\ncpu-time = \"10m\"";
    let (host, _running) = with_neighbor(builder, guests::LOOPS_FOREVER, config, 40);
    begun(&host, 2);
    echo_answers(&host);
}

#[test]
fn connector_that_sleeps_in_all_its_calls_leaves_slots_to_others() {
    let builder = host().flag("--slots", "8").flag("--queue-wait", NEVER);
    let config = "[env]\nSLEEP_MS = \"3600000\"";
    let (host, _running) = with_neighbor(builder, guests::SLEEPS_INSIDE, config, 40);
    begun(&host, 2);
    echo_answers(&host);
}

#[test]
fn connector_that_sleeps_by_the_clock_holds_no_processor() {
    let builder = host().flag("--slots", "64");
    let config = "[env]\nSLEEP_MS = \"3600000\"\n[limits]\nconcurrency = 40";
    let (host, _running) = with_neighbor(builder, guests::SLEEPS_BY_THE_WASI_CLOCK, config, 40);
    begun(&host, 40);
    echo_answers(&host);
}

#[test]
fn queue_filled_by_one_connector_has_room_for_another() {
    let builder = host()
        .flag("--slots", "1")
        .flag("--queue", "3")
        .flag("--queue-wait", NEVER)
        .variable("WELD_LOG", "debug");
    let config = "[env]\nSLEEP_MS = \"3600000\"";
    let (host, running) = with_neighbor(builder, guests::SLEEPS_INSIDE, config, 4);
    begun(&host, 1);
    assert!(host.log().wait_until(|lines| {
        let waits = lines
            .iter()
            .filter(|line| line.contains("waits for a sandbox"));
        waits.count() == 3
    }));
    let _echo = host.weld("echo").page_request("beers", &json!({})).begin();
    let refusal = host
        .log()
        .wait_for("a refusal", |line| line.contains("kind=\"busy\""));
    assert!(
        refusal.contains("greedy") && refusal.contains("limits.concurrency"),
        "{refusal}"
    );
    drop(running);
}

#[test]
fn refusal_says_whether_the_host_or_the_connector_is_full() {
    let config = "[env]\nSLEEP_MS = \"3600000\"\n[limits]\nconcurrency = 2";
    let builder = host()
        .flag("--slots", "3")
        .flag("--queue", "0")
        .plugin("other", guests::SLEEPS_INSIDE)
        .config("other", config);
    let (host, mut running) = with_neighbor(builder, guests::SLEEPS_INSIDE, config, 2);
    begun(&host, 2);
    let refused = host.weld("greedy").page("rows", &json!({ "page": 9 }));
    let message = assert_error(&refused, 503, "busy");
    assert!(message.contains("the connector is full"), "{message}");
    assert!(refused.header("retry-after").is_some());
    let other = host.weld("other").page_request("rows", &json!({})).begin();
    running.push(other.unwrap());
    begun(&host, 3);
    let refused = host.weld("echo").page("beers", &json!({}));
    let message = assert_error(&refused, 503, "busy");
    assert!(
        message.contains("the host is full: all sandboxes are in use (3)"),
        "{message}"
    );
}

#[test]
fn operators_ceiling_on_concurrency_applies_to_all_connectors() {
    let builder = host()
        .flag("--slots", "32")
        .flag("--queue", "0")
        .flag("--max-concurrency", "1");
    let config = "[env]\nSLEEP_MS = \"3600000\"";
    let (host, _running) = with_neighbor(builder, guests::SLEEPS_INSIDE, config, 1);
    begun(&host, 1);
    let refused = host.weld("greedy").page("rows", &json!({ "page": 9 }));
    assert_error(&refused, 503, "busy");
    echo_answers(&host);
}

#[test]
fn call_without_waiters_makes_room_for_another_of_its_connector() {
    let builder = host().flag("--slots", "8").flag("--queue-wait", NEVER);
    let config = "[env]\nSLEEP_MS = \"3600000\"\n[limits]\nconcurrency = 1\nlinger = \"1h\"";
    let (host, running) = with_neighbor(builder, guests::SLEEPS_INSIDE, config, 1);
    begun(&host, 1);
    drop(running);
    assert_eq!(host.weld("greedy").schema().status(), 200);
    echo_answers(&host);
}

#[test]
fn calls_of_others_are_not_cancelled_if_that_would_make_no_room() {
    let config = "[env]\nSLEEP_MS = \"3600000\"\n[limits]\nconcurrency = 1\nlinger = \"1h\"";
    let host = host()
        .flag("--slots", "8")
        .flag("--queue-wait", NEVER)
        .plugin("bystander", guests::SLEEPS_INSIDE)
        .config("bystander", config)
        .plugin("full", guests::SLEEPS_INSIDE)
        .config("full", config)
        .start();
    // The bystander's call has been without waiters for longer.
    for (name, calls) in [("bystander", 1), ("full", 2)] {
        let page = host.weld(name).page_request("rows", &json!({})).begin();
        begun(&host, calls);
        drop(page.unwrap());
    }
    assert_eq!(host.weld("full").schema().status(), 200);
    // Once this later line is in the log, the earlier ones are too.
    host.weld("nobody").schema();
    host.log().wait_for_text("nobody\"");
    let lines = host.log().so_far();
    let canceled = lines.iter().filter(|line| line.contains("to make room"));
    assert_eq!(canceled.count(), 1, "{lines:?}");
}

#[test]
fn more_slots_than_the_machine_can_hold_are_lowered_with_the_reason() {
    let host = host()
        .plugin("echo", guests::ECHOES_STATE)
        .flag("--slots", "4000000000")
        .flag("--total-memory", "40MiB")
        .start();
    host.stdout()
        .wait_for_text("40 sandboxes at once, bounded by --total-memory of 40 MiB");
    host.log().wait_for("a warning", |line| {
        line.contains("WARN") && line.contains("--slots") && line.contains("slots=40")
    });
    echo_answers(&host);
}

#[test]
fn by_default_there_are_as_many_slots_as_the_machine_can_hold() {
    let host = host()
        .plugin("echo", guests::ECHOES_STATE)
        .without("--slots")
        .start();
    let line = host.stdout().wait_for_text("sandboxes at once, bounded by");
    assert!(!line.contains("--slots"), "{line}");
    echo_answers(&host);
}
