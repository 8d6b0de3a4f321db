//! Plugins that come, change and go while the host serves: nothing of it fails a request.

use crate::{assert_error, guests, held_call, host};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use weld_host_tests::held_call::HeldCall;
use weld_host_tests::host::{Host, HostBuilder};
use weld_host_tests::mark::assert_pending;
use weld_host_tests::until;

/// How long a copy takes: several looks of a host.
const COPY_MILLISECONDS: usize = 600;

/// Half of the time after which a host takes a file as one that is at rest.
const MOST_REST: Duration = Duration::from_millis(100);

/// A host that looks at its plugins often, also where it is told of nothing.
fn reloading() -> HostBuilder {
    host().flag("--reload", "100ms")
}

/// Puts a component into a folder as a whole.
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

/// What the guest `logs_its_words` answers: the variable WORDS of its configuration.
fn words(host: &Host) -> Value {
    host.weld("guest").good_row("words", &json!({}))["words"].clone()
}

fn with_words(words: &str) -> String {
    format!("[env]\nWORDS = \"{words}\"")
}

#[test]
fn plugin_that_comes_serves_and_one_that_goes_does_not() {
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
fn version_that_does_not_load_leaves_the_last_good_one_serving() {
    let host = reloading()
        .plugin("guest", guests::ANSWERS_ITS_WORDS)
        .config("guest", &with_words("good"))
        .start();
    fs::write(host.plugins().join("guest.wasm"), "no component").unwrap();
    let line = host.log().wait_for_text("the new version does not load");
    assert!(line.contains("WARN") && line.contains("guest") && line.contains("not WebAssembly"));
    assert_eq!(words(&host), "good");
    write(host.plugins(), "guest.toml", "[env]\nWORDS = 5");
    host.log().wait_for_text("guest.toml");
    assert_eq!(words(&host), "good");
    put(guests::ANSWERS_ITS_WORDS, host.plugins(), "guest.wasm");
    write(host.plugins(), "guest.toml", &with_words("mended"));
    host.log().wait_for_text("connector reloaded");
    assert_eq!(words(&host), "mended");
}

#[test]
fn connector_that_did_not_load_serves_once_it_is_mended() {
    let host = reloading().file("guest.wasm", "no component").start();
    assert_error(&host.weld("guest").schema(), 503, "connector_unavailable");
    put(guests::ECHOES_STATE, host.plugins(), "guest.wasm");
    host.log().wait_for_text("connector loaded");
    assert_eq!(host.weld("guest").schema().status(), 200);
}

#[test]
fn variable_file_that_comes_late_is_noticed_though_the_configuration_stays() {
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
fn half_of_a_copy_is_not_read() {
    until("a copy that is never at rest", half_of_a_copy_goes_unread);
}

/// Copies a component onto another one, for as long as several looks of the host take; it must serve the old one
/// until the copy is whole. Says whether the copy was never at rest, as it is where the machine stands still for a
/// while: the host rightly reads it then.
fn half_of_a_copy_goes_unread() -> bool {
    let host = reloading()
        .plugin("guest", guests::ANSWERS_ITS_WORDS)
        .config("guest", &with_words("good"))
        .start();
    let whole = fs::read(guests::ECHOES_STATE).unwrap();
    let path = host.plugins().join("guest.wasm");
    let (began, mut written) = (Instant::now(), Instant::now());
    let mut longest_rest = Duration::ZERO;
    let mut statuses = BTreeSet::new();
    let mut end = 0;
    while end < whole.len() {
        statuses.insert(host.weld("guest").page("words", &json!({})).status());
        let milliseconds = usize::try_from(began.elapsed().as_millis()).unwrap();
        end = whole
            .len()
            .min(whole.len() * milliseconds / COPY_MILLISECONDS);
        fs::write(&path, &whole[..end]).unwrap();
        longest_rest = longest_rest.max(written.elapsed());
        written = Instant::now();
    }
    if longest_rest > MOST_REST {
        return false;
    }
    assert_eq!(statuses, BTreeSet::from([200]));
    host.log().wait_for_text("connector reloaded");
    assert_eq!(
        host.weld("guest").good_row("rows", &json!({}))["table"],
        "rows"
    );
    let lines = host.log().so_far();
    assert!(
        !lines.iter().any(|line| line.contains("does not load")),
        "{lines:?}"
    );
    true
}

#[test]
fn swapped_links_are_followed_as_kubernetes_mounts_make_them() {
    let host = reloading().plugin("other", guests::ECHOES_STATE).start();
    let folder = host.plugins();
    for (version, text) in [("..v1", "first"), ("..v2", "second")] {
        let version = folder.join(version);
        fs::create_dir(&version).unwrap();
        fs::copy(guests::ANSWERS_ITS_WORDS, version.join("guest.wasm")).unwrap();
        fs::write(version.join("guest.toml"), with_words(text)).unwrap();
    }
    symlink("..v1", folder.join("..data")).unwrap();
    for name in ["guest.toml", "guest.wasm"] {
        symlink(Path::new("..data").join(name), folder.join(name)).unwrap();
    }
    host.log().wait_for_text("connector loaded");
    assert_eq!(words(&host), "first");
    symlink("..v2", folder.join("..data_tmp")).unwrap();
    fs::rename(folder.join("..data_tmp"), folder.join("..data")).unwrap();
    host.log().wait_for_text("connector reloaded");
    assert_eq!(words(&host), "second");
}

#[test]
fn page_in_flight_ends_on_the_version_that_it_began_with() {
    let HeldCall {
        host,
        page,
        release,
        state,
    } = held_call(reloading().flag("--log", "debug"));
    put(guests::ECHOES_STATE, host.plugins(), "guest.wasm");
    host.log().wait_for_text("connector reloaded");
    let new = host.weld("guest").good_row("others", &json!({}));
    assert_eq!(new["table"], "others", "the new version answers beside it");
    let again = host
        .weld("guest")
        .page_request("rows", &state)
        .begin()
        .unwrap();
    host.log().wait_for_text("joins a call");
    release.open();
    for page in [page, again] {
        let answer = page.answer().unwrap();
        assert_eq!(
            answer.json()["insert"][0]["body"],
            "in time",
            "{}",
            answer.text()
        );
    }
}

#[test]
fn rule_that_is_taken_back_holds_for_calls_under_way() {
    let upstream = weld_host_tests::upstream::Upstream::answering("\"here\"");
    let allowing = format!(
        "[env]\nSLEEP_MS = \"1000\"\n[network]\nallow = [\"{}\"]",
        upstream.origin()
    );
    let host = reloading()
        .plugin("guest", guests::SLEEPS_BETWEEN_FETCHES)
        .config("guest", &allowing)
        .start();
    let state = json!({ "url": upstream.origin() });
    let page = host
        .weld("guest")
        .page_request("contract", &state)
        .begin()
        .unwrap();
    host.log().wait_for_text("upstream call");
    write(host.plugins(), "guest.toml", "");
    host.log().wait_for_text("connector reloaded");
    let message = assert_error(&page.answer().unwrap(), 502, "upstream_failed");
    assert!(message.contains("Denied"), "{message}");
    assert_eq!(upstream.received().len(), 1);
}

#[test]
fn calls_of_versions_long_replaced_begin_anew() {
    let config = |number| {
        format!(
            "[env]\nSLEEP_MS = \"3600000\"\nNUMBER = \"{number}\"\n[limits]\nanswer-within = \"1h\""
        )
    };
    let host = reloading()
        .plugin("guest", guests::SLEEPS_INSIDE)
        .config("guest", &config(0))
        .start();
    let mut sleeping = Vec::new();
    for number in 1..=3 {
        let state = json!({ "number": number });
        sleeping.push(
            host.weld("guest")
                .page_request("rows", &state)
                .begin()
                .unwrap(),
        );
        let begun =
            |lines: &[String]| lines.iter().filter(|line| line.contains("begun")).count() == number;
        assert!(host.log().wait_until(begun));
        write(host.plugins(), "guest.toml", &config(number));
        let reloads = |lines: &[String]| {
            lines
                .iter()
                .filter(|line| line.contains("connector reloaded"))
                .count()
                == number
        };
        assert!(host.log().wait_until(reloads));
    }
    // Two old versions may sleep on; the oldest of three may not.
    let oldest = sleeping.remove(0);
    let answer = oldest.answer().unwrap();
    assert_eq!(answer.header("weld-host-pending"), Some("running"));
    assert_pending(&answer);
}

#[test]
fn folder_that_is_gone_leaves_everything_serving_until_it_is_back() {
    let host = reloading().plugin("guest", guests::ECHOES_STATE).start();
    let (folder, aside) = (
        host.plugins().to_owned(),
        host.plugins().with_extension("aside"),
    );
    fs::rename(&folder, &aside).unwrap();
    host.log().wait_for_text("folder can't be read");
    assert_eq!(
        host.weld("guest").good_row("rows", &json!({}))["table"],
        "rows"
    );
    fs::rename(&aside, &folder).unwrap();
    host.log().wait_for_text("can be read again");
    put(guests::ECHOES_STATE, &folder, "second.wasm");
    host.log().wait_for_text("connector loaded");
    assert_eq!(host.weld("second").schema().status(), 200);
}

#[test]
fn names_that_can_not_stand_in_a_path_are_reported() {
    let host = reloading().plugin("guest", guests::ECHOES_STATE).start();
    put(guests::ECHOES_STATE, host.plugins(), "Not A Name.wasm");
    let line = host.log().wait_for_text("connector not loaded");
    assert!(line.contains("Not A Name"), "{line}");
    assert_eq!(host.weld("guest").schema().status(), 200);
}

#[test]
fn reload_can_be_turned_off() {
    let host = host()
        .plugin("guest", guests::ANSWERS_ITS_WORDS)
        .config("guest", &with_words("first"))
        .flag("--reload", "off")
        .start();
    // Another host, of the same folder, tells when a host that looks has seen each change.
    let looking = reloading()
        .flag("--plugins", &host.plugins().display().to_string())
        .start();
    for (reloads, text) in [(1, "second"), (2, "third")] {
        write(host.plugins(), "guest.toml", &with_words(text));
        let reloaded = |lines: &[String]| {
            let told = |line: &&String| line.contains("connector reloaded");
            lines.iter().filter(told).count() == reloads
        };
        assert!(looking.log().wait_until(reloaded));
        assert_eq!(words(&looking), text);
        assert_eq!(words(&host), "first");
    }
}

#[test]
fn connector_that_is_replaced_again_and_again_fails_no_request() {
    let host = reloading()
        .plugin("guest", guests::ANSWERS_ITS_WORDS)
        .config("guest", &with_words("version 0"))
        .flag("--slots", "8")
        .start();
    let over = Arc::new(AtomicBool::new(false));
    let asking: Vec<_> = (0..2)
        .map(|client| {
            let (weld, over) = (host.weld("guest"), over.clone());
            thread::spawn(move || {
                let mut number = 0_u64;
                let mut seen = Vec::new();
                while !over.load(Ordering::Relaxed) {
                    number += 1;
                    let state = json!({ "client": client, "number": number });
                    let words = weld.good_row("words", &state)["words"].clone();
                    if seen.last() != Some(&words) {
                        seen.push(words);
                    }
                }
                seen
            })
        })
        .collect();
    for version in 1..=10 {
        if version % 4 == 0 {
            fs::write(host.plugins().join("guest.wasm"), "broken").unwrap();
            let broken = |lines: &[String]| {
                lines
                    .iter()
                    .filter(|line| line.contains("does not load"))
                    .count()
                    == version / 4
            };
            assert!(host.log().wait_until(broken));
        }
        put(guests::ANSWERS_ITS_WORDS, host.plugins(), "guest.wasm");
        write(
            host.plugins(),
            "guest.toml",
            &with_words(&format!("version {version}")),
        );
        let reloaded = |lines: &[String]| {
            lines
                .iter()
                .filter(|line| line.contains("connector reloaded"))
                .count()
                >= version
        };
        assert!(host.log().wait_until(reloaded));
    }
    over.store(true, Ordering::Relaxed);
    for client in asking {
        let seen = client.join().expect("no request failed");
        // Each version is there once: none comes back when a newer one has answered.
        let mut sorted = seen.clone();
        sorted.dedup();
        assert_eq!(seen.len(), sorted.len());
        assert!(seen.len() > 2, "{seen:?}");
    }
}
