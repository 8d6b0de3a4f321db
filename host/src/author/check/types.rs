//! Reports types of fields that are not Weld's, and how to declare them.

use weld_protocol::Table;

use super::code::FindingCode;
use super::finding::Finding;
use crate::report;
use crate::sync::{DeclaredType, UnknownType, meant_type};

/// Reports the types of a table that Weld's guide doesn't name.
pub(super) fn check(table: &Table) -> Vec<Finding> {
    let unknown = UnknownType::of(table);
    let findings = unknown.map(|unknown| {
        let message = report::escaped(&unknown.to_string());
        let found = Finding::new(FindingCode::UnknownType, message);
        found.with_fix(fix(&unknown.name)).in_table(&table.name)
    });
    findings.collect()
}

/// How to declare the field, with all types.
fn fix(name: &str) -> String {
    let types = DeclaredType::ALL.map(|known| format!("{} ({})", known.name(), known.values()));
    let types = types.join(", ");
    match meant_type(name) {
        Some(DeclaredType::String) if is_decimal(name) => format!(
            "declare \"string\" and return the number as text, which keeps its digits, or \"double\", which rounds it. \
            Weld's types: {types}"
        ),
        _ => format!("declare one of Weld's types: {types}"),
    }
}

fn is_decimal(name: &str) -> bool {
    matches!(
        name.to_ascii_lowercase().as_str(),
        "decimal" | "numeric" | "bigdecimal" | "money"
    )
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use weld_protocol::{Field, FieldType};

    use super::*;
    use crate::samples::{quoted, table_cells};

    fn found(field_type: FieldType) -> Vec<String> {
        let fields = vec![Field {
            name: "f".to_owned(),
            field_type,
            default: None,
        }];
        let table = Table {
            name: "t".to_owned(),
            primary_key: Vec::new(),
            fields,
        };
        check(&table)
            .into_iter()
            .map(|finding| finding.message)
            .collect()
    }

    fn named(name: &str) -> Vec<String> {
        found(FieldType::Named(name.to_owned()))
    }

    fn described(json: &str) -> Vec<String> {
        found(FieldType::Described(json.to_owned()))
    }

    #[test]
    fn welds_types_are_not_reported() {
        for known in DeclaredType::ALL {
            assert_eq!(named(known.name()), [""; 0]);
        }
        for json in [
            r#"["null", "string"]"#,
            r#"["int"]"#,
            r#"["null", {"type": "string", "logicalType": "date"}]"#,
            r#"{"type": "string"}"#,
            "1",
        ] {
            assert_eq!(described(json), [""; 0], "{json}");
        }
    }

    #[test]
    fn other_types_are_reported_with_the_one_that_was_meant() {
        for (name, meant) in [
            ("strng", "string"),
            ("sting", "string"),
            ("INT", "int"),
            ("Datetime", "datetime"),
            ("date", "datetime"),
            ("timestmap", "datetime"),
            ("decimal", "string"),
            ("flaot", "double"),
            ("bool", "boolean"),
        ] {
            let expected =
                format!("the field `f` has the unknown type {name:?}; did you mean {meant:?}?");
            assert_eq!(named(name), std::slice::from_ref(&expected));
            assert_eq!(described(&format!(r#"["null", "{name}"]"#)), [expected]);
        }
        for name in ["geography", "", "null", "x".repeat(1000).as_str()] {
            let found = named(name);
            assert_eq!(found.len(), 1, "{name}");
            assert!(!found[0].contains("did you mean"), "{found:?}");
        }
    }

    #[test]
    fn pages_and_kits_list_welds_types() {
        let known: Vec<_> = DeclaredType::ALL.map(DeclaredType::name).into();
        for (page, text) in [
            (
                "docs/contract.md",
                include_str!("../../../../docs/contract.md"),
            ),
            ("kit/rust", include_str!("../../../../kit/rust/README.md")),
            (
                "kit/python",
                include_str!("../../../../kit/python/README.md"),
            ),
            (
                "kit/javascript",
                include_str!("../../../../kit/javascript/README.md"),
            ),
            ("kit/c", include_str!("../../../../kit/c/README.md")),
        ] {
            let rows = table_cells(text, "| type | values |");
            let listed: Vec<_> = rows.iter().flat_map(|cells| quoted(cells[0])).collect();
            assert_eq!(listed, known, "{page}");
        }
        let wit = include_str!("../../../../wit/connector.wit");
        let list: Vec<_> = known.iter().map(|name| format!("{name:?}")).collect();
        assert!(wit.contains(&format!("One of Weld's types: {}.", list.join(", "))));
        let declared = include_str!("../../../../kit/javascript/index.d.ts");
        let (_, union) = declared.split_once("export type WeldType = ").unwrap();
        let union: BTreeSet<_> = union.split(';').next().unwrap().split(" | ").collect();
        assert_eq!(union, list.iter().map(String::as_str).collect());
    }

    #[test]
    fn page_of_the_contract_says_what_to_declare_instead() {
        let page = include_str!("../../../../docs/contract.md");
        let rows = table_cells(page, "| for | declare |");
        let documented: BTreeMap<_, _> = rows
            .iter()
            .flat_map(|cells| {
                let meant = quoted(cells[1]).next().expect("a type");
                quoted(cells[0]).map(move |name| (name, meant))
            })
            .collect();
        assert!(documented.len() > 10);
        for (name, expected) in documented {
            assert_eq!(
                meant_type(name).map(DeclaredType::name),
                Some(expected),
                "{name}"
            );
        }
    }
}
