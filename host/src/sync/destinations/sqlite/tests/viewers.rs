//! Other programs and other syncs that use the same file.

use std::fs;

use rusqlite::Connection;

use super::super::super::fixtures::table;
use super::super::super::{Destination, DestinationError};
use super::super::Sqlite;
use super::{Lab, put, shown};

/// Another program that opens the file.
fn viewer(lab: &Lab) -> Connection {
    let viewer = Connection::open(lab.path()).unwrap();
    viewer.busy_timeout(std::time::Duration::ZERO).unwrap();
    viewer
}

fn count(viewer: &Connection) -> i64 {
    viewer
        .query_row("SELECT count(*) FROM t", [], |row| row.get(0))
        .unwrap()
}

#[test]
fn reads_during_a_sync_see_complete_pages() {
    let lab = Lab::new();
    let mut sqlite = lab.open();
    sqlite.prepare(&table("t", &["id"], &[])).unwrap();
    let viewer = viewer(&lab);
    for page in 0..50 {
        assert_eq!(count(&viewer), page * 2);
        let ids = [page * 2, page * 2 + 1].map(|id| format!("{{\"id\": {id}}}"));
        put(&mut sqlite, &[&ids[0], &ids[1]], "{}");
    }
    // Also in the middle of a page.
    sqlite
        .file
        .connection
        .execute_batch("BEGIN IMMEDIATE; INSERT INTO t VALUES (-1)")
        .unwrap();
    assert_eq!(count(&viewer), 100);
    sqlite.file.connection.execute_batch("ROLLBACK").unwrap();
}

#[test]
fn a_reading_viewer_does_not_block_a_sync() {
    let lab = Lab::new();
    let mut sqlite = lab.open();
    let keyed = table("t", &["id"], &[]);
    sqlite.prepare(&keyed).unwrap();
    put(&mut sqlite, &["{\"id\": 1}"], "{}");
    drop(sqlite);
    let viewer = viewer(&lab);
    viewer.execute_batch("BEGIN").unwrap();
    assert_eq!(count(&viewer), 1);
    let mut sqlite = lab.open();
    sqlite.prepare(&keyed).unwrap();
    put(&mut sqlite, &["{\"id\": 2}"], "{}");
    drop(sqlite);
    assert_eq!(count(&viewer), 1, "its read began before");
    viewer.execute_batch("COMMIT").unwrap();
    assert_eq!(count(&viewer), 2);
}

#[test]
fn a_viewer_that_writes_for_long_is_reported_and_nothing_is_lost() {
    let lab = Lab::new();
    let mut sqlite = lab.open();
    sqlite.prepare(&table("t", &["id"], &[])).unwrap();
    let viewer = viewer(&lab);
    viewer
        .execute_batch("BEGIN IMMEDIATE; INSERT INTO t VALUES (7)")
        .unwrap();
    let page = super::rows(&["{\"id\": 1}"]);
    let error = sqlite.commit("t", &page, &super::raw("{}")).unwrap_err();
    assert!(
        error.to_string().contains("kept it locked for 5 s"),
        "{error}"
    );
    viewer.execute_batch("COMMIT").unwrap();
    put(&mut sqlite, &["{\"id\": 1}"], "{}");
    assert_eq!(shown(&sqlite, "SELECT id FROM t ORDER BY id"), ["1", "7"]);
}

#[test]
fn a_sync_waits_for_a_viewer_that_writes_briefly() {
    let lab = Lab::new();
    let mut sqlite = lab.open();
    sqlite.prepare(&table("t", &["id"], &[])).unwrap();
    let viewer = viewer(&lab);
    viewer.execute_batch("BEGIN IMMEDIATE").unwrap();
    let end = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(300));
        viewer.execute_batch("ROLLBACK").unwrap();
    });
    put(&mut sqlite, &["{\"id\": 1}"], "{}");
    end.join().unwrap();
}

#[test]
fn a_second_sync_is_refused_at_once_under_any_name() {
    let lab = Lab::new();
    let first = lab.open();
    let link = lab.folder.path().join("link.sqlite");
    std::os::unix::fs::symlink(lab.path(), &link).unwrap();
    let around = lab.folder.path().join("new/../rows.sqlite");
    fs::create_dir(lab.folder.path().join("new")).unwrap();
    for path in [lab.path(), link, around] {
        let error = Sqlite::open(&path).unwrap_err();
        assert!(
            matches!(error, DestinationError::Locked { .. }),
            "{error:?}"
        );
        let pid = std::process::id().to_string();
        for words in [".sqlite", "another sync", &pid] {
            assert!(error.to_string().contains(words), "{words}: {error}");
        }
    }
    drop(first);
    lab.open();
}

#[test]
fn only_the_file_is_left_at_the_end() {
    let lab = Lab::new();
    let mut sqlite = lab.open();
    sqlite.prepare(&table("t", &["id"], &[])).unwrap();
    put(&mut sqlite, &["{\"id\": 1}"], "{}");
    assert_eq!(
        lab.names(),
        [
            "rows.sqlite",
            "rows.sqlite-lock",
            "rows.sqlite-shm",
            "rows.sqlite-wal"
        ]
    );
    drop(sqlite);
    assert_eq!(lab.names(), ["rows.sqlite"]);
    // With a viewer, the log stays, but empty.
    let viewer = viewer(&lab);
    let mut sqlite = lab.open();
    sqlite.prepare(&table("t", &["id"], &[])).unwrap();
    put(&mut sqlite, &["{\"id\": 2}"], "{}");
    assert_eq!(count(&viewer), 2);
    drop(sqlite);
    let log = lab.folder.path().join("rows.sqlite-wal");
    assert_eq!(fs::metadata(log).unwrap().len(), 0);
    drop(viewer);
    assert_eq!(lab.names(), ["rows.sqlite"]);
}

#[test]
fn a_viewer_of_a_new_file_finds_its_tables_and_no_lock() {
    for _ in 0..50 {
        let lab = Lab::new();
        let path = lab.path();
        let (ready, is_ready) = std::sync::mpsc::channel();
        let watch = std::thread::spawn(move || {
            ready.send(()).unwrap();
            while !path.exists() {}
            let viewer = Connection::open(path).unwrap();
            viewer.busy_timeout(std::time::Duration::ZERO).unwrap();
            let mut counts = Vec::new();
            while counts.len() < 20 {
                let sql = "SELECT count(*) FROM _weld_state";
                match viewer.query_row(sql, [], |row| row.get::<_, i64>(0)) {
                    Ok(count) => counts.push(count),
                    // The first connection creates the log's index, which takes SQLite some microseconds.
                    Err(rusqlite::Error::SqliteFailure(error, _))
                        if error.extended_code == rusqlite::ffi::SQLITE_BUSY_RECOVERY => {}
                    Err(error) => panic!("{error:?}"),
                }
            }
            counts
        });
        is_ready.recv().unwrap();
        let sqlite = lab.open();
        assert_eq!(watch.join().unwrap(), [0; 20]);
        drop(sqlite);
        assert_eq!(lab.names(), ["rows.sqlite"]);
    }
}

#[test]
fn the_unfinished_new_file_of_a_killed_sync_is_removed_but_a_foreign_one_is_not() {
    let lab = Lab::new();
    let new = lab.folder.path().join("rows.sqlite-new");
    drop(lab.open());
    for is_own in [true, false] {
        fs::copy(lab.path(), &new).unwrap();
        if !is_own {
            fs::write(&new, "mine").unwrap();
        }
        fs::remove_file(lab.path()).unwrap();
        let mut sqlite = lab.open();
        sqlite.prepare(&table("t", &["id"], &[])).unwrap();
        put(&mut sqlite, &["{\"id\": 1}"], "{}");
        drop(sqlite);
        assert_eq!(count(&viewer(&lab)), 1);
        assert_eq!(new.exists(), !is_own);
    }
    assert_eq!(fs::read(&new).unwrap(), b"mine");
}
