//! Temporary states of files during copies, with swapped links and unmounted folders.

use super::{put, reloading, with_words, words};
use crate::guests;
use serde_json::json;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, Instant};
use weld_host_tests::until;

/// How long a copy takes: several of a host's looks.
const COPY_MILLISECONDS: usize = 600;

/// Half of the time after which a host regards a file as settled.
const MOST_REST: Duration = Duration::from_millis(100);

#[test]
fn half_a_copy_is_not_read() {
    until("a copy that is never at rest", half_of_a_copy_goes_unread);
}

/// Copies a component over another one, for as long as several of the host's looks take. The host must serve the old
/// one until the copy is complete. Returns whether the copy was never at rest. It may be at rest if the machine
/// stalls for a while, and then the host is right to read it.
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
        !lines.iter().any(|line| line.contains("failed to load")),
        "{lines:?}"
    );
    true
}

#[test]
fn links_swapped_as_in_kubernetes_mounts_are_followed() {
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
fn missing_folder_leaves_everything_serving_until_it_is_back() {
    let host = reloading().plugin("guest", guests::ECHOES_STATE).start();
    let (folder, aside) = (
        host.plugins().to_owned(),
        host.plugins().with_extension("aside"),
    );
    fs::rename(&folder, &aside).unwrap();
    host.log()
        .wait_for_text("could not read the plugins folder");
    assert_eq!(
        host.weld("guest").good_row("rows", &json!({}))["table"],
        "rows"
    );
    fs::rename(&aside, &folder).unwrap();
    host.log().wait_for_text("is readable again");
    put(guests::ECHOES_STATE, &folder, "second.wasm");
    host.log().wait_for_text("connector loaded");
    assert_eq!(host.weld("second").schema().status(), 200);
}

#[test]
fn names_that_are_not_valid_in_a_path_are_reported() {
    let host = reloading().plugin("guest", guests::ECHOES_STATE).start();
    put(guests::ECHOES_STATE, host.plugins(), "Not A Name.wasm");
    let line = host.log().wait_for_text("connector not loaded");
    assert!(line.contains("Not A Name"), "{line}");
    assert_eq!(host.weld("guest").schema().status(), 200);
}
