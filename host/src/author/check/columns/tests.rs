use weld_protocol::{Field, FieldType};

use super::*;

fn table(fields: &[&str]) -> Table {
    let field = |name: &&str| Field {
        name: (*name).to_owned(),
        field_type: FieldType::Named("int".to_owned()),
        default: None,
    };
    Table {
        name: "t".to_owned(),
        primary_key: vec!["id".to_owned()],
        fields: fields.iter().map(field).collect(),
    }
}

fn found(fields: &[&str], missing: &[&str], pages: &[&str]) -> Vec<Finding> {
    let table = table(fields);
    let mut columns = UndeclaredColumns::new(&table);
    for page in pages {
        let rows: Vec<Box<RawValue>> = serde_json::from_str(page).expect("JSON");
        columns.add(&rows);
    }
    let missing = missing.iter().map(|name| {
        let finding = Finding::new(FindingCode::FieldNeverCame, *name);
        ((*name).to_owned(), finding)
    });
    columns.findings(missing.collect())
}

fn lines(findings: &[Finding]) -> Vec<String> {
    let lines = findings.iter();
    lines
        .map(|finding| format!("{} -> {}", finding.message, finding.fix))
        .collect()
}

#[test]
fn undeclared_columns_are_one_finding_with_the_types_to_declare() {
    let rows = r#"[
        {"id": 1, "count": 1, "total": 1, "at": "2026-06-01", "paid": true, "tags": [], "who": {}, "none": null},
        {"id": 2, "count": 9007199254740993, "total": 1.5, "at": "2026-06-01T12:30:45Z", "paid": null},
        {"id": 3, "mixed": 1, "big": 18446744073709551616, "text": "2026"},
        {"id": 4, "mixed": "x"}
    ]"#;
    let several = found(&["id"], &[], &[rows, rows]);
    let [finding] = several.as_slice() else {
        panic!("{several:?}")
    };
    assert_eq!(finding.tables, ["t"]);
    assert_eq!(
        finding.message,
        "the schema doesn't declare the columns `at`, `big`, `count`, `mixed`, `none`, `paid`, `tags`, `text`, `total`, \
         `who`; Weld loads them as text"
    );
    assert_eq!(
        finding.fix,
        r#"declare in the schema: `at` as "datetime", `big` as "string", `count` as "long", `mixed` as "string", "#.to_owned()
            + r#"`none` as "string", `paid` as "boolean", `tags` as "array", `text` as "string", `total` as "double", "#
            + r#"`who` as "object""#
    );
    assert_eq!(
        lines(&found(&["id"], &[], &[r#"[{"id": 1, "at": 1}]"#])),
        [
            "the schema doesn't declare the column `at`; Weld loads it as text -> declare in the schema: `at` as \"int\""
        ]
    );
}

#[test]
fn declared_columns_and_pages_without_rows_have_no_finding() {
    assert_eq!(
        found(&["id", "name"], &[], &[r#"[{"id": 1, "\u006eame": "a"}]"#]),
        []
    );
    assert_eq!(found(&[], &[], &["[]"]), []);
}

#[test]
fn a_table_without_fields_is_one_finding() {
    let found = found(&[], &[], &[r#"[{"id": 1, "name": "a"}]"#]);
    assert_eq!(
        lines(&found),
        [
            "the schema declares no column; Weld loads all as text: `id`, `name` -> declare in the schema: `id` \
          as \"int\", `name` as \"string\""
        ]
    );
}

#[test]
fn a_field_under_another_name_is_one_finding() {
    let found = found(
        &["id", "custmer_name", "gone"],
        &["custmer_name", "gone"],
        &[r#"[{"id": 1, "customer_name": "a"}]"#],
    );
    let codes: Vec<_> = found.iter().map(|finding| finding.code).collect();
    assert_eq!(
        codes,
        [FindingCode::UndeclaredColumn, FindingCode::FieldNeverCame]
    );
    assert!(
        found[0]
            .message
            .contains("`custmer_name`, which no row has")
    );
    assert_eq!(found[1].message, "gone");
}

#[test]
fn many_columns_are_counted_and_control_characters_escaped() {
    let members: Vec<_> = (0..1000)
        .map(|column| format!("\"{column}\\n\": 1"))
        .collect();
    let row = format!("[{{{}}}]", members.join(","));
    let named = found(&["id"], &[], &[&row]);
    assert_eq!(named.len(), 1);
    assert!(named[0].message.contains(" and 980 more; Weld loads"));
    assert!(named[0].fix.contains("such as ids"));
    assert!(named.iter().all(|finding| !finding.message.contains('\n')));
    let all = found(&[], &[], &[&row]);
    assert_eq!(all.len(), 1);
    assert!(all[0].message.ends_with(" and 980 more"));
}
