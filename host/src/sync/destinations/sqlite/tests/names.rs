//! Names that SQL would treat as equal or refuse.

use super::super::super::fixtures::{raw, rows, table};
use super::super::super::{Destination, DestinationError};
use super::{Lab, shown};

#[test]
fn names_that_sql_treats_as_equal_keep_their_columns_in_each_run() {
    let lab = Lab::new();
    let names = table("select \"from\"", &["ID"], &[("ID", "integer")]);
    let page =
        r#"{"ID": 1, "id": 2, "order by": 3, "a\"b": 4, "": 5, "x\u0000": 6, "rowid": 7, "Id": 8}"#;
    for _ in 0..2 {
        let mut sqlite = lab.open();
        sqlite.prepare(&names).unwrap();
        sqlite
            .commit("select \"from\"", &rows(&[page]), &raw("{}"))
            .unwrap();
        let sql = r#"SELECT ID, id_2, "order by", "a""b", "column", x_, rowid_2, Id_3 FROM "select ""from""""#;
        assert_eq!(shown(&sqlite, sql), ["1 2 3 4 5 6 7 8"]);
    }
}

#[test]
fn tables_with_reserved_or_similar_names_stay_distinct() {
    let lab = Lab::new();
    let cases = [
        ("sqlite_x", "table_sqlite_x"),
        ("_weld_state", "table__weld_state"),
        ("orders", "orders"),
        ("Orders", "Orders_2"),
        ("", "table"),
    ];
    for run in 1..=2_usize {
        let mut sqlite = lab.open();
        for (name, sql_name) in cases {
            sqlite.prepare(&table(name, &[], &[])).unwrap();
            let page = rows(&[&format!(
                "{{\"v\": {}}}",
                serde_json::to_string(name).unwrap()
            )]);
            sqlite.commit(name, &page, &raw("{}")).unwrap();
            let found = shown(&sqlite, &format!("SELECT v FROM \"{sql_name}\""));
            assert_eq!(found, vec![format!("'{name}'"); run], "{name}");
        }
    }
}

#[test]
fn the_column_that_can_not_be_added_is_named() {
    let lab = Lab::new();
    let mut sqlite = lab.open();
    sqlite.prepare(&table("t", &[], &[])).unwrap();
    let members: Vec<_> = (1..=2000)
        .map(|number| format!("\"c{number}\": {number}"))
        .collect();
    let row = format!("{{{}}}", members.join(", "));
    sqlite.commit("t", &rows(&[&row]), &raw("{}")).unwrap();
    assert_eq!(shown(&sqlite, "SELECT c1, c2000 FROM t"), ["1 2000"]);
    let error = sqlite
        .commit("t", &rows(&[r#"{"one more": 1}"#]), &raw("{}"))
        .unwrap_err();
    assert!(
        matches!(&error, DestinationError::TooManyColumns { column, .. } if column == "one more"),
        "{error:?}"
    );
}
