//! How much of the host a connector may take: memory of all connectors together, resources, stack, and what it does
//! before its functions are called.

use super::assert_only_the_guest_crashes;
use crate::{assert_error, guests, host, host_with, host_with_config};
use serde_json::json;
use std::fs;
use weld_host_tests::component::{starting_with, with_core_module};
use weld_host_tests::host::Host;
use weld_host_tests::process::own_memory;

const UNREACHABLE: u8 = 0;
const DROP: u8 = 0x1a;

/// A running host with one connector, `guest`, extended so that it also instantiates `module`.
fn host_that_also_makes(module: &[u8], toml: &str) -> Host {
    let echo = fs::read(guests::ECHOES_STATE).unwrap();
    host()
        .file("guest.wasm", with_core_module(&echo, module))
        .config("guest", toml)
        .start()
}

#[test]
fn memory_of_all_connectors_together_is_limited() {
    let host = host()
        .plugin("holds", guests::TAKES_MEMORY_AND_WAITS)
        .plugin("wants", guests::ALLOCATES_ENDLESSLY)
        .flag("--total-memory", "64MiB")
        .start();
    let wants = host.weld("wants");
    // A call on its own reaches the same limit, since it may have 256 MiB.
    for _ in 0..2 {
        let message = assert_error(&wants.page("rows", &json!({})), 500, "out_of_memory");
        assert!(message.contains("--total-memory"), "{message}");
        assert!(!message.contains("limits.memory"), "{message}");
    }
    let holds = host.weld("holds");
    let _held = holds
        .page_request("rows", &json!({ "mebibytes": 30 }))
        .begin()
        .unwrap();
    host.log().wait_for_text("holds its memory");
    let message = assert_error(&wants.page("rows", &json!({})), 500, "out_of_memory");
    assert!(message.contains("--total-memory"), "{message}");
}

#[test]
fn new_calls_wait_while_the_total_memory_is_nearly_used_up() {
    let host = host()
        .plugin("holds", guests::TAKES_MEMORY_AND_WAITS)
        .plugin("echo", guests::ECHOES_STATE)
        .config("holds", "[limits]\nlinger = \"0s\"")
        .flag("--total-memory", "64MiB")
        .flag("--queue", "1")
        .flag("--queue-wait", "10m")
        .variable("WELD_LOG", "debug")
        .start();
    let held = host
        .weld("holds")
        .page_request("rows", &json!({ "mebibytes": 58 }))
        .begin()
        .unwrap();
    host.log().wait_for_text("holds its memory");
    let echo = host.weld("echo");
    let waits = echo.page_request("rows", &json!({})).begin().unwrap();
    host.log().wait_for_text("waits for a sandbox");
    let message = assert_error(&echo.page("rows", &json!({ "number": 2 })), 503, "busy");
    assert!(message.contains("--total-memory"), "{message}");
    drop(held);
    assert_eq!(waits.answer().unwrap().status(), 200);
}

#[test]
fn resources_and_handles_are_limited() {
    let host = host_with(guests::HOLDS_RESOURCES_ENDLESSLY);
    assert_only_the_guest_crashes(&host, &["rows", "mine", "random"]);
}

#[test]
fn recursion_that_ends_in_the_host_crashes_only_the_guest() {
    let host = host_with_config(guests::RECURSES_INTO_THE_HOST, "[limits]\ncalls = 1000000");
    assert_only_the_guest_crashes(&host, &["rows"]);
}

#[test]
fn initializer_runs_within_the_limits_of_the_call() {
    let host = host_with_config(
        guests::COMPUTES_BEFORE_ITS_CALL,
        "[limits]\ncpu-time = \"100ms\"",
    );
    let weld = host.weld("guest");
    for answer in [weld.schema(), weld.page("rows", &json!({}))] {
        assert_error(&answer, 500, "cpu_exceeded");
    }
}

#[test]
fn harmless_start_function_is_accepted() {
    let host = host_that_also_makes(&starting_with(&[], &[]), "");
    assert_eq!(host.weld("guest").schema().status(), 200);
}

#[test]
fn start_function_runs_within_the_limits_of_a_call() {
    // loop br 0 end
    let computes = starting_with(&[], &[0x03, 0x40, 0x0c, 0, 0x0b]);
    // A memory of one page. It grows by one page until that is refused, then executes `unreachable`:
    // loop i32.const 1, memory.grow, i32.const -1, i32.ne, br_if 0, end, unreachable
    let grows = starting_with(
        &[(5, &[1, 0, 1])],
        &[
            0x03,
            0x40,
            0x41,
            1,
            0x40,
            0,
            0x41,
            0x7f,
            0x47,
            0x0d,
            0,
            0x0b,
            UNREACHABLE,
        ],
    );
    for (module, toml, reason) in [
        (
            &computes,
            "[limits]\ncpu-time = \"100ms\"",
            "limits.cpu-time",
        ),
        (
            &computes,
            "[limits]\npage-timeout = \"100ms\"",
            "limits.page-timeout",
        ),
        (&grows, "[limits]\nmemory = \"8MiB\"", "limits.memory"),
    ] {
        let host = host_that_also_makes(module, toml);
        let line = host.announcement("guest");
        assert!(
            line.contains("not loaded: ") && line.contains(reason),
            "{line}"
        );
        assert_error(&host.weld("guest").schema(), 503, "connector_unavailable");
    }
}

#[test]
fn tables_are_limited_to_a_number_of_elements() {
    // table.grow by this many null functions; if that succeeds, unreachable.
    let grows = |elements: &[u8]| {
        let mut code = vec![0xd0, 0x70, 0x41];
        code.extend(elements);
        code.extend([0xfc, 15, 0]);
        // i32.const -1, i32.ne, if, unreachable, end
        code.extend([0x41, 0x7f, 0x47, 0x04, 0x40, UNREACHABLE, 0x0b]);
        starting_with(&[(4, &[1, 0x70, 0, 0])], &code)
    };
    // 20,001 and 19,999, in LEB128.
    let past = host_that_also_makes(&grows(&[0xa1, 0x9c, 1]), "");
    assert_eq!(
        past.weld("guest").schema().status(),
        200,
        "refused, and served"
    );
    let within = host_that_also_makes(&grows(&[0x9f, 0x9c, 1]), "");
    let line = within.announcement("guest");
    assert!(
        line.contains("not loaded: "),
        "the guest ends itself: {line}"
    );
}

#[test]
fn tables_count_as_memory() {
    // 19,000 elements are 152 kB; then unreachable.
    let code = [
        0xd0,
        0x70,
        0x41,
        0xb8,
        0x94,
        1,
        0xfc,
        15,
        0,
        DROP,
        UNREACHABLE,
    ];
    let grows = starting_with(&[(4, &[1, 0x70, 0, 0])], &code);
    // The echo's own memory is 17 pages of 64 KiB; its tables are small.
    let host = host_that_also_makes(&grows, "[limits]\nmemory = \"1200KiB\"");
    let line = host.announcement("guest");
    assert!(line.contains("limits.memory"), "{line}");
}

#[test]
fn component_with_too_large_initial_memory_is_not_loaded() {
    // 4,097 pages, one more than 256 MiB.
    let module = starting_with(&[(5, &[1, 0, 0x81, 0x20])], &[]);
    let host = host_that_also_makes(&module, "");
    let line = host.announcement("guest");
    assert!(
        line.contains("not loaded: ") && line.contains("--max-memory"),
        "{line}"
    );
}

#[test]
fn component_past_the_operators_size_is_not_loaded() {
    let host = host()
        .plugin("guest", guests::ECHOES_STATE)
        .flag("--max-component", "10KiB")
        .start();
    let line = host.announcement("guest");
    assert!(
        line.contains("not loaded: ") && line.contains("larger than 10KiB (--max-component)"),
        "{line}"
    );
}

#[test]
fn memory_of_an_ended_call_is_returned_if_the_operator_configures_it() {
    let left = |keep: &str, total: &str| {
        let host = host()
            .plugin("guest", guests::ALLOCATES_ENDLESSLY)
            .config("guest", "[limits]\nmemory = \"64MiB\"")
            .flag("--keep-memory", keep)
            .flag("--total-memory", total)
            .start();
        let answer = host.weld("guest").page("rows", &json!({}));
        assert_error(&answer, 500, "out_of_memory");
        own_memory(host.id())
    };
    // An eighth of it is 64 MiB for each of four sandboxes, even with many processors.
    let much = "256GiB";
    assert!(
        left("64MiB", much) > 60 << 20,
        "it is kept for the next call"
    );
    assert!(left("0B", much) < 40 << 20);
    assert!(
        left("64MiB", "80MiB") < 40 << 20,
        "idle sandboxes share an eighth"
    );
}
