//! How rows and their values are stored.

use super::super::super::Destination;
use super::super::super::fixtures::{raw, rows, table};
use super::{Lab, put, shown};

#[test]
fn no_column_changes_a_value() {
    let lab = Lab::new();
    let mut sqlite = lab.open();
    sqlite
        .prepare(&table(
            "t",
            &[],
            &[("declared", "integer"), ("text", "string")],
        ))
        .unwrap();
    let cases = [
        ("18446744073709551616", "'18446744073709551616'"),
        ("9223372036854775807", "9223372036854775807"),
        (
            "0.1000000000000000055511151231257827",
            "'0.1000000000000000055511151231257827'",
        ),
        ("1.10", "1.1"),
        ("2.0", "2.0"),
        ("1e400", "'1e400'"),
        ("-0", "0"),
        ("\"12\"", "'12'"),
        ("\"1.0\"", "'1.0'"),
        ("\"a\\u0000b\"", "'a\0b'"),
        ("false", "0"),
        ("null", "null"),
    ];
    for (json, expected) in cases {
        let row = format!("{{\"declared\": {json}, \"found\": {json}}}");
        sqlite.commit("t", &rows(&[&row]), &raw("{}")).unwrap();
        let read = shown(
            &sqlite,
            "SELECT declared, found FROM t ORDER BY rowid DESC LIMIT 1",
        );
        assert_eq!(read, [format!("{expected} {expected}")], "{json}");
    }
    sqlite
        .commit("t", &rows(&[r#"{"text": 1.10}"#]), &raw("{}"))
        .unwrap();
    let read = shown(&sqlite, "SELECT text FROM t ORDER BY rowid DESC LIMIT 1");
    assert_eq!(read, ["'1.10'"]);
}

#[test]
fn a_row_replaces_the_values_it_has_and_the_last_row_of_a_key_wins() {
    let lab = Lab::new();
    let mut sqlite = lab.open();
    sqlite.prepare(&table("t", &["a", "b"], &[])).unwrap();
    let page = [
        r#"{"a": 1, "b": "x", "c": 1, "d": 1}"#,
        r#"{"b": "x", "c": 2, "a": 1}"#,
        r#"{"a": 1, "b": "y"}"#,
    ];
    sqlite.commit("t", &rows(&page), &raw("{}")).unwrap();
    sqlite
        .commit("t", &rows(&[r#"{"a": 1, "b": "y"}"#]), &raw("{}"))
        .unwrap();
    assert_eq!(
        shown(&sqlite, "SELECT a, b, c, d FROM t"),
        ["1 'x' 2 1", "1 'y' null null"]
    );
}

#[test]
fn rows_without_a_complete_key_are_appended() {
    let lab = Lab::new();
    let mut sqlite = lab.open();
    sqlite.prepare(&table("keyed", &["a", "b"], &[])).unwrap();
    sqlite
        .prepare(&table("keyless", &[], &[("a", "integer")]))
        .unwrap();
    let page = rows(&[
        r#"{"a": 1, "b": null}"#,
        r#"{"a": 1, "b": null}"#,
        r#"{"a": 1}"#,
        "{}",
        "{}",
    ]);
    for name in ["keyed", "keyless"] {
        sqlite.commit(name, &page, &raw("{}")).unwrap();
        assert_eq!(
            shown(&sqlite, &format!("SELECT count(*) FROM {name}")),
            ["5"],
            "{name}"
        );
    }
}

#[test]
fn a_table_without_known_columns_is_created_by_its_first_row() {
    let lab = Lab::new();
    let mut sqlite = lab.open();
    let unknown = table("t", &[], &[]);
    sqlite.prepare(&unknown).unwrap();
    sqlite.clear("t").unwrap();
    sqlite
        .commit("t", &rows(&["{}", r#"{"a": 1, "a": 2}"#]), &raw("{}"))
        .unwrap();
    assert_eq!(shown(&sqlite, "SELECT * FROM t"), ["null null", "null 2"]);
    drop(sqlite);
    let mut sqlite = lab.open();
    sqlite.prepare(&unknown).unwrap();
    sqlite
        .commit("t", &rows(&[r#"{"": 3}"#]), &raw("{}"))
        .unwrap();
    assert_eq!(
        shown(&sqlite, "SELECT \"column\" FROM t"),
        ["null", "null", "3"]
    );
}

#[test]
fn a_missing_field_gets_its_default() {
    let lab = Lab::new();
    let mut sqlite = lab.open();
    let mut with_default = table("t", &["id"], &[("id", "integer"), ("kind", "string")]);
    with_default.fields[1].default = Some("\"plain\"".to_owned());
    sqlite.prepare(&with_default).unwrap();
    let page = [
        r#"{"id": 1}"#,
        r#"{"kind": "own", "id": 2}"#,
        r#"{"kind": null, "id": 3}"#,
    ];
    sqlite.commit("t", &rows(&page), &raw("{}")).unwrap();
    assert_eq!(
        shown(&sqlite, "SELECT id, kind FROM t"),
        ["1 'plain'", "2 'own'", "3 null"]
    );
}

#[test]
fn keys_that_differ_as_json_stay_distinct() {
    let distinct = [
        "1",
        "\"1\"",
        "true",
        "\"true\"",
        "0",
        "false",
        "[1]",
        "\"[1]\"",
        "{\"a\":1}",
        "\"{\\\"a\\\":1}\"",
        "9007199254740993",
        "9007199254740992",
        "18446744073709551616",
        "\"18446744073709551616\"",
        "1.5",
        "\"1.5\"",
        "\"a\"",
        "\"A\"",
        "\"a\\u0000b\"",
        "\"a\\u0000c\"",
        "\"\"",
        "\"\\u00e9\"",
        "\"e\\u0301\"",
        r#""\ud800""#,
        r#""\udfff""#,
        r#""\ufffd""#,
        r#""\ufffd\ufffd\ufffd""#,
        r#""\\ud800""#,
        r#""a\ud800""#,
        r#""\ud800a""#,
        r#"["\ud800"]"#,
        r#"["\udfff"]"#,
        r#""[\"\\ud800\"]""#,
        "[1,2]",
        "[2,1]",
        "[[1],2]",
        "[\"1\",2]",
        "[9007199254740993]",
        "[9007199254740992]",
        "[1e400]",
        "[1e401]",
        r#"{"a":1,"b":2}"#,
        r#"{"a":2,"b":1}"#,
        r#"{"a":{"b":1}}"#,
        "1e19",
        "1e400",
        "1e401",
        "-1e400",
        "0.1000000000000000055511151231257827",
        "0.1",
    ];
    for declared in ["integer", "string"] {
        for reversed in [false, true] {
            let lab = Lab::new();
            let keyed = table("t", &["id", "part"], &[("id", declared)]);
            let mut sqlite = lab.open();
            let mut pages: Vec<_> = distinct.iter().collect();
            if reversed {
                pages.reverse();
            }
            // Each key twice, in separate runs: the second time as an update.
            for run in 0..2 {
                sqlite.prepare(&keyed).unwrap();
                for id in &pages {
                    put(
                        &mut sqlite,
                        &[&format!("{{\"id\": {id}, \"part\": 1, \"run\": {run}}}")],
                        "{}",
                    );
                }
                drop(sqlite);
                sqlite = lab.open();
            }
            let count = shown(&sqlite, "SELECT count(*), sum(run) FROM t");
            assert_eq!(count, [format!("{0} {0}", distinct.len())], "{declared}");
        }
    }
}

#[test]
fn keys_that_are_equal_as_json_are_the_same() {
    let cases: [&[&str]; 15] = [
        &["1", "1.0", "1e0"],
        &["100", "1e2", "1E+2"],
        &["0", "-0", "-0.0", "0e5"],
        &["-7", "-7.0", "-70e-1"],
        &["0.1", "1e-1", "0.10", "0.1000000000000000000000000"],
        &[
            "9007199254740993",
            "9007199254740993.0",
            "9007199254740993e0",
        ],
        &["1000000000000000000", "1e18", "1000000000000000000.00"],
        &["9223372036854775808", "9.223372036854775808e18"],
        &["100000000000000000000", "1e20", "1E+20"],
        &[
            "123456789012345678901234567890",
            "1.2345678901234567890123456789e29",
        ],
        &["1e400", "10e399", "0.1E401"],
        &["\"a\"", "\"\\u0061\"", "\"a\""],
        &[r#""\ud800""#, r#""\uD800""#],
        &["[1,[2]]", "[ 1.0, [2e0] ]", "[10e-1,[2.00]]"],
        &[
            r#"{"a":1,"b":{"c":[100],"d":"/"}}"#,
            r#"{ "b": {"d": "\/", "c": [1e2]}, "\u0061": 1.0 }"#,
            r#"{"a":0,"a":1,"b":{"c":[100.0],"d":"/"}}"#,
        ],
    ];
    for spellings in cases {
        for declared in ["integer", "string"] {
            let lab = Lab::new();
            let keyed = table("t", &["part", "id"], &[("id", declared)]);
            // Each in its own run.
            for id in spellings.iter().chain(spellings) {
                let mut sqlite = lab.open();
                sqlite.prepare(&keyed).unwrap();
                put(
                    &mut sqlite,
                    &[&format!("{{\"id\": {id}, \"part\": 1}}")],
                    "{}",
                );
            }
            assert_eq!(
                shown(&lab.open(), "SELECT count(*) FROM t"),
                ["1"],
                "{spellings:?}"
            );
        }
    }
}

#[test]
fn a_key_that_is_not_plain_is_stored_in_canonical_spelling_and_other_columns_unchanged() {
    let lab = Lab::new();
    let mut sqlite = lab.open();
    sqlite.prepare(&table("t", &["id"], &[])).unwrap();
    let page = [
        r#"{"id": {"b": [1e2], "a": 1.0}, "other": {"b": [1e2], "a": 1.0}}"#,
        r#"{"id": 1E+19, "other": 1E+19}"#,
    ];
    put(&mut sqlite, &page, "{}");
    assert_eq!(
        shown(&sqlite, "SELECT id, other FROM t"),
        [
            r#"'{"a":1,"b":[100]}' '{"b": [1e2], "a": 1.0}'"#,
            "'10000000000000000000' 1e19"
        ]
    );
}

#[test]
fn a_deep_key_costs_no_stack() {
    let lab = Lab::new();
    let mut sqlite = lab.open();
    sqlite.prepare(&table("t", &["id"], &[])).unwrap();
    for (one, zero) in [("1", "0.0"), ("1.0", "0")] {
        let id = format!(
            "{}{{\"b\": {one}, \"a\": {zero}}}{}",
            "[".repeat(50_000),
            "]".repeat(50_000)
        );
        put(&mut sqlite, &[&format!("{{\"id\": {id}}}")], "{}");
    }
    assert_eq!(shown(&sqlite, "SELECT count(*) FROM t"), ["1"]);
}

#[test]
fn a_failed_page_removes_its_column_for_key_kinds_too() {
    let lab = Lab::new();
    let mut sqlite = lab.open();
    sqlite.prepare(&table("t", &["id"], &[])).unwrap();
    put(&mut sqlite, &["{\"id\": 1}"], "{}");
    let page = rows(&["{\"id\": true}", "7"]);
    assert!(sqlite.commit("t", &page, &raw("{}")).is_err());
    put(&mut sqlite, &["{\"id\": 1, \"n\": 2}"], "{}");
    put(
        &mut sqlite,
        &["{\"id\": true}", "{\"id\": 1, \"n\": 3}"],
        "{}",
    );
    assert_eq!(shown(&sqlite, "SELECT id, n FROM t"), ["1 3", "1 null"]);
}
