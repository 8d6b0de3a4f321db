//! The file as the next page or the next run finds it.

use std::fs;

use super::super::super::fixtures::{raw, rows, table};
use super::super::super::{Destination, DestinationError, States};
use super::super::Sqlite;
use super::{Lab, put, shown};

#[test]
fn the_next_run_has_the_page_and_its_state() {
    let lab = Lab::new();
    let beers = table("beers", &["id"], &[("id", "integer"), ("name", "string")]);
    let mut sqlite = lab.open();
    assert_eq!(sqlite.prepare(&beers).unwrap(), None);
    let page = rows(&[
        r#"{"id": 1, "name": "Ale", "tags": ["a", 1.10]}"#,
        r#"{"id": 2, "new": true}"#,
    ]);
    sqlite
        .commit("beers", &page, &raw(r#"{"page": 1}"#))
        .unwrap();
    drop(sqlite);

    let mut sqlite = lab.open();
    assert_eq!(
        sqlite.prepare(&beers).unwrap().as_deref(),
        Some(r#"{"page": 1}"#)
    );
    let expected = ["1 'Ale' '[\"a\", 1.10]' null", "2 null null 1"];
    assert_eq!(
        shown(&sqlite, "SELECT id, name, tags, new FROM beers"),
        expected
    );
}

#[test]
fn after_an_error_the_page_is_undone_and_the_sync_continues() {
    let lab = Lab::new();
    let mut sqlite = lab.open();
    let keyed = table("t", &["id"], &[]);
    sqlite.prepare(&keyed).unwrap();
    put(&mut sqlite, &[r#"{"id": 1}"#], r#"{"page": 1}"#);
    for broken in ["7", "[]", "null", "\"{}\""] {
        let page = rows(&[
            r#"{"id": 1, "new": 1}"#,
            r#"{"id": 2}"#,
            broken,
            r#"{"id": 3}"#,
        ]);
        let error = sqlite
            .commit("t", &page, &raw(r#"{"page": 2}"#))
            .unwrap_err();
        assert!(
            matches!(error, DestinationError::Row { row: 3, .. }),
            "{broken}: {error:?}"
        );
        assert_eq!(shown(&sqlite, "SELECT * FROM t"), ["1"], "{broken}");
        assert_eq!(
            sqlite.states().unwrap(),
            [("t".to_owned(), r#"{"page": 1}"#.to_owned())]
        );
    }
    put(&mut sqlite, &[r#"{"id": 2, "new": 5}"#], r#"{"page": 2}"#);
    assert_eq!(shown(&sqlite, "SELECT id, new FROM t"), ["1 null", "2 5"]);
}

#[test]
fn a_killed_run_leaves_the_last_complete_page() {
    let lab = Lab::new();
    let mut sqlite = lab.open();
    let keyed = table("t", &["id"], &[]);
    sqlite.prepare(&keyed).unwrap();
    put(&mut sqlite, &[r#"{"id": 1}"#], r#"{"page": 1}"#);
    // A kill leaves the files as they are in the middle of a transaction, without closing them.
    sqlite
        .file
        .connection
        .execute_batch("BEGIN; INSERT INTO t VALUES (2); DELETE FROM _weld_state")
        .unwrap();
    let killed = Lab::new();
    for file in fs::read_dir(lab.folder.path()).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), killed.folder.path().join(file.file_name())).unwrap();
    }
    assert!(killed.folder.path().join("rows.sqlite-wal").exists());

    let mut resumed = killed.open();
    assert_eq!(
        resumed.prepare(&keyed).unwrap().as_deref(),
        Some(r#"{"page": 1}"#)
    );
    assert_eq!(shown(&resumed, "SELECT * FROM t"), ["1"]);
}

#[test]
fn another_key_requires_removing_the_rows() {
    let lab = Lab::new();
    let mut sqlite = lab.open();
    sqlite.prepare(&table("t", &["a"], &[])).unwrap();
    sqlite.prepare(&table("t", &["b"], &[])).unwrap();
    let page = rows(&[r#"{"a": 1, "b": 1}"#, r#"{"a": 2, "b": 1}"#]);
    sqlite.commit("t", &page, &raw("{}")).unwrap();
    assert_eq!(shown(&sqlite, "SELECT a, b FROM t"), ["2 1"]);

    assert_eq!(
        sqlite.prepare(&table("t", &["a"], &[])).unwrap().as_deref(),
        Some("{}")
    );
    let error = sqlite.commit("t", &page, &raw("{}")).unwrap_err();
    assert!(
        matches!(error, DestinationError::KeyChanged { .. }),
        "{error:?}"
    );
    sqlite.clear("t").unwrap();
    assert_eq!(sqlite.states().unwrap(), []);
    sqlite.commit("t", &page, &raw("{}")).unwrap();
    assert_eq!(shown(&sqlite, "SELECT a, b FROM t"), ["1 1", "2 1"]);
}

#[test]
fn a_dropped_table_starts_over() {
    let lab = Lab::new();
    let mut sqlite = lab.open();
    let keyed = table("t", &["id"], &[]);
    sqlite.prepare(&keyed).unwrap();
    put(&mut sqlite, &[r#"{"id": 1, "a": 1}"#], r#"{"page": 1}"#);
    sqlite
        .file
        .connection
        .execute_batch("ALTER TABLE t DROP COLUMN a")
        .unwrap();
    assert_eq!(
        sqlite.prepare(&keyed).unwrap().as_deref(),
        Some(r#"{"page": 1}"#)
    );
    put(&mut sqlite, &[r#"{"id": 1, "a": 2}"#], r#"{"page": 1}"#);
    assert_eq!(shown(&sqlite, "SELECT id, a FROM t"), ["1 2"]);

    sqlite
        .file
        .connection
        .execute_batch("DROP TABLE t")
        .unwrap();
    assert_eq!(sqlite.prepare(&keyed).unwrap(), None);
    put(&mut sqlite, &[r#"{"id": 1}"#], "{}");
    assert_eq!(shown(&sqlite, "SELECT id FROM t"), ["1"]);
}

#[test]
fn states_are_set_and_reset_without_changing_rows() {
    let lab = Lab::new();
    let mut sqlite = lab.open();
    sqlite
        .set_state("later", &raw(r#"{"page": 18446744073709551616}"#))
        .unwrap();
    sqlite.prepare(&table("t", &["id"], &[])).unwrap();
    put(&mut sqlite, &[r#"{"id": 1}"#], "null");
    let states = |sqlite: &mut Sqlite| -> Vec<String> {
        sqlite
            .states()
            .unwrap()
            .into_iter()
            .map(|(table, state)| format!("{table} {state}"))
            .collect()
    };
    assert_eq!(
        states(&mut sqlite),
        [r#"later {"page": 18446744073709551616}"#, "t null"]
    );
    assert!(sqlite.reset_state("t").unwrap());
    assert!(!sqlite.reset_state("t").unwrap());
    assert_eq!(states(&mut sqlite).len(), 1);
    assert_eq!(shown(&sqlite, "SELECT id FROM t"), ["1"]);
    let resumed = sqlite.prepare(&table("later", &[], &[])).unwrap();
    assert_eq!(
        resumed.as_deref(),
        Some(r#"{"page": 18446744073709551616}"#)
    );
}

#[test]
fn a_table_that_was_not_prepared_is_refused() {
    let lab = Lab::new();
    let mut sqlite = lab.open();
    let error = sqlite.commit("t", &[], &raw("{}")).unwrap_err();
    assert!(
        matches!(error, DestinationError::NotPrepared { .. }),
        "{error:?}"
    );
}
