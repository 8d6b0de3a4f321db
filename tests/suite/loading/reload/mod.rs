//! Plugins that are added, changed and removed while the host serves; no request fails because of it.

mod files;
mod versions;

use crate::{assert_error, guests, host};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use weld_host_tests::host::{Host, HostBuilder};

/// A host that looks at its plugins often, even without notifications.
fn reloading() -> HostBuilder {
    host().flag("--reload", "100ms")
}

/// Puts a complete component into a folder.
fn put(component: impl AsRef<Path>, folder: &Path, name: &str) {
    let aside = folder.join(format!(".{name}.part"));
    fs::copy(component, &aside).unwrap();
    fs::rename(aside, folder.join(name)).unwrap();
}

fn write(folder: &Path, name: &str, text: &str) {
    let aside = folder.join(format!(".{name}.part"));
    fs::write(&aside, text).unwrap();
    fs::rename(aside, folder.join(name)).unwrap();
}

/// The answer of the guest `logs_its_words`: the variable WORDS of its configuration.
fn words(host: &Host) -> Value {
    host.weld("guest").good_row("words", &json!({}))["words"].clone()
}

fn with_words(words: &str) -> String {
    format!("[env]\nWORDS = \"{words}\"")
}

#[test]
fn added_plugin_serves_and_removed_one_does_not() {
    let host = reloading().plugin("first", guests::ECHOES_STATE).start();
    put(guests::ECHOES_STATE, host.plugins(), "second.wasm");
    let line = host.log().wait_for_text("connector loaded");
    assert!(line.contains("second"), "{line}");
    assert_eq!(host.weld("second").schema().status(), 200);
    fs::remove_file(host.plugins().join("first.wasm")).unwrap();
    let line = host.log().wait_for_text("connector removed");
    assert!(line.contains("first"), "{line}");
    assert_error(&host.weld("first").schema(), 404, "unknown_connector");
    assert_eq!(
        host.weld_at_root().schema().status(),
        200,
        "the only one left"
    );
}

#[test]
fn change_of_component_configuration_or_a_file_in_it_takes_effect() {
    let host = reloading()
        .plugin("guest", guests::ANSWERS_ITS_WORDS)
        .config("guest", &with_words("first"))
        .start();
    assert_eq!(words(&host), "first");
    let reloads = |count: usize| {
        let is_reload = |line: &&String| line.contains("connector reloaded");
        let enough = |lines: &[String]| lines.iter().filter(is_reload).count() >= count;
        assert!(host.log().wait_until(enough));
    };
    write(host.plugins(), "guest.toml", &with_words("second"));
    reloads(1);
    assert_eq!(words(&host), "second");
    fs::write(host.plugins().join("words.txt"), "third\n").unwrap();
    write(
        host.plugins(),
        "guest.toml",
        "[env]\nWORDS = { file = \"words.txt\" }",
    );
    reloads(2);
    assert_eq!(words(&host), "third");
    fs::write(host.plugins().join("words.txt"), "fourth\n").unwrap();
    reloads(3);
    assert_eq!(words(&host), "fourth");
    put(guests::ECHOES_STATE, host.plugins(), "guest.wasm");
    reloads(4);
    assert_eq!(
        host.weld("guest").good_row("rows", &json!({}))["table"],
        "rows"
    );
}

#[test]
fn version_that_fails_to_load_leaves_the_last_good_one_serving() {
    let host = reloading()
        .plugin("guest", guests::ANSWERS_ITS_WORDS)
        .config("guest", &with_words("good"))
        .start();
    fs::write(host.plugins().join("guest.wasm"), "no component").unwrap();
    let line = host.log().wait_for_text("the new version failed to load");
    assert!(line.contains("WARN") && line.contains("guest") && line.contains("not WebAssembly"));
    assert_eq!(words(&host), "good");
    write(host.plugins(), "guest.toml", "[env]\nWORDS = 5");
    host.log().wait_for_text("guest.toml");
    assert_eq!(words(&host), "good");
    put(guests::ANSWERS_ITS_WORDS, host.plugins(), "guest.wasm");
    write(host.plugins(), "guest.toml", &with_words("fixed"));
    host.log().wait_for_text("connector reloaded");
    assert_eq!(words(&host), "fixed");
}

#[test]
fn connector_that_failed_to_load_serves_once_it_is_fixed() {
    let host = reloading().file("guest.wasm", "no component").start();
    assert_error(&host.weld("guest").schema(), 503, "connector_unavailable");
    put(guests::ECHOES_STATE, host.plugins(), "guest.wasm");
    host.log().wait_for_text("connector loaded");
    assert_eq!(host.weld("guest").schema().status(), 200);
}

#[test]
fn late_variable_file_is_noticed_without_a_change_of_the_configuration() {
    let host = reloading()
        .plugin("guest", guests::ANSWERS_ITS_WORDS)
        .config("guest", "[env]\nWORDS = { file = \"words.txt\" }")
        .start();
    assert_error(&host.weld("guest").schema(), 503, "connector_unavailable");
    fs::write(host.plugins().join("words.txt"), "late\n").unwrap();
    host.log().wait_for_text("connector loaded");
    assert_eq!(words(&host), "late");
}

#[test]
fn reload_can_be_turned_off() {
    let host = host()
        .plugin("guest", guests::ANSWERS_ITS_WORDS)
        .config("guest", &with_words("first"))
        .flag("--reload", "off")
        .start();
    // Another host with the same folder shows when a host that looks has noticed each change.
    let looking = reloading()
        .flag("--plugins", &host.plugins().display().to_string())
        .start();
    for (reloads, text) in [(1, "second"), (2, "third")] {
        write(host.plugins(), "guest.toml", &with_words(text));
        let reloaded = |lines: &[String]| {
            let reloaded = |line: &&String| line.contains("connector reloaded");
            lines.iter().filter(reloaded).count() == reloads
        };
        assert!(looking.log().wait_until(reloaded));
        assert_eq!(words(&looking), text);
        assert_eq!(words(&host), "first");
    }
}
