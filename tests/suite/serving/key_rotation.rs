//! Keys that change while a connector is being compiled: the keys of the version that answers apply.

use crate::{assert_error, guests, host};
use serde_json::json;
use std::fs;
use tempfile::TempDir;
use weld_host_tests::component;
use weld_host_tests::host::Host;
use weld_host_tests::http::Message;
use weld_host_tests::process::children;
use weld_host_tests::until;
use weld_host_tests::weld::Pending;

const OLD: &str = r#"api-key = "old""#;
const NEW: &str = r#"api-key = "new""#;

/// A host whose only connector, `guest`, takes minutes to compile. The host's own key is `host`.
struct Loading {
    host: Host,
    _cache: TempDir,
}

impl Loading {
    fn start(config: &str) -> Self {
        let cache = TempDir::new().unwrap();
        let host = host()
            .flag("--cache", &cache.path().display().to_string())
            .flag("--reload", "100ms")
            .flag("--log", "debug")
            .variable("WELD_API_KEY", "host")
            .file("guest.wasm", component::slow())
            .config("guest", config)
            .start();
        // Before that, removing the file would make it unreadable.
        until("the component is compiled", || {
            !children(host.id()).is_empty()
        });
        Self {
            host,
            _cache: cache,
        }
    }

    /// A request for a page that waits for the compiler.
    fn waiting(&self, path: &str, key: &str) -> Pending {
        let line = "waits for the compiler";
        let before = self.count(line);
        let page = self
            .host
            .request("POST", path)
            .header("authorization", &format!("Bearer {key}"))
            .json(&json!({ "name": "beers", "state": {} }));
        let pending = page.begin().unwrap();
        let waits = |lines: &[String]| count(lines, line) > before;
        assert!(self.host.log().wait_until(waits), "{path} doesn't wait");
        pending
    }

    fn count(&self, text: &str) -> usize {
        count(&self.host.log().so_far(), text)
    }

    /// Replaces the configuration.
    fn configure(&self, config: &str) {
        self.put(&[("guest.toml", config.as_bytes())]);
    }

    /// Replaces the configuration, and the component by one that compiles at once.
    fn replace(&self, config: &str) {
        let component = fs::read(guests::ECHOES_STATE).unwrap();
        self.put(&[
            ("guest.toml", config.as_bytes()),
            ("guest.wasm", &component),
        ]);
    }

    /// Puts files into the plugins folder in such quick succession that the host sees one change.
    fn put(&self, files: &[(&str, &[u8])]) {
        let folder = self.host.plugins();
        let aside = |name| folder.join(format!(".{name}.part"));
        for (name, contents) in files {
            fs::write(aside(name), contents).unwrap();
        }
        for (name, _) in files {
            fs::rename(aside(name), folder.join(name)).unwrap();
        }
    }

    fn schema(&self, key: &str) -> Message {
        self.host.weld("guest").with_key(key).schema()
    }
}

fn count(lines: &[String], text: &str) -> usize {
    lines.iter().filter(|line| line.contains(text)).count()
}

fn assert_refused(pending: Pending) {
    assert_error(&pending.answer().unwrap(), 401, "unauthorized");
}

fn assert_page(pending: Pending) {
    let answer = pending.answer().unwrap();
    assert_eq!(answer.status(), 200, "{}", answer.text());
}

#[test]
fn key_rotated_out_while_its_request_waits_for_the_compiler_is_refused() {
    let loading = Loading::start(OLD);
    let old = loading.waiting("/guest", "old");
    loading.replace(NEW);
    assert_refused(old);
    assert_error(&loading.schema("old"), 401, "unauthorized");
    assert_eq!(loading.schema("new").status(), 200);
}

#[test]
fn key_rotated_out_is_refused_while_the_compiler_is_still_busy() {
    let loading = Loading::start(OLD);
    let old = loading.waiting("/guest", "old");
    loading.configure(NEW);
    assert_refused(old);
    assert_error(&loading.schema("old"), 401, "unauthorized");
    let _opens = loading.waiting("/guest", "new");
}

#[test]
fn key_kept_with_a_new_one_is_accepted_for_a_waiting_request() {
    let loading = Loading::start(OLD);
    let old = loading.waiting("/guest", "old");
    loading.replace(r#"api-key = ["old", "new"]"#);
    assert_page(old);
}

#[test]
fn connector_given_a_key_while_compiling_refuses_the_key_of_the_host() {
    let loading = Loading::start("");
    let waiting = loading.waiting("/guest", "host");
    loading.replace(NEW);
    assert_refused(waiting);
    assert_eq!(loading.schema("new").status(), 200);
}

#[test]
fn connector_losing_its_key_while_compiling_requires_the_key_of_the_host() {
    let loading = Loading::start(OLD);
    let waiting = loading.waiting("/guest", "old");
    loading.replace("");
    assert_refused(waiting);
    assert_eq!(loading.schema("host").status(), 200);
}

#[test]
fn key_of_a_connector_does_not_open_its_replacement_at_the_root() {
    let loading = Loading::start(OLD);
    let waiting = loading.waiting("/", "old");
    let component = fs::read(guests::ECHOES_STATE).unwrap();
    loading.put(&[("other.toml", NEW.as_bytes()), ("other.wasm", &component)]);
    fs::remove_file(loading.host.plugins().join("guest.wasm")).unwrap();
    assert_refused(waiting);
}

#[test]
fn key_of_a_connector_removed_while_compiling_is_treated_like_a_wrong_one() {
    let loading = Loading::start(OLD);
    let waiting = loading.waiting("/guest", "old");
    fs::remove_file(loading.host.plugins().join("guest.wasm")).unwrap();
    assert_refused(waiting);
    assert_error(&loading.schema("host"), 404, "unknown_connector");
}
