//! The host's work on a guest's texts is part of the guest's call.

use crate::{assert_error, guests, host};
use serde_json::json;
use weld_host_tests::host::Host;

const SECRET: &str = "hunter2hunter3";

/// Searching a text made of repetitions of this secret is slowest, since the secret overlaps itself.
const PERIODIC_SECRET: &str = "hunter2hunter2";

fn host_with(secret: &str, cpu_time: &str) -> Host {
    let config = format!(
        "[env]\nTOKEN = {{ file = \"key\" }}\n[limits]\ncpu-time = \"{cpu_time}\"\nmemory = \"256MiB\""
    );
    host()
        .plugin("repeats", guests::REPEATS_ITS_SECRET)
        .config("repeats", &config)
        .file("key", secret)
        .start()
}

#[test]
fn check_of_a_page_counts_towards_the_time_of_its_call() {
    let host = host_with(SECRET, "300ms");
    let weld = host.weld("repeats");
    let message = assert_error(&weld.page("page 30", &json!({})), 500, "cpu_exceeded");
    assert!(message.contains("cpu-time"), "{message}");
    let page = weld.page("page 1", &json!({}));
    assert_eq!(page.status(), 200, "{page:?}");
    assert!(!page.text().contains(SECRET));
}

#[test]
fn message_for_the_log_is_cut_before_it_is_searched_for_secrets() {
    let host = host_with(PERIODIC_SECRET, "500ms");
    let weld = host.weld("repeats");
    let page = weld.page("log 40", &json!({}));
    assert_eq!(page.status(), 200, "{page:?}");
    let line = host
        .log()
        .wait_for("the message", |line| line.contains("[secret env.TOKEN]"));
    assert!(!line.contains("hunter2") && line.contains('…'), "{line}");
}

#[test]
fn long_error_is_shortened() {
    let host = host_with(SECRET, "10s");
    let message = assert_error(
        &host.weld("repeats").page("error 40", &json!({})),
        500,
        "connector_failed",
    );
    assert_eq!(message, "[secret env.TOKEN]…");
}
