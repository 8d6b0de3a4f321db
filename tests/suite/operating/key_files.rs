//! `--api-key-file`: several keys, and changes while the host runs.

use crate::{guests, host};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use weld_host_tests::host::{Host, HostBuilder};
use weld_host_tests::until;

/// A folder with the key file, outside the plugins folder, which the host follows for other reasons.
struct KeyPlace {
    folder: TempDir,
}

impl KeyPlace {
    fn new(keys: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("keys"), keys).unwrap();
        Self { folder }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("keys")
    }

    fn host(&self) -> HostBuilder {
        with_keys(&self.file())
    }

    /// Replaces the file, as a careful operator does.
    fn replace(&self, keys: &str) {
        let aside = self.folder.path().join("aside");
        fs::write(&aside, keys).unwrap();
        fs::rename(&aside, self.file()).unwrap();
    }
}

fn with_keys(file: &Path) -> HostBuilder {
    host()
        .plugin("echo", guests::ECHOES_STATE)
        .flag("--reload", "100ms")
        .flag("--api-key-file", &file.display().to_string())
}

fn is_permitted(host: &Host, key: &str) -> bool {
    host.weld("echo").with_key(key).schema().status() == 200
}

fn assert_permitted(host: &Host, good: &[&str], bad: &[&str]) {
    for key in good {
        assert!(is_permitted(host, key), "{key}");
    }
    for key in bad {
        assert!(!is_permitted(host, key), "{key}");
    }
}

#[test]
fn each_key_of_the_file_is_accepted_and_a_changed_file_counts_without_a_restart() {
    let place = KeyPlace::new("# until June\nold\n");
    let host = place.host().start();
    assert_permitted(&host, &["old"], &["new", "# until June"]);
    place.replace("new\n\n# until June\nold\n");
    until("the new key is accepted", || is_permitted(&host, "new"));
    assert_permitted(&host, &["old"], &[""]);
    place.replace("new\n");
    until("the old key is refused", || !is_permitted(&host, "old"));
    assert_permitted(&host, &["new"], &[]);
    host.log().wait_for_text("the keys of clients have changed");
    let log = host.log().so_far().join("\n");
    assert!(!log.contains("June") && !log.contains("new\n"), "{log}");
}

#[test]
fn file_that_cannot_be_used_any_more_keeps_the_previous_keys_and_is_logged_once() {
    let place = KeyPlace::new("one\n");
    let host = place.host().start();
    let told = |problem: &str| {
        let lines = host.log().so_far();
        lines
            .iter()
            .filter(|line| line.contains("previous ones stay valid") && line.contains(problem))
            .count()
    };
    for (keys, problem) in [
        (Some(""), "has no key"),
        (Some(" bad\n"), "keys:1: this key can't be sent"),
        (None, "keys can't be read: "),
    ] {
        match keys {
            Some(keys) => place.replace(keys),
            None => fs::remove_file(place.file()).unwrap(),
        }
        until("it is logged", || told(problem) > 0);
        assert_permitted(&host, &["one"], &["bad"]);
    }
    place.replace("two\n");
    until("the new key is accepted", || is_permitted(&host, "two"));
    assert_permitted(&host, &[], &["one"]);
    for problem in ["has no key", "can't be sent", "keys can't be read: "] {
        assert_eq!(told(problem), 1, "{problem}");
    }
}

#[test]
fn keys_behind_the_links_of_a_mounted_secret_are_followed() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for (version, key) in [("1", "one"), ("2", "two")] {
        fs::create_dir(at(version)).unwrap();
        fs::write(at(version).join("keys"), key).unwrap();
    }
    symlink("1", at("..data")).unwrap();
    symlink("..data/keys", at("keys")).unwrap();
    let host = with_keys(&at("keys")).start();
    assert_permitted(&host, &["one"], &["two"]);
    symlink("2", at("..next")).unwrap();
    fs::rename(at("..next"), at("..data")).unwrap();
    until("the new key is accepted", || is_permitted(&host, "two"));
    assert_permitted(&host, &[], &["one"]);
}

#[test]
fn host_does_not_start_with_a_file_that_cannot_be_used() {
    for (keys, expected) in [
        ("", "has no key: write one on each line"),
        ("# nothing\n\n", "has no key: write one on each line"),
        (
            "good\nbad \n",
            "keys:2: this key can't be sent by a client: the key begins or ends with white space",
        ),
        (&"key\n".repeat(101), "has more than 100 keys"),
    ] {
        let failure = KeyPlace::new(keys).host().fail();
        assert_eq!(failure.status.code(), Some(1), "{failure:?}");
        let told = failure.stderr.join("\n");
        assert!(told.contains(expected), "{expected} in {told}");
        assert!(!told.contains("good"), "{told}");
    }
}
