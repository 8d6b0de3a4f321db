//! Tests wait for conditions, never for a fixed time. Only [`weld_host_tests::until_some`] sleeps, and upstreams and
//! clients that a test needs to be slow.

use std::collections::BTreeMap;
use std::fs;

use super::{repository, rust_files, shown};

/// The files of the suite that may let time pass, and how often.
const SLEEPERS: [(&str, usize); 8] = [
    // `until_some`.
    ("tests/src/lib.rs", 1),
    // Connectors in Python that pause.
    ("tests/suite/authoring/native.rs", 5),
    // A slow upstream, so that calls overlap.
    ("tests/suite/egress/quota_forms.rs", 1),
    // Upstreams that send slowly, and that redirect slowly.
    ("tests/suite/limits/page_exchanges.rs", 2),
    ("tests/suite/limits/upstream_memory.rs", 1),
    // Clients that send a number of requests a second.
    ("tests/suite/operating/load.rs", 1),
    // A client that reads slowly.
    ("tests/suite/serving/slow_clients.rs", 1),
    // Waits for the middle of a commit, which a sleep would miss. It ends when the sync ends.
    ("tests/suite/sync/kill.rs", 1),
];

/// How often code calls something that lets time pass.
fn sleeps(code: &str) -> usize {
    code.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| {
            ["sleep(", "sleep_until(", "yield_now(", "spin_loop("].map(|call| calls(line, call))
        })
        .sum()
}

/// How often a line calls this function, and not one whose name only ends like it.
fn calls(line: &str, call: &str) -> usize {
    let is_name = |character: char| character.is_alphanumeric() || character == '_';
    line.match_indices(call)
        .filter(|(at, _)| !line[..*at].ends_with(is_name))
        .count()
}

#[test]
fn only_until_and_slow_peers_sleep() {
    let mut sleepers = BTreeMap::new();
    for folder in ["tests/src", "tests/suite"] {
        for file in rust_files(&repository().join(folder)) {
            let name = shown(&file);
            let code = fs::read_to_string(&file).unwrap();
            let sleeps = sleeps(&code);
            if sleeps > 0 && !name.ends_with("rooms/waiters.rs") {
                sleepers.insert(name, sleeps);
            }
        }
    }
    let known = SLEEPERS.map(|(file, sleeps)| (file.to_owned(), sleeps));
    assert_eq!(sleepers, BTreeMap::from(known));
}

#[test]
fn sleeps_are_distinguished_from_similar_names() {
    for (code, count) in [
        ("thread::sleep(time);\nsleep(a); sleep(b);", 3),
        ("tokio::time::sleep_until(then).await", 1),
        ("// sleep(time)", 0),
        ("fn calls_that_only_sleep() { oversleep(1) }", 0),
    ] {
        assert_eq!(sleeps(code), count, "{code}");
    }
}
