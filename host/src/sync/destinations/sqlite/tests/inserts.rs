//! New rows and updates are counted separately.

use super::super::super::fixtures::{raw, rows, table};
use super::super::super::{Destination, States, Upserts};
use super::{Lab, all, put, shown};
use crate::sync::destinations::Sqlite;

fn commit(sqlite: &mut Sqlite, texts: &[&str]) -> (u64, u64) {
    let counted = sqlite.commit("t", &rows(texts), &raw("{}")).unwrap();
    let Upserts { inserted, updated } = counted.unwrap();
    (inserted, updated)
}

#[test]
fn rows_with_a_stored_key_are_updates() {
    let lab = Lab::new();
    let mut sqlite = lab.open();
    sqlite.prepare(&table("t", &["id"], &[])).unwrap();
    let cases: [(&[&str], (u64, u64)); 7] = [
        (&[], (0, 0)),
        (&[r#"{"id": 1, "n": 1}"#, r#"{"id": 2}"#], (2, 0)),
        (&[r#"{"id": 2, "n": 2}"#, r#"{"id": 3}"#], (1, 1)),
        (&[r#"{"id": 4}"#, r#"{"id": 4}"#, r#"{"id": 4.0}"#], (1, 2)),
        // Neither has a complete key, so both are appended.
        (&[r#"{"id": null}"#, r#"{"n": 5}"#], (2, 0)),
        // The key gets its column for kinds in the middle of the page.
        (
            &[
                r#"{"id": 1}"#,
                r#"{"id": true}"#,
                r#"{"id": "1"}"#,
                r#"{"id": true}"#,
            ],
            (2, 2),
        ),
        (&[r#"{"id": true}"#], (0, 1)),
    ];
    for (page, expected) in cases {
        assert_eq!(commit(&mut sqlite, page), expected, "{page:?}");
    }
    assert_eq!(shown(&sqlite, "SELECT count(*) FROM t"), ["8"]);
}

#[test]
fn all_rows_of_a_table_without_a_key_are_new() {
    let lab = Lab::new();
    let mut sqlite = lab.open();
    sqlite.prepare(&table("t", &[], &[])).unwrap();
    assert_eq!(commit(&mut sqlite, &["{}", "{}"]), (2, 0));
    assert_eq!(
        commit(&mut sqlite, &[r#"{"id": 1}"#, r#"{"id": 1}"#]),
        (2, 0)
    );
}

#[test]
fn rows_of_a_table_that_somebody_changed_are_still_stored() {
    let lab = Lab::new();
    let mut sqlite = lab.open();
    sqlite.prepare(&table("t", &["id"], &[])).unwrap();
    put(&mut sqlite, &[r#"{"id": 1}"#, r#"{"id": 2}"#], "{}");
    let change = |sqlite: &Sqlite, sql: &str| sqlite.file.connection.execute_batch(sql).unwrap();

    change(&sqlite, "DELETE FROM t WHERE id = 2");
    assert_eq!(
        commit(&mut sqlite, &[r#"{"id": 1}"#, r#"{"id": 2}"#]),
        (1, 1)
    );
    // SQLite then chooses row IDs at random, so rows can't be counted by them.
    change(
        &sqlite,
        "INSERT INTO t (rowid, id) VALUES (9223372036854775807, 9)",
    );
    assert_eq!(
        commit(&mut sqlite, &[r#"{"id": 1}"#, r#"{"id": 3}"#]),
        (2, 0)
    );
    change(
        &sqlite,
        "DROP TABLE t; CREATE TABLE t (id PRIMARY KEY) WITHOUT ROWID; INSERT INTO t VALUES (1)",
    );
    assert_eq!(
        commit(&mut sqlite, &[r#"{"id": 1}"#, r#"{"id": 3}"#]),
        (2, 0)
    );
    assert_eq!(all(&sqlite, "SELECT id FROM t").len(), 2);
}

#[test]
fn tables_are_listed_with_and_without_a_state() {
    let lab = Lab::new();
    let mut sqlite = lab.open();
    assert!(sqlite.tables().unwrap().is_empty());
    sqlite.prepare(&table("t", &["id"], &[])).unwrap();
    sqlite.prepare(&table("A", &["id"], &[])).unwrap();
    sqlite.set_state("u", &raw("{}")).unwrap();
    sqlite.set_state("t", &raw("{}")).unwrap();
    assert_eq!(sqlite.tables().unwrap(), ["A", "t", "u"]);
}
