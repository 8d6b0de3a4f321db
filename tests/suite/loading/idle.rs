//! Idle connectors: their code is freed, and loaded again with the next call.

use crate::{assert_error, guests, held_call, host};
use serde_json::json;
use std::fs;
use std::path::Path;
use tempfile::TempDir;
use weld_host_tests::held_call::HeldCall;
use weld_host_tests::host::{Host, HostBuilder};
use weld_host_tests::until;

/// A host with its own cache, whose connectors are idle as soon as possible.
fn forgetful(cache: &Path) -> HostBuilder {
    host()
        .flag("--unmap-after", "100ms")
        .flag("--reload", "off")
        .flag("--cache", &cache.display().to_string())
}

/// Starts a host with the connector `guest`, and waits until that has loaded.
fn started(builder: HostBuilder) -> Host {
    let host = builder.plugin("guest", guests::ECHOES_STATE).start();
    host.announcement("guest");
    host
}

fn is_mapped(host: &Host) -> bool {
    host.maps().contains(".cwasm")
}

fn assert_serves(host: &Host, name: &str) {
    let row = host.weld(name).good_row("beers", &json!({}));
    assert_eq!(row["table"], "beers");
}

fn clear(cache: &Path) {
    for entry in fs::read_dir(cache).unwrap() {
        fs::remove_file(entry.unwrap().path()).unwrap();
    }
}

#[test]
fn code_is_freed_and_loaded_again_with_the_next_call() {
    let cache = TempDir::new().unwrap();
    let host = started(forgetful(cache.path()));
    for _ in 0..3 {
        assert_serves(&host, "guest");
        until("the code is freed", || !is_mapped(&host));
    }
}

#[test]
fn code_stays_if_the_operator_configures_it() {
    let cache = TempDir::new().unwrap();
    let keeps = started(forgetful(cache.path()).flag("--unmap-after", "off"));
    let forgets = started(forgetful(cache.path()));
    until("the code is freed", || !is_mapped(&forgets));
    assert!(is_mapped(&keeps));
}

#[test]
fn running_call_continues_after_its_code_was_freed() {
    let cache = TempDir::new().unwrap();
    let builder = forgetful(cache.path()).flag("--log", "debug");
    let HeldCall {
        host,
        page,
        release,
        ..
    } = held_call(builder);
    host.log().wait_for_text("freed the code");
    assert!(is_mapped(&host), "the call holds it");
    release.open();
    assert_eq!(
        page.answer().unwrap().json()["insert"][0]["body"],
        "in time"
    );
    until("the code is freed", || !is_mapped(&host));
}

#[test]
fn code_missing_from_the_cache_is_compiled_again_from_the_same_file_only() {
    let cache = TempDir::new().unwrap();
    let host = started(forgetful(cache.path()));
    until("the code is freed", || !is_mapped(&host));
    clear(cache.path());
    assert_serves(&host, "guest");
    until("the code is freed", || !is_mapped(&host));
    clear(cache.path());
    fs::copy(guests::MAKES_ROWS, host.plugins().join("guest.wasm")).unwrap();
    let answer = host.weld("guest").page("beers", &json!({}));
    assert_error(&answer, 503, "connector_unavailable");
    fs::copy(guests::ECHOES_STATE, host.plugins().join("guest.wasm")).unwrap();
    assert_serves(&host, "guest");
}

#[test]
fn cached_code_that_was_tampered_with_is_refused_and_compiled_again() {
    let cache = TempDir::new().unwrap();
    let host = started(forgetful(cache.path()));
    until("the code is freed", || !is_mapped(&host));
    for entry in fs::read_dir(cache.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "cwasm") {
            let mut code = fs::read(&path).unwrap();
            let middle = code.len() / 2;
            code[middle] ^= 1;
            fs::write(&path, code).unwrap();
        }
    }
    assert_serves(&host, "guest");
    host.log().wait_for_text("cached code refused");
}
