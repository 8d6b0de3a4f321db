//! The start of a host whose cache doesn't have the code of every connector.

use crate::{assert_error, guests, host};
use serde_json::json;
use tempfile::TempDir;
use weld_host_tests::component;
use weld_host_tests::process::children;
use weld_host_tests::until;

#[test]
fn compiled_connectors_serve_while_the_others_are_compiled() {
    let cache = TempDir::new().unwrap();
    let builder = || {
        host()
            .flag("--cache", &cache.path().display().to_string())
            .plugin("warm", guests::ECHOES_STATE)
    };
    let warmed = builder().start();
    assert_eq!(warmed.weld("warm").schema().status(), 200);
    drop(warmed);
    // It would compile for minutes, and is not a connector.
    let host = builder().file("cold.wasm", component::slow()).start();
    host.stdout().wait_for_text("still loading 1 more");
    let row = host.weld("warm").good_row("beers", &json!({}));
    assert_eq!(row["table"], "beers");
    let lines = host.stdout().so_far();
    assert!(
        !lines.iter().any(|line| line.starts_with("  cold  ")),
        "{lines:?}"
    );
}

#[test]
fn request_for_a_connector_waits_until_it_is_compiled() {
    let cache = TempDir::new().unwrap();
    let host = host()
        .flag("--cache", &cache.path().display().to_string())
        .plugin("guest", guests::ECHOES_STATE)
        .start();
    let row = host.weld("guest").good_row("beers", &json!({}));
    assert_eq!(row["table"], "beers");
    host.announcement("guest");
}

#[test]
fn request_for_a_connector_that_is_being_compiled_is_refused_when_the_host_stops() {
    let cache = TempDir::new().unwrap();
    let mut host = host()
        .flag("--cache", &cache.path().display().to_string())
        .flag("--log", "debug")
        .file("guest.wasm", component::slow())
        .start();
    let page = host.weld("guest").page_request("rows", &json!({}));
    let page = page.begin().unwrap();
    host.log().wait_for_text("waits for the compiler");
    host.terminate();
    assert_error(&page.answer().unwrap(), 503, "shutting_down");
    assert_eq!(host.wait_for_exit().code(), Some(0));
}

#[test]
fn component_that_changes_while_it_is_compiled_serves_in_its_newest_version() {
    let cache = TempDir::new().unwrap();
    let host = host()
        .flag("--cache", &cache.path().display().to_string())
        .flag("--reload", "100ms")
        .flag("--compile-time", "10m")
        .file("guest.wasm", component::slow())
        .start();
    let aside = host.plugins().join(".part");
    std::fs::copy(guests::ECHOES_STATE, &aside).unwrap();
    std::fs::rename(aside, host.plugins().join("guest.wasm")).unwrap();
    let row = host.weld("guest").good_row("beers", &json!({}));
    assert_eq!(row["table"], "beers");
    // The old version's compiler is ended, long before it would finish.
    until("the compiler has ended", || children(host.id()).is_empty());
    assert_eq!(host.weld("guest").schema().status(), 200);
}
