//! Rooms use each other in one direction, as ARCHITECTURE.md says, and each keeps to its subject.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use super::{repository, rust_files};

/// The main flow: a room may use the rooms after it.
const FLOW: [&str; 8] = [
    "cli",
    "lambda",
    "server",
    "pages",
    "connectors",
    "sandbox",
    "imports",
    "egress",
];
/// Rooms that only `cli` may use, and that may use only leaves. Exceptions: `author` requests pages as `sync` does, and
/// tokens as `egress` does; `admin` shows connectors and their calls.
const BESIDE: [&str; 3] = ["admin", "sync", "author"];
/// Usable by all, and using only those in [`BASE`].
const LEAVES: [&str; 25] = [
    "access_check",
    "account",
    "attempts",
    "config",
    "bindings",
    "certificates",
    "changes",
    "demo",
    "encoding",
    "fair_queue",
    "followed_file",
    "guest_error",
    "lock",
    "report",
    "metrics_probe",
    "platform",
    "retry_after",
    "samples",
    "scope",
    "secrets",
    "telemetry",
    "tokens",
    "traces",
    "tunnel_head",
    "waits",
];
/// Leaves that other leaves may use; `metrics_probe` and `samples` exist only for tests.
const BASE: [&str; 13] = [
    "account",
    "config",
    "followed_file",
    "lock",
    "metrics_probe",
    "platform",
    "report",
    "samples",
    "scope",
    "telemetry",
    "traces",
    "tunnel_head",
    "waits",
];

/// Crates and types that are the subject of some rooms, and that no other room may know.
const SUBJECTS: [(&str, &[&str]); 12] = [
    // All other rooms lock with the two types in that room.
    ("PoisonError", &["lock"]),
    ("axum", &["server", "demo", "author"]),
    ("clap", &["cli"]),
    ("hyper", &["server", "admin", "egress", "sync", "demo"]),
    ("tower_http", &["server"]),
    ("indicatif", &["cli"]),
    ("lambda_runtime", &["lambda"]),
    ("notify", &["changes"]),
    ("rusqlite", &["sync"]),
    ("wasmtime", &["sandbox", "imports", "bindings"]),
    ("wasmtime_wasi", &["sandbox", "imports"]),
    ("zip", &["lambda"]),
];

/// Types that a room may not name, though it may use the room that defines them.
const FOREIGN_TYPES: [(&str, &str); 3] = [
    // A program runs under the limits that it is given; `connectors` reads the connector's file.
    ("sandbox", "ConnectorConfig"),
    // A connector's way to the network is created before a call begins.
    ("sandbox", "Egress"),
    ("sandbox", "Upstreams"),
];

fn may_use(room: &str, used: &str) -> bool {
    let place = |name: &str| FLOW.iter().position(|room| *room == name);
    if room == used || BASE.contains(&used) {
        return true;
    }
    if LEAVES.contains(&room) {
        return false;
    }
    if LEAVES.contains(&used) {
        return true;
    }
    match (place(room), place(used)) {
        (Some(from), Some(to)) => from < to,
        _ => {
            (room == "cli" && BESIDE.contains(&used))
                || (room == "author" && ["sync", "egress"].contains(&used))
                || (room == "admin" && ["pages", "connectors"].contains(&used))
        }
    }
}

/// Each file of `host/src` with its room. The crate's two root files belong to none.
fn files_by_room() -> Vec<(String, PathBuf, String)> {
    let sources = repository().join("host/src");
    let mut files = Vec::new();
    for path in rust_files(&sources) {
        let within = path.strip_prefix(&sources).unwrap().with_extension("");
        let room = within.iter().next().unwrap().to_str().unwrap().to_owned();
        if room != "lib" && room != "main" {
            let code = without_comments(&fs::read_to_string(&path).unwrap());
            files.push((room, path, code));
        }
    }
    files
}

/// Doc comments may link to any room; only code counts as an arrow.
fn without_comments(code: &str) -> String {
    code.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// The rooms that code names by `crate::ROOM`, alone or in a list in braces.
fn rooms_named(code: &str) -> BTreeSet<String> {
    let mut rooms = BTreeSet::new();
    for after in code.split("crate::").skip(1) {
        match after.strip_prefix('{') {
            Some(list) => rooms.extend(heads(list)),
            None => rooms.extend(head(after)),
        }
    }
    rooms
}

/// The first word of each item of a list, up to its closing brace.
fn heads(list: &str) -> Vec<String> {
    let mut depth = 0_u32;
    let mut begins = vec![0];
    for (place, character) in list.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => begins.push(place + 1),
            _ => {}
        }
    }
    begins
        .into_iter()
        .filter_map(|begin| head(list[begin..].trim_start()))
        .collect()
}

fn head(text: &str) -> Option<String> {
    let word: String = text
        .chars()
        .take_while(|character| character.is_alphanumeric() || *character == '_')
        .collect();
    (!word.is_empty()).then_some(word)
}

#[test]
fn arrows_between_rooms_point_one_way() {
    let files = files_by_room();
    let known: BTreeSet<&str> = FLOW.into_iter().chain(BESIDE).chain(LEAVES).collect();
    let mut arrows = 0;
    for (room, path, code) in &files {
        assert!(
            known.contains(room.as_str()),
            "a room that this test doesn't know: {}",
            path.display()
        );
        for used in rooms_named(code) {
            assert!(may_use(room, &used), "{} uses {used}", path.display());
            arrows += usize::from(*room != used);
        }
    }
    assert!(arrows > 10, "the test found almost nothing: {arrows}");
}

#[test]
fn rooms_know_only_their_own_subject() {
    let mut known = BTreeSet::new();
    for (room, path, code) in files_by_room() {
        for (subject, rooms) in SUBJECTS {
            if code.contains(&format!("{subject}::")) {
                assert!(
                    rooms.contains(&room.as_str()),
                    "{} knows {subject}",
                    path.display()
                );
                known.insert((subject, room.clone()));
            }
        }
    }
    let listed: usize = SUBJECTS.iter().map(|(_, rooms)| rooms.len()).sum();
    assert_eq!(
        known.len(),
        listed,
        "rooms that don't need to be listed: {known:?}"
    );
}

#[test]
fn rooms_do_not_name_types_of_other_subjects() {
    for (room, path, code) in files_by_room() {
        for (_, name) in FOREIGN_TYPES.iter().filter(|(of, _)| *of == room) {
            let mut words = code.split(|character: char| !character.is_alphanumeric());
            assert!(
                !words.any(|word| word == *name),
                "{} names {name}",
                path.display()
            );
        }
    }
}

#[test]
fn protocol_does_no_io() {
    let manifest = fs::read_to_string(repository().join("protocol/Cargo.toml")).unwrap();
    for foreign in ["tokio", "axum", "hyper", "wasmtime", "weld-host."] {
        assert!(
            !manifest.contains(foreign),
            "weld-protocol depends on {foreign}"
        );
    }
    for path in rust_files(&repository().join("protocol/src")) {
        let code = without_comments(&fs::read_to_string(&path).unwrap());
        for foreign in ["std::net", "std::fs", "std::thread", "std::env"] {
            assert!(!code.contains(foreign), "{} uses {foreign}", path.display());
        }
    }
}

#[test]
fn backward_arrows_are_found() {
    for (code, expected) in [
        ("use crate::server::Server;", &["server"][..]),
        ("let error = crate::report::chain(&error);", &["report"]),
        (
            "use crate::{config::{Limits, Secret}, pages::Pages};",
            &["config", "pages"],
        ),
        (
            "use crate::{\n    sandbox,\n    egress::Egress,\n};",
            &["egress", "sandbox"],
        ),
        ("use weld_protocol::Page;", &[]),
    ] {
        assert_eq!(
            rooms_named(code).into_iter().collect::<Vec<_>>(),
            expected,
            "{code}"
        );
    }
    assert!(may_use("cli", "server") && may_use("server", "connectors") && may_use("cli", "sync"));
    for leaf in ["encoding", "config", "report"] {
        assert!(may_use("sync", leaf), "sync → {leaf}");
    }
    for (room, used) in [
        ("egress", "imports"),
        ("sandbox", "connectors"),
        ("config", "egress"),
        ("sync", "server"),
    ] {
        assert!(!may_use(room, used), "{room} → {used}");
    }
}
