//! Which settings a running host takes over when it reads them again, by SIGHUP or `POST /reload`, and what it compares
//! them with.

use super::{admin_address, get};
use crate::{guests, host};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::fs;
use std::net::SocketAddr;
use weld_host_tests::host::Host;
use weld_host_tests::until;
use weld_host_tests::weld::Request;

/// A host with the connector `guest`, an admin listener and this `weld-host.toml`.
struct Reloading {
    host: Host,
    admin: SocketAddr,
}

impl Reloading {
    fn start(toml: &str) -> Self {
        let host = host()
            .plugin("guest", guests::ECHOES_STATE)
            .flag("--admin", "127.0.0.1:0")
            .without("--slots")
            .without("--drain")
            .file("weld-host.toml", toml)
            .start();
        let admin = admin_address(&host).parse().unwrap();
        Self { host, admin }
    }

    fn write(&self, toml: &str) {
        fs::write(self.host.plugins().join("weld-host.toml"), toml).unwrap();
    }

    /// Replaces the file, and asks for a reload. Returns what it says about the settings.
    fn reload(&self, toml: &str) -> Value {
        self.write(toml);
        let answer = Request::new(self.admin, "POST", "/reload").send();
        assert_eq!(answer.status(), 200, "{}", answer.text());
        answer.json()["settings"].clone()
    }

    /// Replaces the file and sends SIGHUP. Returns the lines of the log up to one with these words.
    fn hang_up(&self, toml: &str, words: &str) -> String {
        let before = self.host.log().so_far().len();
        self.write(toml);
        self.host.signal(Signal::HUP);
        let is_told = |lines: &[String]| lines.iter().skip(before).any(|line| line.contains(words));
        let log = self.host.log();
        assert!(log.wait_until(is_told), "{words}: {}", log.end());
        log.so_far()[before..].join("\n")
    }
}

fn changed(keys: &[&str]) -> Value {
    json!({ "changed": keys, "after_restart": [] })
}

fn waiting(keys: &[&str]) -> Value {
    json!({ "changed": [], "after_restart": keys })
}

#[test]
fn setting_that_needs_a_restart_is_named_until_it_is_what_the_host_runs_with() {
    let reloading = Reloading::start("slots = 3\nqueue = 5\n");
    for _ in 0..2 {
        let told = reloading.hang_up("slots = 4\nqueue = 5\n", "after a restart");
        assert!(told.contains("slots"), "{told}");
        assert_eq!(
            reloading.reload("slots = 4\nqueue = 5\n"),
            waiting(&["slots"])
        );
    }
    let both = json!({ "changed": ["queue"], "after_restart": ["slots"] });
    assert_eq!(reloading.reload("slots = 4\nqueue = 6\n"), both);
    // Nothing differs from what the host runs with.
    assert_eq!(reloading.reload("slots = 3\nqueue = 6\n"), changed(&[]));
    reloading.hang_up("slots = 3\nqueue = 6\n", "nothing has changed");
}

#[test]
fn mistake_in_the_settings_is_in_the_answer_and_connectors_are_loaded_nonetheless() {
    let reloading = Reloading::start("queue = 5\n");
    fs::write(reloading.host.plugins().join("guest.toml"), "broken").unwrap();
    reloading.write("quue = 6\n");
    let answer = Request::new(reloading.admin, "POST", "/reload").send();
    let answer = answer.json();
    let problem = answer["settings"]["problem"].as_str().unwrap();
    assert!(problem.contains("weld-host.toml:1: quue"), "{answer}");
    let guest = &answer["changes"]["guest"]["change"];
    // The host may have noticed the change of the connector before.
    assert!(guest.is_null() || guest == "not_loaded", "{answer}");
}

#[test]
fn log_level_changes_where_the_file_changes_it() {
    let reloading = Reloading::start("log = \"warn\"\n");
    let level = || get(reloading.admin, "/log").text();
    assert_eq!(level(), "warn\n");
    assert_eq!(reloading.reload("log = \"debug\"\n"), changed(&["log"]));
    assert_eq!(level(), "debug\n");
    // A level that was set otherwise stays if the file's is the same as before.
    let put = Request::new(reloading.admin, "PUT", "/log").body("error");
    assert_eq!(put.send().status(), 200);
    assert_eq!(reloading.reload("log = \"debug\"\n"), changed(&[]));
    assert_eq!(level(), "error\n");
}

#[test]
fn drain_and_grace_of_the_file_apply_to_the_shutdown() {
    let mut reloading = Reloading::start("drain = \"1h\"\ngrace = \"2h\"\n");
    assert_eq!(
        reloading.reload("drain = \"10ms\"\ngrace = \"7s\"\n"),
        changed(&["grace", "drain"])
    );
    reloading.host.terminate();
    assert_eq!(reloading.host.wait_for_exit().code(), Some(0));
    let log = reloading.host.log().so_far().join("\n");
    assert!(
        log.contains("drain_ms=10") && log.contains("grace_ms=7000"),
        "{log}"
    );
}

#[test]
fn unused_code_is_unmapped_once_the_file_says_so() {
    let reloading = Reloading::start("unmap-after = \"off\"\nlog = \"debug\"\n");
    reloading.host.weld("guest").good_page("rows", &json!({}));
    let with = |time: &str| format!("unmap-after = \"{time}\"\nlog = \"debug\"\n");
    assert_eq!(reloading.reload(&with("100ms")), changed(&["unmap-after"]));
    reloading
        .host
        .log()
        .wait_for_text("freed the code of idle connectors");
    assert_eq!(reloading.reload(&with("off")), changed(&["unmap-after"]));
    reloading
        .host
        .weld("guest")
        .good_page("rows", &json!({ "page": 2 }));
}

#[test]
fn another_token_key_needs_a_restart() {
    let key = |digit: &str| format!("token-key = \"{}\"\n", digit.repeat(64));
    let reloading = Reloading::start(&key("a"));
    assert_eq!(reloading.reload(&key("b")), waiting(&["token-key"]));
    assert_eq!(reloading.reload(&key("b")), waiting(&["token-key"]));
    // The same key in another form.
    assert_eq!(reloading.reload(&key("A")), changed(&[]));
    assert_eq!(reloading.reload(""), waiting(&["token-key"]));
    let log = reloading.host.log().so_far().join("\n");
    assert!(!log.contains("bbbb"), "no key is logged");
}

#[test]
fn admin_keys_change_and_never_go_away() {
    let host = host()
        .flag("--admin", "127.0.0.1:0")
        .file("one", "first\n")
        .file("two", "second\n")
        .file("weld-host.toml", "admin-key-file = \"one\"\n")
        .flag("--reload", "off")
        .start();
    let admin: SocketAddr = admin_address(&host).parse().unwrap();
    let ask = |method: &str, path: &str, key: &str| {
        let request = Request::new(admin, method, path);
        let bearer = format!("Bearer {key}");
        request.header("authorization", &bearer).send()
    };
    let reload = |key: &str, toml: &str| {
        fs::write(host.plugins().join("weld-host.toml"), toml).unwrap();
        ask("POST", "/reload", key).json()["settings"].clone()
    };
    assert_eq!(
        reload("first", "admin-key-file = \"two\"\n"),
        changed(&["admin-key", "admin-key-file"])
    );
    assert_eq!(ask("GET", "/log", "first").status(), 401);
    assert_eq!(
        reload("second", ""),
        waiting(&["admin-key", "admin-key-file"])
    );
    until("the key is still required", || {
        ask("GET", "/log", "second").status() == 200
    });
    assert_eq!(get(admin, "/log").status(), 401);
}
