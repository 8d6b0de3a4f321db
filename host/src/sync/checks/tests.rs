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

/// The warnings about pages, of which the last one is the table's last.
fn warnings(schema: &str, whole: bool, pages: &[&[&str]]) -> Vec<String> {
    let mut checks = Checks::new(&table(schema), whole);
    let mut warnings = Vec::new();
    for (index, page) in pages.iter().enumerate() {
        let last = index + 1 == pages.len();
        let found = checks.page(index as u64 + 1, &rows(page), RawValue::NULL, last);
        warnings.extend(found.iter().map(Warning::to_string));
    }
    warnings
}

#[test]
fn unknown_types_are_reported_with_the_first_page() {
    let table = table(
        r#"{"schema": {"t": {"primary_key": [], "fields": {"id": "int", "note": "strng", "at": "blob"}}}}"#,
    );
    let mut checks = Checks::new(&table, true);
    checks.types_declared(&table);
    let page = |checks: &mut Checks, number| {
        let rows = rows(&[r#"{"id": 1, "note": "", "at": ""}"#]);
        let found = checks.page(number, &rows, RawValue::NULL, false);
        found.iter().map(Warning::to_string).collect::<Vec<_>>()
    };
    let mut first = page(&mut checks, 1);
    first.sort();
    assert_eq!(
        first,
        [
            "table \"t\", page 1: the field `at` has the unknown type \"blob\"",
            "table \"t\", page 1: the field `note` has the unknown type \"strng\"; did you mean \"string\"?",
        ]
    );
    assert_eq!(page(&mut checks, 2), [""; 0]);
}

#[test]
fn pages_that_repeat_rows_are_reported_for_tables_with_and_without_a_key() {
    for key in ["[\"id\"]", "[]"] {
        let schema = format!(
            r#"{{"schema": {{"t": {{"primary_key": {key}, "fields": {{"id": "int"}}}}}}}}"#
        );
        let page: &[&str] = &[r#"{"id": 1}"#, r#"{"id": 2}"#];
        let found = warnings(&schema, true, &[page; 30]);
        assert_eq!(found.len(), 1, "{key}: {found:?}");
        assert!(
            found[0].contains("page 11: the last 10 pages have only rows"),
            "{found:?}"
        );
    }
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
    assert_eq!(warnings(SCHEMA, true, &pages), Vec::<String>::new());
}

#[test]
fn missing_null_and_duplicate_keys_are_reported_once_for_each_column() {
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
        warnings(SCHEMA, true, &pages),
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
fn a_misspelt_column_of_the_key_is_recognized() {
    for (column, row, expected) in [
        ("idd", r#"{"id": 1, "name": ""}"#, r#"; did you mean "id"?"#),
        ("ID", r#"{"name": "", "id": 1}"#, r#"; did you mean "id"?"#),
        (
            "deal-id",
            r#"{"deal_id": 1, "dealid": 2}"#,
            r#"; did you mean "deal_id"?"#,
        ),
        ("part", r#"{"id": 1, "name": ""}"#, ""),
        ("part", "{}", ""),
        // It is in the key already.
        ("parts", r#"{"part": 1}"#, ""),
    ] {
        let schema = format!(
            r#"{{"schema": {{"t": {{"primary_key": ["part", {column:?}], "fields": {{}}}}}}}}"#
        )
        .replace(r#"["part", "part"]"#, r#"["part"]"#);
        let found = warnings(&schema, false, &[&[row]]);
        let text = format!("row 1 has no {column:?}, which is in the primary key{expected}");
        assert!(found.iter().any(|line| line.ends_with(&text)), "{found:?}");
    }
    let long = format!(r#"{{"{}": 1}}"#, "i".repeat(10_000));
    let schema = r#"{"schema": {"t": {"primary_key": ["id"], "fields": {}}}}"#;
    let found = warnings(schema, false, &[&[&long]]);
    assert!(
        found[0].ends_with("which is in the primary key"),
        "{found:?}"
    );
}

#[test]
fn a_table_without_a_key_may_repeat_its_rows() {
    let schema = r#"{"schema": {"t": {}}}"#;
    assert_eq!(
        warnings(schema, true, &[&["{}", "{}"]]),
        Vec::<String>::new()
    );
}

#[test]
fn a_column_of_several_kinds_is_reported_once() {
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
        warnings(schema, true, &pages),
        [
            r#"table "t", page 2: row 1 has a boolean in "a", where earlier rows have a string"#,
            r#"table "t", page 2: row 1 has an array in "b", where earlier rows have a number"#,
        ]
    );
}

#[test]
fn a_missing_field_is_reported_at_the_end_of_a_complete_table() {
    let pages: [&[&str]; 2] = [
        &[r#"{"id": 1, "part": "a"}"#],
        &[r#"{"id": 2, "part": "a"}"#],
    ];
    assert_eq!(
        warnings(SCHEMA, true, &pages),
        [r#"table "t", page 2: no row has the declared field "note""#]
    );
    assert_eq!(warnings(SCHEMA, false, &pages), Vec::<String>::new());
    assert_eq!(warnings(SCHEMA, true, &[&[]]), Vec::<String>::new());
    let defaulted = r#"{"schema": {"t": {"fields":
        [{"name": "note", "type": "string", "default": ""}]}}}"#;
    assert_eq!(warnings(defaulted, true, &pages), Vec::<String>::new());
}

#[test]
fn the_number_of_columns_is_bounded() {
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
fn a_key_in_another_spelling_is_a_duplicate_and_another_value_is_not() {
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
        let warnings = warnings(schema, true, &[&[&one, &other]]);
        assert_eq!(warnings.len(), 1, "{one} {other}: {warnings:?}");
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
        let warnings = warnings(schema, true, &[&[&one, &other]]);
        assert!(
            !warnings.iter().any(|line| line.contains("primary key")),
            "{one} {other}: {warnings:?}"
        );
    }
}
