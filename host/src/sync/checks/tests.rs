use serde_json::value::RawValue;
use weld_protocol::{Table, read_schema};

use super::*;

const SCHEMA: &str = r#"{"schema": {"t": {"primary_key": ["id", "part"], "fields":
    {"id": "int", "part": "string", "note": "string"}}}}"#;

fn table(schema: &str) -> Table {
    read_schema(schema.as_bytes()).unwrap().remove(0)
}

fn rows(texts: &[&str]) -> Vec<Box<RawValue>> {
    texts
        .iter()
        .map(|text| RawValue::from_string((*text).to_owned()).unwrap())
        .collect()
}

/// What is said of pages, the last of which is the table's last.
fn said(schema: &str, whole: bool, pages: &[&[&str]]) -> Vec<String> {
    let mut checks = Checks::new(&table(schema), whole);
    let mut said = Vec::new();
    for (index, page) in pages.iter().enumerate() {
        let last = index + 1 == pages.len();
        let found = checks.page(index as u64 + 1, &rows(page), RawValue::NULL, last);
        said.extend(found.iter().map(Warning::to_string));
    }
    said
}

#[test]
fn a_good_table_is_not_warned_about() {
    let pages: [&[&str]; 3] = [
        &[
            r#"{"id": 1, "part": "a", "note": null, "n": 1}"#,
            r#"{"id": 1, "part": "b", "note": "x", "n": 1.5e3}"#,
        ],
        &[],
        &[r#"{"\u0069d": 1, "part": "a", "n": null}"#],
    ];
    assert_eq!(said(SCHEMA, true, &pages), Vec::<String>::new());
}

#[test]
fn keys_that_are_missing_null_or_twice_are_told_once_for_each_column() {
    let pages: [&[&str]; 2] = [
        &[
            r#"{"id": null, "part": "a", "note": ""}"#,
            r#"{"part": null}"#,
            r#"{"id": null}"#,
        ],
        &[
            r#"{"id": 7, "part": "a"}"#,
            r#"{"part": "a", "id": 7}"#,
            r#"{"part": "a", "id": 7}"#,
        ],
    ];
    assert_eq!(
        said(SCHEMA, true, &pages),
        [
            r#"table "t", page 1: row 1 has null in "id", which is in the primary key"#,
            r#"table "t", page 1: row 2 has no "id", which is in the primary key"#,
            r#"table "t", page 1: row 2 has null in "part", which is in the primary key"#,
            r#"table "t", page 1: row 3 has no "part", which is in the primary key"#,
            r#"table "t", page 2: row 2 has the primary key of an earlier row of the page: 7,"a""#,
        ]
    );
}

#[test]
fn a_table_without_a_key_may_repeat_its_rows() {
    let schema = r#"{"schema": {"t": {}}}"#;
    assert_eq!(said(schema, true, &[&["{}", "{}"]]), Vec::<String>::new());
}

#[test]
fn a_column_of_several_kinds_is_told_once() {
    let schema = r#"{"schema": {"t": {}}}"#;
    let pages: [&[&str]; 2] = [
        &[r#"{"a": null, "b": 1}"#, r#"{"b": 2.5, "a": "x"}"#],
        &[
            r#"{"a": true, "b": [1]}"#,
            r#"{"a": {}, "b": "1"}"#,
            r#"{"b": 1}"#,
        ],
    ];
    assert_eq!(
        said(schema, true, &pages),
        [
            r#"table "t", page 2: row 1 has a boolean in "a", where there was a string before"#,
            r#"table "t", page 2: row 1 has an array in "b", where there was a number before"#,
        ]
    );
}

#[test]
fn a_field_that_never_came_is_told_at_the_end_of_a_whole_table() {
    let pages: [&[&str]; 2] = [
        &[r#"{"id": 1, "part": "a"}"#],
        &[r#"{"id": 2, "part": "a"}"#],
    ];
    assert_eq!(
        said(SCHEMA, true, &pages),
        [r#"table "t", page 2: the declared field "note" never came"#]
    );
    assert_eq!(said(SCHEMA, false, &pages), Vec::<String>::new());
    assert_eq!(said(SCHEMA, true, &[&[]]), Vec::<String>::new());
    let defaulted = r#"{"schema": {"t": {"fields":
        [{"name": "note", "type": "string", "default": ""}]}}}"#;
    assert_eq!(said(defaulted, true, &pages), Vec::<String>::new());
}

#[test]
fn rows_with_ever_new_columns_are_looked_at_up_to_a_bound() {
    let mut checks = Checks::new(&table(r#"{"schema": {"t": {}}}"#), true);
    for page in 0..3 {
        let members: Vec<_> = (0..20_000)
            .map(|column| format!("\"{page} {column}\": 1"))
            .collect();
        let row = format!("{{{}}}", members.join(","));
        checks.page(page, &rows(&[&row]), RawValue::NULL, false);
    }
    assert_eq!(checks.columns.len(), 20_000);
}

#[test]
fn a_key_that_comes_again_in_another_spelling_is_told_and_another_value_is_not() {
    let schema = r#"{"schema": {"t": {"primary_key": ["id"]}}}"#;
    for (one, other) in [
        ("1", "1.0"),
        ("100", "1e2"),
        ("[1]", "[1.0]"),
        (r#"{"a": 1, "b": 2}"#, r#"{"b": 2, "a": 1}"#),
        (r#""a""#, r#""\u0061""#),
        (r#""\ud800""#, r#""\uD800""#),
    ] {
        let [one, other] = [one, other].map(|id| format!("{{\"id\": {id}}}"));
        let said = said(schema, true, &[&[&one, &other]]);
        assert_eq!(said.len(), 1, "{one} {other}: {said:?}");
    }
    for (one, other) in [
        ("1", "\"1\""),
        ("1", "true"),
        ("[1]", "[2]"),
        ("[1]", "\"[1]\""),
        (r#""\ud800""#, r#""\udfff""#),
        ("9007199254740993", "9007199254740992"),
    ] {
        let [one, other] = [one, other].map(|id| format!("{{\"id\": {id}}}"));
        let said = said(schema, true, &[&[&one, &other]]);
        assert!(
            !said.iter().any(|line| line.contains("primary key")),
            "{one} {other}: {said:?}"
        );
    }
}
