//! SIGHUP makes the server read its settings again: some take effect at once, and a mistake changes nothing.

use crate::{assert_error, guests, host};
use rustix::process::Signal;
use serde_json::json;
use std::fs;
use std::path::PathBuf;
use weld_host_tests::host::{Host, HostBuilder};
use weld_host_tests::until;

/// A host with the connector `guest` and this `weld-host.toml`.
fn host_with_settings(toml: &str) -> Host {
    builder(toml).start()
}

fn builder(toml: &str) -> HostBuilder {
    host()
        .plugin("guest", guests::ECHOES_STATE)
        .file("weld-host.toml", toml)
}

fn file(host: &Host) -> PathBuf {
    host.plugins().join("weld-host.toml")
}

/// Sends SIGHUP, and waits for the log line with these words that it causes.
fn reload(host: &Host, words: &str) -> String {
    let before = host.log().so_far().len();
    host.signal(Signal::HUP);
    let is_told = |lines: &[String]| lines.iter().skip(before).any(|line| line.contains(words));
    assert!(
        host.log().wait_until(is_told),
        "{words}: {}",
        host.log().end()
    );
    let lines = host.log().so_far();
    let told = lines
        .into_iter()
        .skip(before)
        .find(|line| line.contains(words));
    told.unwrap()
}

fn status(host: &Host, key: &str) -> u16 {
    host.weld("guest").with_key(key).schema().status()
}

#[test]
fn keys_and_limits_of_the_file_change_without_a_restart() {
    let host = host_with_settings("api-key = \"old\"\nmax-body = \"1KiB\"\n");
    let state = json!({ "filler": "x".repeat(2000) });
    assert_error(
        &host.weld("guest").with_key("old").page("beers", &state),
        413,
        "body_too_large",
    );
    fs::write(file(&host), "api-key = [\"new\"]\nmax-body = \"1MiB\"\n").unwrap();
    let told = reload(&host, "they are in effect");
    assert!(told.contains("api-key, max-body"), "{told}");
    assert_eq!((status(&host, "old"), status(&host, "new")), (401, 200));
    let answer = host.weld("guest").with_key("new").page("beers", &state);
    // The body is read now, and the connector's own limit is reached.
    assert_error(&answer, 500, "state_too_large");
    assert!(
        !host.log().so_far().join("\n").contains("\"new\""),
        "no key is logged"
    );
    reload(&host, "nothing has changed");
}

#[test]
fn key_file_is_read_again() {
    let host = builder("api-key-file = \"keys\"\n")
        .file("keys", "old\n")
        .start();
    assert_eq!(status(&host, "old"), 200);
    fs::write(host.plugins().join("keys"), "old\nnew\n").unwrap();
    reload(&host, "they are in effect");
    assert_eq!((status(&host, "old"), status(&host, "new")), (200, 200));
    fs::write(host.plugins().join("keys"), "").unwrap();
    reload(&host, "all of them stay as they are");
    assert_eq!((status(&host, "old"), status(&host, "new")), (200, 200));
    fs::write(host.plugins().join("keys"), "new\n").unwrap();
    reload(&host, "they are in effect");
    assert_eq!((status(&host, "old"), status(&host, "new")), (401, 200));
}

#[test]
fn settings_that_need_a_restart_are_named() {
    let host = host_with_settings("queue = 5\nkeep-memory = \"1MiB\"\n");
    fs::write(
        file(&host),
        "queue = 6\nkeep-memory = \"2MiB\"\nno-compression = true\n",
    )
    .unwrap();
    let told = reload(&host, "after a restart");
    assert!(
        told.contains("keep-memory, no-compression") && !told.contains("queue"),
        "{told}"
    );
    // A flag takes precedence, so a change of its key in the file changes nothing.
    fs::write(
        file(&host),
        "queue = 6\nkeep-memory = \"1MiB\"\nslots = 3\n",
    )
    .unwrap();
    reload(&host, "nothing has changed");
}

#[test]
fn mistake_changes_nothing() {
    let host = host_with_settings("api-key = \"old\"\n");
    for (toml, words) in [
        (
            "api-key = \"new\"\nquue = 5\n",
            "weld-host.toml:2: quue: unknown key; did you mean `queue`?",
        ),
        (
            "api-key = \"new\"\nqueue = \"ma",
            "weld-host.toml:2: the value of `queue` has no closing quote",
        ),
        (
            "api-key = \"new\"\n[policy]\norigins = [\"x\"]\n",
            "weld-host.toml:3: policy.origins[0]",
        ),
        ("[policy]\nrequire-key = true\n", "requires a key"),
    ] {
        fs::write(file(&host), toml).unwrap();
        let told = reload(&host, "all of them stay as they are");
        assert!(told.contains(words), "{words}\n{told}");
        assert_eq!(
            (status(&host, "old"), status(&host, "new")),
            (200, 401),
            "{toml}"
        );
    }
    fs::remove_file(file(&host)).unwrap();
    let told = reload(&host, "all of them stay as they are");
    assert!(told.contains("cannot read weld-host.toml"), "{told}");
    assert_eq!(status(&host, "old"), 200);
}

#[test]
fn narrower_policy_stops_connectors_beyond_it_and_a_wider_one_brings_them_back() {
    for interval in ["1h", "off"] {
        let host = builder("")
            .plugin("other", guests::ECHOES_STATE)
            .config("guest", "[network]\nallow = [\"https://api.example.com\"]")
            .flag("--reload", interval)
            .start();
        let status = |name: &str| host.weld(name).schema().status();
        assert_eq!(status("guest"), 200);
        fs::write(
            file(&host),
            "[policy]\norigins = [\"https://other.example.com\"]\n",
        )
        .unwrap();
        let told = reload(&host, "they are in effect");
        assert!(told.contains("policy.origins"), "{told}");
        until("the connector beyond the policy is stopped", || {
            status("guest") == 503
        });
        assert_eq!(status("other"), 200);
        let log = host.log().so_far().join("\n");
        assert!(
            log.contains("guest.toml:2: network.allow[0]") && log.contains("weld-host.toml:2"),
            "{log}"
        );
        fs::write(file(&host), "").unwrap();
        reload(&host, "they are in effect");
        until("it serves again", || status("guest") == 200);
    }
}

#[test]
fn edit_beyond_an_unchanged_policy_keeps_the_previous_version() {
    let host = builder("[policy]\norigins = [\"https://api.example.com\"]\n")
        .config("guest", "[network]\nallow = [\"https://api.example.com\"]")
        .flag("--reload", "100ms")
        .start();
    let toml = host.plugins().join("guest.toml");
    fs::write(toml, "[network]\nallow = [\"https://example.com\"]").unwrap();
    host.log().wait_for_text("the previous one keeps serving");
    assert_eq!(host.weld("guest").schema().status(), 200);
}
