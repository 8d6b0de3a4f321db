//! Other programs that use the destination while a sync writes to it.

use super::desk;
use rusqlite::{Connection, OpenFlags};
use rustix::process::Signal;
use serde_json::json;
use std::fs;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;
use weld_host_tests::PATIENCE;
use weld_host_tests::desk::Desk;
use weld_host_tests::paged::{TwoPages, paged};
use weld_host_tests::process::Process;

/// Enough pages that reads come between many commits.
const PAGES: usize = 400;

/// The names of the files in the desk's folder.
fn names(desk: &Desk) -> Vec<String> {
    let entries = fs::read_dir(desk.path("")).expect("a folder");
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// A sync that has stored its first page and waits for the second.
fn begun(connector: &TwoPages, desk: &Desk, to: &str) -> Process {
    let sync = desk.start(&[&connector.upstream.origin(), "--to", to, "--json"]);
    sync.stdout()
        .wait_for("a page", |line| line.contains("\"page\""));
    sync
}

#[test]
fn reads_during_a_sync_succeed_and_see_whole_pages() {
    let pages: Vec<_> = (0..PAGES)
        .map(|page| json!([{"id": 2 * page}, {"id": 2 * page + 1}]).to_string())
        .collect();
    let pages: Vec<_> = pages.iter().map(String::as_bytes).collect();
    let server = paged(r#"{"schema": {"rows": {"primary_key": ["id"]}}}"#, &pages);
    let desk = desk();
    let sync = desk.start(&[&server.origin(), "--to", "rows.sqlite", "--json"]);
    sync.stdout()
        .wait_for("a page", |line| line.contains("\"page\""));
    let mut seen = Vec::new();
    while !sync.stdout().end_within(Duration::ZERO) {
        let viewer = Connection::open(desk.path("rows.sqlite")).expect("it opens");
        // Without a timeout, so that any lock is an error.
        viewer.busy_timeout(Duration::ZERO).expect("it is set");
        let read = "SELECT count(*), (SELECT state FROM _weld_state) FROM rows";
        let found = || viewer.query_row(read, [], |row| Ok((row.get(0)?, row.get(1)?)));
        let (count, state): (i64, String) = found().unwrap_or_else(|error| {
            // Only as the last thing that the sync does: it removes its log, for which it locks the file for a
            // moment.
            viewer.busy_timeout(PATIENCE).expect("it is set");
            let (count, state) = found().expect("a moment later");
            let all = i64::try_from(2 * PAGES).expect("few");
            assert_eq!(count, all, "{error}, in the middle of the sync");
            (count, state)
        });
        assert_eq!(state, format!("{{\"page\": {}}}", count / 2));
        assert_eq!(count % 2, 0);
        seen.push(count);
    }
    let ended = sync.wait();
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert!(seen.is_sorted() && !seen.is_empty(), "{seen:?}");
    assert_eq!(names(&desk), ["rows.sqlite"]);
    assert_eq!(desk.numbers("rows.sqlite", "id").len(), 2 * PAGES);
}

/// SQLite removes the log with the last program that closes the file, unless that program can't.
#[test]
fn log_kept_by_a_reader_is_reported_and_removed_by_the_next_sync() {
    let rows: &[&[u8]] = &[b"[{\"id\": 1}]"];
    let server = paged(r#"{"schema": {"rows": {"primary_key": ["id"]}}}"#, rows);
    let desk = desk();
    let told = || {
        let ended = desk.good(&[&server.origin(), "--to", "rows.sqlite"]);
        let lines = ended.stderr.into_iter();
        lines
            .filter(|line| line.contains("-wal"))
            .collect::<Vec<_>>()
    };
    assert_eq!(told(), [""; 0]);
    for flags in [OpenFlags::SQLITE_OPEN_READ_ONLY, OpenFlags::default()] {
        let viewer = Connection::open_with_flags(desk.path("rows.sqlite"), flags).unwrap();
        let read = || viewer.query_row("SELECT count(*) FROM rows", [], |row| row.get::<_, i64>(0));
        assert_eq!(read(), Ok(1));
        let lines = told();
        let [line] = lines.as_slice() else {
            panic!("one: {lines:?}");
        };
        let program = format!("(process {})", std::process::id());
        assert!(
            line.contains("rows.sqlite-wal remains") && line.contains(&program),
            "{line}"
        );
        assert_eq!(read(), Ok(1));
        let log = fs::metadata(desk.path("rows.sqlite-wal")).unwrap();
        assert_eq!(log.len(), 0, "all of it is in the file");
        drop(viewer);
        let is_left = flags == OpenFlags::SQLITE_OPEN_READ_ONLY;
        assert_eq!(names(&desk).len() > 1, is_left);
        assert_eq!(told(), [""; 0]);
        assert_eq!(names(&desk), ["rows.sqlite"]);
    }
}

#[test]
fn second_sync_reports_the_first() {
    for to in ["rows.sqlite", "rows/"] {
        let connector = TwoPages::start(true);
        let desk = desk();
        let sync = begun(&connector, &desk, to);
        let line = desk.mistake(&[&connector.upstream.origin(), "--to", to]);
        let words = format!("another sync (process {})", sync.id());
        assert!(line.contains(&words), "{line}");
        sync.signal(Signal::KILL);
        sync.wait();
    }
}

#[test]
fn only_the_file_is_left_after_a_signal_or_the_next_sync() {
    for signal in [Signal::INT, Signal::TERM, Signal::KILL] {
        let connector = TwoPages::start(false);
        let desk = desk();
        let sync = begun(&connector, &desk, "rows.sqlite");
        sync.signal(signal);
        sync.wait();
        if signal != Signal::KILL {
            assert_eq!(names(&desk), ["rows.sqlite"], "{signal:?}");
        }
        connector.ready.store(true, Ordering::SeqCst);
        desk.good(&[
            &connector.upstream.origin(),
            "--to",
            "rows.sqlite",
            "--quiet",
        ]);
        assert_eq!(names(&desk), ["rows.sqlite"], "{signal:?}");
        assert_eq!(desk.numbers("rows.sqlite", "id"), [1, 2]);
    }
}

#[test]
fn removed_destination_is_reported_in_one_line() {
    type Spoil = fn(&Path);
    let cases: [(&str, &str, &str, Spoil); 7] = [
        ("rows.sqlite", "deleted or moved", "rows.sqlite", |path| {
            fs::remove_file(path).unwrap();
        }),
        ("rows.sqlite", "deleted or moved", "rows.sqlite", |path| {
            fs::rename(path, path.with_extension("moved")).unwrap();
        }),
        ("rows.sqlite", "replaced", "rows.sqlite", |path| {
            fs::write(path.with_extension("new"), "mine").unwrap();
            fs::rename(path.with_extension("new"), path).unwrap();
        }),
        ("rows.sqlite", "truncated", "rows.sqlite", |path| {
            fs::write(path, "").unwrap();
        }),
        ("rows/", "deleted or moved", "rows.jsonl", |path| {
            fs::remove_file(path.join("rows.jsonl")).unwrap();
        }),
        ("rows/", "truncated", "rows.jsonl", |path| {
            fs::write(path.join("rows.jsonl"), "").unwrap();
        }),
        ("rows/", "deleted or moved", "rows", |path| {
            fs::remove_dir_all(path).unwrap();
        }),
    ];
    for (to, change, name, spoil) in cases {
        let connector = TwoPages::start(false);
        let desk = desk();
        let sync = begun(&connector, &desk, to);
        spoil(&desk.path(to.trim_end_matches('/')));
        connector.ready.store(true, Ordering::SeqCst);
        let ended = sync.wait();
        assert_eq!(ended.status.code(), Some(1), "{to} {change}: {ended:?}");
        let [line] = ended.stderr.as_slice() else {
            panic!("one line: {ended:?}");
        };
        for words in [change, name, "while the sync was writing to it"] {
            assert!(line.contains(words), "{words}: {line}");
        }
    }
}
