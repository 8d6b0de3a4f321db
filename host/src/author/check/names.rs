//! Checks whether warehouses accept the names of tables and columns.

use std::collections::HashMap;

use weld_protocol::Table;

use super::code::FindingCode;
use super::finding::Finding;
use crate::report;

/// How many bytes of a name are shown.
const SHOWN_BYTES: usize = 100;

pub(super) fn check(tables: &[Table]) -> Vec<Finding> {
    let names: Vec<&str> = tables.iter().map(|table| table.name.as_str()).collect();
    let mut findings = check_names("table", &names);
    for table in tables {
        if table.primary_key.is_empty() {
            let finding = Finding::new(FindingCode::NoPrimaryKey, "the table has no primary key");
            findings.push(finding.in_table(&table.name));
        }
        let fields = table.fields.iter().map(|field| field.name.as_str());
        let keys = table.primary_key.iter().map(String::as_str);
        let mut columns: Vec<&str> = fields.chain(keys).collect();
        columns.sort_unstable();
        columns.dedup();
        let column_findings = check_names("column", &columns);
        findings.extend(
            column_findings
                .into_iter()
                .map(|finding| finding.in_table(&table.name)),
        );
    }
    findings
}

fn check_names(what: &str, names: &[&str]) -> Vec<Finding> {
    let shown = |name: &str| report::shortened(&report::escaped(name), SHOWN_BYTES);
    let odd = names.iter().filter(|name| !is_plain(name)).map(|name| {
        let message = format!("the {what} name `{}` is not a plain name", shown(name));
        Finding::new(FindingCode::OddName, message)
    });
    let mut findings: Vec<Finding> = odd.collect();
    let mut folded: HashMap<String, &str> = HashMap::new();
    for name in names {
        if let Some(other) = folded.insert(name.to_lowercase(), name)
            && other != *name
        {
            let message = format!(
                "the {what}s `{}` and `{}` differ only in case",
                shown(other),
                shown(name)
            );
            findings.push(Finding::new(FindingCode::SimilarNames, message));
        }
    }
    findings
}

fn is_plain(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || character == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(findings: &[Finding]) -> Vec<FindingCode> {
        findings.iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn names_that_warehouses_change_are_reported() {
        for name in ["beers", "_id", "Beer2"] {
            assert_eq!(codes(&check_names("table", &[name])), [], "{name}");
        }
        for name in ["", "2beers", "beer types", "bière", "a-b", "a.b"] {
            assert_eq!(
                codes(&check_names("table", &[name])),
                [FindingCode::OddName],
                "{name}"
            );
        }
    }

    #[test]
    fn names_that_differ_only_in_case_are_reported() {
        let findings = check_names("column", &["id", "ID", "name"]);
        assert_eq!(codes(&findings), [FindingCode::SimilarNames]);
        assert!(findings[0].message.contains("`id` and `ID`"));
    }

    #[test]
    fn a_key_column_is_checked_once() {
        let table = |primary_key: &[&str]| Table {
            name: "t".to_owned(),
            primary_key: primary_key.iter().map(|&name| name.to_owned()).collect(),
            fields: vec![weld_protocol::Field {
                name: "a b".to_owned(),
                field_type: weld_protocol::FieldType::Named("int".to_owned()),
                default: None,
            }],
        };
        assert_eq!(codes(&check(&[table(&["a b"])])), [FindingCode::OddName]);
        assert_eq!(
            codes(&check(&[table(&[])])),
            [FindingCode::NoPrimaryKey, FindingCode::OddName]
        );
    }
}
