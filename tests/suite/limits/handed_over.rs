//! The data that a connector returns is charged before the host copies it. If there is no memory for it, the call
//! fails.

use crate::{assert_error, guests, host};
use serde_json::json;
use weld_host_tests::host::Host;

/// The guest takes 40 MiB for its text and little else. Two such texts exceed the memory of all calls.
fn host_with_room_for_one_text() -> Host {
    host()
        .plugin("says", guests::REPEATS_ITS_SECRET)
        .plugin("echo", guests::ECHOES_STATE)
        .config("says", "[env]\nTOKEN = \"a plain word\"")
        .flag("--total-memory", "75MiB")
        .start()
}

#[test]
fn error_without_memory_for_its_text_is_out_of_memory() {
    let host = host_with_room_for_one_text();
    let says = host.weld("says");
    let answer = says.page("error 40", &json!({}));
    assert_error(&answer, 500, "out_of_memory");
    let text = answer.text();
    assert!(text.contains("--total-memory"), "{text}");
    let neighbor = host.weld("echo").page("rows", &json!({}));
    assert_eq!(neighbor.status(), 200, "a neighbor is served");
    assert_error(&says.page("error 10", &json!({})), 500, "connector_failed");
}

#[test]
fn log_line_without_memory_for_its_text_is_dropped() {
    let host = host_with_room_for_one_text();
    assert_eq!(host.weld("says").page("log 10", &json!({})).status(), 200);
    host.log().wait_for_text("a plain worda plain word");
    assert_eq!(host.weld("says").page("log 40", &json!({})).status(), 200);
    host.log().wait_for_text("dropped_lines=1");
}
