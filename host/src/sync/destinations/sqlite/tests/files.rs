//! Files that are foreign, read-only or full.

use std::fs;
use std::path::Path;

use rusqlite::Connection;

use super::super::super::fixtures::{raw, rows, table};
use super::super::super::{Destination, DestinationError};
use super::super::Sqlite;
use super::{Lab, shown};

/// Limits the file to this many pages, as if the disk were full.
fn limit(sqlite: &Sqlite, pages: i64) {
    sqlite
        .file
        .connection
        .pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))
        .unwrap();
}

#[test]
fn a_full_disk_is_reported_and_the_last_page_stays() {
    let lab = Lab::new();
    let mut sqlite = lab.open();
    sqlite.prepare(&table("t", &["id"], &[])).unwrap();
    sqlite
        .commit("t", &rows(&[r#"{"id": 1}"#]), &raw("{}"))
        .unwrap();
    let pages: i64 = sqlite
        .file
        .connection
        .pragma_query_value(None, "page_count", |row| row.get(0))
        .unwrap();
    limit(&sqlite, pages);
    let large = format!(r#"{{"id": 2, "new": "{}"}}"#, "x".repeat(100_000));
    let error = sqlite
        .commit("t", &rows(&[&large]), &raw(r#"{"page": 2}"#))
        .unwrap_err();
    assert!(matches!(error, DestinationError::Full { .. }), "{error:?}");
    assert!(error.to_string().contains("rows.sqlite"), "{error}");
    assert_eq!(shown(&sqlite, "SELECT * FROM t"), ["1"]);

    limit(&sqlite, 1_000_000);
    sqlite
        .commit("t", &rows(&[&large]), &raw(r#"{"page": 2}"#))
        .unwrap();
    assert_eq!(
        shown(&sqlite, "SELECT id, length(new) FROM t"),
        ["1 null", "2 100000"]
    );
}

#[test]
fn a_read_only_file_is_reported() {
    let lab = Lab::new();
    let mut sqlite = lab.open();
    sqlite.prepare(&table("t", &["id"], &[])).unwrap();
    sqlite
        .file
        .connection
        .pragma_update(None, "query_only", true)
        .unwrap();
    let error = sqlite
        .commit("t", &rows(&[r#"{"id": 1}"#]), &raw("{}"))
        .unwrap_err();
    assert!(
        matches!(error, DestinationError::ReadOnly { .. }),
        "{error:?}"
    );
}

#[test]
fn foreign_files_are_refused_and_left_unchanged() {
    fn execute(path: &Path, sql: &str) {
        Connection::open(path).unwrap().execute_batch(sql).unwrap();
    }
    type Make = fn(&Path);
    type Expected = fn(&DestinationError) -> bool;
    let is_foreign: Expected = |error| matches!(error, DestinationError::Foreign { .. });
    let cases: [(&str, Make, Expected); 6] = [
        (
            "tables",
            |path| execute(path, "CREATE TABLE a (b)"),
            is_foreign,
        ),
        (
            "in WAL",
            |path| execute(path, "PRAGMA journal_mode = WAL; CREATE TABLE a (b)"),
            is_foreign,
        ),
        (
            "a mark",
            |path| execute(path, "PRAGMA application_id = 7; CREATE TABLE a (b)"),
            is_foreign,
        ),
        (
            "a version",
            |path| execute(path, "PRAGMA user_version = 7"),
            is_foreign,
        ),
        (
            "another release",
            |path| {
                drop(Sqlite::open(path).unwrap());
                execute(path, "PRAGMA user_version = 99");
            },
            |error| matches!(error, DestinationError::Layout { found: 99, .. }),
        ),
        (
            "text",
            |path| fs::write(path, "id,name\n1,Ale\n".repeat(100)).unwrap(),
            |error| matches!(error, DestinationError::NotADatabase { .. }),
        ),
    ];
    for (case, make, expected) in cases {
        let lab = Lab::new();
        make(&lab.path());
        let before = fs::read(lab.path()).unwrap();
        let error = Sqlite::open(&lab.path()).unwrap_err();
        assert!(expected(&error), "{case}: {error:?}");
        assert!(error.to_string().contains("rows.sqlite"), "{case}: {error}");
        assert_eq!(fs::read(lab.path()).unwrap(), before, "{case}");
        assert_eq!(lab.names(), ["rows.sqlite"], "{case}");
    }
}

#[test]
fn a_file_that_can_not_be_created_is_reported() {
    let lab = Lab::new();
    let missing = lab.folder.path().join("missing/rows.sqlite");
    let error = Sqlite::open(&missing).unwrap_err();
    assert!(matches!(error, DestinationError::Open { .. }), "{error:?}");
    let error = Sqlite::open(lab.folder.path()).unwrap_err();
    assert!(
        matches!(error, DestinationError::NotAFile { .. }),
        "{error:?}"
    );
}
