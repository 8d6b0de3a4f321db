//! Destinations that can't accept the rows: each is reported in one line and keeps its contents.

use super::desk;
use crate::PROGRAM;
use rusqlite::Connection;
use rustix::process::geteuid;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use weld_host_tests::desk::{Desk, only_line};
use weld_host_tests::paged::{paged, state};
use weld_host_tests::process::Process;
use weld_host_tests::tables::{rows, states};

const SCHEMA: &str = r#"{"schema": {"rows": {"primary_key": "id"}}}"#;

const PAGE: &[u8] = br#"[{"id": 1, "name": "Ale"}]"#;

/// How many pages and rows the large connector has: 2 MB, without a key, so that a repeated row is noticed.
const PAGES: usize = 40;
const ROWS: usize = 50;

fn large_page(page: usize) -> Vec<u8> {
    let filler = "malt ".repeat(200);
    let rows: Vec<_> = (page * ROWS..(page + 1) * ROWS)
        .map(|id| format!(r#"{{"id": {id}, "filler": "{filler}"}}"#))
        .collect();
    format!("[{}]", rows.join(", ")).into_bytes()
}

/// `weld-host sync` started by a shell that runs this script first; in it, `"$@"` is the command.
fn sh(desk: &Desk, script: &str, arguments: &[&str]) -> Process {
    let direct = desk.command(arguments);
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", script, "sh"])
        .arg(direct.get_program())
        .args(direct.get_args())
        .env_clear()
        .current_dir(desk.path(""));
    Process::start(&mut command)
}

fn ids_of(pages: usize) -> Vec<i64> {
    (0..(pages * ROWS) as i64).collect()
}

/// A limit on file sizes simulates a full disk: it needs no separate disk, and the write fails in the middle.
#[test]
fn full_destination_keeps_whole_pages_and_takes_the_rest_later() {
    let pages: Vec<_> = (0..PAGES).map(large_page).collect();
    let pages: Vec<_> = pages.iter().map(Vec::as_slice).collect();
    let server = paged(r#"{"schema": {"rows": {}}}"#, &pages);
    let url = server.origin();
    for to in ["rows.sqlite", "rows/"] {
        let desk = desk();
        let arguments = [url.as_str(), "--to", to, "--quiet"];
        // 256 or 512 KiB: shells use different units.
        let line = only_line(&sh(&desk, r#"ulimit -f 512; exec "$@""#, &arguments).wait());
        assert!(
            line.contains(to.trim_end_matches('/')) && line.contains("complete pages are kept"),
            "{line}"
        );
        let shown = desk.good(&["state", "show", to]).stdout;
        let kept = (1..PAGES).find(|&pages| shown == [format!("rows\t{}", state(pages))]);
        let kept = kept.unwrap_or_else(|| panic!("some pages, and not all: {shown:?}"));
        assert_eq!(desk.numbers(to, "id"), ids_of(kept), "{to}");
        desk.good(&arguments);
        assert_eq!(desk.numbers(to, "id"), ids_of(PAGES), "{to}");
    }
}

#[test]
fn full_disk_behind_stdout_is_reported() {
    let server = paged(SCHEMA, &[PAGE]);
    let desk = desk();
    let url = server.origin();
    let arguments = [url.as_str(), "--to", "-", "--quiet"];
    let line = only_line(&sh(&desk, r#"exec "$@" >/dev/full"#, &arguments).wait());
    assert!(
        line.contains("can't be written") && line.contains("No space left"),
        "{line}"
    );
}

/// The superuser may write despite the mode of a file, but neither to a running program nor into the kernel's own
/// folders.
#[test]
fn read_only_destination_is_reported_and_left_unchanged() {
    let server = paged(SCHEMA, &[PAGE]);
    let url = server.origin();
    let desk = desk();
    let line = desk.mistake(&[&url, "--to", PROGRAM]);
    assert!(line.contains("is read-only"), "{line}");
    let line = desk.mistake(&[&url, "--to", "/sys/"]);
    assert!(line.contains("/sys/"), "{line}");
    if geteuid().is_root() {
        return;
    }
    for to in ["rows.sqlite", "rows/"] {
        desk.good(&[&url, "--to", to, "--quiet"]);
        let (path, forbidden, allowed) = if to.ends_with('/') {
            (desk.path("rows"), 0o555, 0o755)
        } else {
            (desk.path(to), 0o444, 0o644)
        };
        fs::set_permissions(&path, Permissions::from_mode(forbidden)).unwrap();
        let line = desk.mistake(&[&url, "--to", to, "--full"]);
        fs::set_permissions(&path, Permissions::from_mode(allowed)).unwrap();
        let names_what = ["is read-only", "is not writable"];
        assert!(
            names_what.iter().any(|words| line.contains(words)),
            "{to}: {line}"
        );
        assert_eq!(desk.numbers(to, "id"), [1], "{to}");
    }
}

#[test]
fn impossible_place_for_a_destination_is_reported() {
    let server = paged(SCHEMA, &[PAGE]);
    let desk = desk();
    fs::write(desk.path("file"), "mine").unwrap();
    for to in [
        "missing/rows.sqlite",
        "file/rows.sqlite",
        "file/",
        "file/rows/",
    ] {
        let line = desk.mistake(&[&server.origin(), "--to", to]);
        assert!(line.contains(to.trim_end_matches('/')), "{to}: {line}");
    }
    assert_eq!(fs::read_to_string(desk.path("file")).unwrap(), "mine");
    assert!(!desk.path("missing").exists());
    for to in ["/dev/null", "/dev/full"] {
        let line = desk.mistake(&[&server.origin(), "--to", to]);
        assert!(
            line.contains(to) && line.contains("is not a regular file"),
            "{line}"
        );
    }
    let ended = desk.run(&[&server.origin(), "--to", ""]);
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert!(ended.stderr[0].contains("--to"), "{ended:?}");
}

fn execute(path: &Path, sql: &str) {
    Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

#[test]
fn database_of_another_program_is_left_unchanged() {
    let server = paged(SCHEMA, &[PAGE]);
    let desk = desk();
    for (name, sql) in [
        (
            "same.sqlite",
            "CREATE TABLE rows (id INTEGER PRIMARY KEY, name TEXT)",
        ),
        (
            "other.sqlite",
            "CREATE TABLE rows (code TEXT NOT NULL CHECK (code > 'a'))",
        ),
        ("view.sqlite", "CREATE VIEW rows AS SELECT 1 AS id"),
    ] {
        execute(&desk.path(name), sql);
        let before = fs::read(desk.path(name)).unwrap();
        let line = desk.mistake(&[&server.origin(), "--to", name]);
        assert!(
            line.contains(name) && line.contains("was not created by a sync"),
            "{line}"
        );
        assert_eq!(fs::read(desk.path(name)).unwrap(), before, "{name}");
    }
}

#[test]
fn file_of_another_program_in_a_folder_is_left_unchanged() {
    let server = paged(SCHEMA, &[PAGE]);
    let desk = desk();
    fs::create_dir(desk.path("rows")).unwrap();
    fs::write(desk.path("rows/notes.txt"), "mine").unwrap();
    fs::write(desk.path("rows/rows.jsonl"), "{\"mine\": 1}\n").unwrap();
    let line = desk.mistake(&[&server.origin(), "--to", "rows/"]);
    assert!(
        line.contains("rows/rows.jsonl") && line.contains("was not created by a sync"),
        "{line}"
    );
    let read = |name: &str| fs::read_to_string(desk.path(name)).unwrap();
    assert_eq!(read("rows/rows.jsonl"), "{\"mine\": 1}\n");

    fs::remove_file(desk.path("rows/rows.jsonl")).unwrap();
    desk.good(&[&server.origin(), "--to", "rows/", "--quiet"]);
    assert_eq!(desk.numbers("rows/", "id"), [1]);
    assert_eq!(read("rows/notes.txt"), "mine");
}

/// The file of one connector is used for another, whose table of the same name has another key.
#[test]
fn table_of_another_schema_keeps_its_rows_until_a_full_sync() {
    let other = r#"{"schema": {"rows": {"primary_key": ["code", "region\n"]}}}"#;
    let first = paged(SCHEMA, &[PAGE]);
    let second = paged(other, &[PAGE, br#"[{"code": "a", "region\n": 1}]"#]);
    let desk = desk();
    desk.good(&[&first.origin(), "--to", "rows.sqlite", "--quiet"]);
    let url = second.origin();
    let sync = [url.as_str(), "--to", "rows.sqlite"];
    let line = desk.mistake(&sync);
    for words in ["rows.sqlite", "\"id\"", "\"code\"", "--full"] {
        assert!(line.contains(words), "{words} in {line}");
    }
    let database = desk.database("rows.sqlite");
    let stored = rows(&database, "rows", "id");
    assert_eq!(stored.rows.len(), 1, "{stored:?}");
    assert_eq!(states(&database), [("rows".to_owned(), state(1))]);
    drop(database);
    desk.good(&[&sync[..], &["--full", "--quiet"]].concat());
    let stored = rows(&desk.database("rows.sqlite"), "rows", "code");
    assert_eq!(stored.rows.len(), 2, "{stored:?}");
}

/// A sync's table to which somebody has added a rule that its rows violate.
#[test]
fn violated_rule_of_a_table_is_reported_and_nothing_of_the_page_is_kept() {
    let server = paged(SCHEMA, &[PAGE, br#"[{"id": 2}, {"id": 3}, {"id": -4}]"#]);
    let url = server.origin();
    let desk = desk();
    desk.good(&[&url, "--to", "rows.sqlite", "--quiet"]);
    desk.good(&["state", "set", "rows.sqlite", "rows", &state(1)]);
    execute(
        &desk.path("rows.sqlite"),
        "DELETE FROM rows WHERE id <> 1;
         CREATE TRIGGER positive BEFORE INSERT ON rows WHEN NEW.id < 0
             BEGIN SELECT RAISE(ABORT, 'ids are positive'); END",
    );
    let line = desk.mistake(&[&url, "--to", "rows.sqlite"]);
    assert!(
        line.contains("rows.sqlite") && line.contains("ids are positive"),
        "{line}"
    );
    assert_eq!(desk.numbers("rows.sqlite", "id"), [1]);
    assert_eq!(
        states(&desk.database("rows.sqlite")),
        [("rows".to_owned(), state(1))]
    );
}

#[test]
fn database_locked_by_another_program_is_refused_with_its_name() {
    let server = paged(SCHEMA, &[PAGE]);
    let desk = desk();
    let url = server.origin();
    let sync = [url.as_str(), "--to", "rows.sqlite"];
    desk.good(&[&sync[..], &["--quiet"]].concat());
    let other = desk.database("rows.sqlite");
    other
        .execute_batch("BEGIN IMMEDIATE; INSERT INTO rows (id) VALUES (7)")
        .unwrap();
    let line = desk.mistake(&sync);
    let pid = std::process::id().to_string();
    for words in ["rows.sqlite is in use by", "for 5 s", &pid] {
        assert!(line.contains(words), "{words}: {line}");
    }
    other.execute_batch("COMMIT").unwrap();
    drop(other);
    desk.good(&[&sync[..], &["--quiet"]].concat());
    assert_eq!(desk.numbers("rows.sqlite", "id"), [1, 7]);
}
