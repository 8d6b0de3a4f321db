//! Files as copies, links and unmounted folders leave them for a while.

use super::{put, reloading, with_words, words};
use crate::guests;
use serde_json::json;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, Instant};
use weld_host_tests::until;

/// How long a copy takes: several looks of a host.
const COPY_MILLISECONDS: usize = 600;

/// Half of the time after which a host takes a file as one that is at rest.
const MOST_REST: Duration = Duration::from_millis(100);

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
