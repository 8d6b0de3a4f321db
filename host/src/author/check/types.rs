//! The types that Weld's guide names, what each is for, and what to declare instead of other names.

use serde_json::Value;
use weld_protocol::{Field, FieldType, Table};

use super::code::FindingCode;
use super::finding::Finding;
use crate::report;

/// How many bytes of a type are shown.
const SHOWN_BYTES: usize = 60;

/// A type that a schema can declare for a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DeclaredType {
    String,
    Int,
    Long,
    Double,
    Boolean,
    /// A string with a date or a time.
    Datetime,
    Array,
    Object,
}

impl DeclaredType {
    pub(super) const ALL: [Self; 8] = [
        Self::String,
        Self::Int,
        Self::Long,
        Self::Double,
        Self::Boolean,
        Self::Datetime,
        Self::Array,
        Self::Object,
    ];

    /// Weld's name of it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Int => "int",
            Self::Long => "long",
            Self::Double => "double",
            Self::Boolean => "boolean",
            Self::Datetime => "datetime",
            Self::Array => "array",
            Self::Object => "object",
        }
    }

    /// The values that it is for.
    pub(super) fn values(self) -> &'static str {
        match self {
            Self::String => "text, and numbers whose every digit counts",
            Self::Int => "whole numbers of 32 bits",
            Self::Long => "whole numbers of 64 bits",
            Self::Double => "numbers with a fraction",
            Self::Boolean => "true and false",
            Self::Datetime => "dates and times as text",
            Self::Array => "lists, stored as JSON text",
            Self::Object => "objects, stored as JSON text",
        }
    }

    /// The type of exactly this name.
    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }

    /// The type of a field whose values can be checked, also if its name is written in capitals; `None` if the type is
    /// unknown or has several forms.
    pub(super) fn of(field: &Field) -> Option<Self> {
        match &field.field_type {
            FieldType::Named(name) => Self::named(&name.to_ascii_lowercase()),
            FieldType::Described(json) => {
                let names = serde_json::from_str::<Vec<String>>(json).ok()?;
                let mut names = names.iter().filter(|name| *name != "null");
                let only = names.next().filter(|_| names.next().is_none())?;
                Self::named(&only.to_ascii_lowercase())
            }
        }
    }
}

/// What to declare instead of the names that other systems have for their types.
pub(super) const INSTEAD: [(&str, DeclaredType); 38] = [
    ("date", DeclaredType::Datetime),
    ("timestamp", DeclaredType::Datetime),
    ("timestamptz", DeclaredType::Datetime),
    ("date-time", DeclaredType::Datetime),
    ("time", DeclaredType::String),
    ("decimal", DeclaredType::String),
    ("numeric", DeclaredType::String),
    ("bigdecimal", DeclaredType::String),
    ("money", DeclaredType::String),
    ("number", DeclaredType::Double),
    ("float", DeclaredType::Double),
    ("float32", DeclaredType::Double),
    ("float64", DeclaredType::Double),
    ("real", DeclaredType::Double),
    ("integer", DeclaredType::Int),
    ("int32", DeclaredType::Int),
    ("short", DeclaredType::Int),
    ("smallint", DeclaredType::Int),
    ("bigint", DeclaredType::Long),
    ("int64", DeclaredType::Long),
    ("bool", DeclaredType::Boolean),
    ("text", DeclaredType::String),
    ("str", DeclaredType::String),
    ("char", DeclaredType::String),
    ("varchar", DeclaredType::String),
    ("uuid", DeclaredType::String),
    ("enum", DeclaredType::String),
    ("bytes", DeclaredType::String),
    ("binary", DeclaredType::String),
    ("list", DeclaredType::Array),
    ("tuple", DeclaredType::Array),
    ("dict", DeclaredType::Object),
    ("map", DeclaredType::Object),
    ("json", DeclaredType::Object),
    ("jsonb", DeclaredType::Object),
    ("record", DeclaredType::Object),
    ("struct", DeclaredType::Object),
    ("variant", DeclaredType::Object),
];

/// Reports the types of a table that Weld's guide doesn't name.
pub(super) fn check(table: &Table) -> Vec<Finding> {
    let unknown = table.fields.iter().flat_map(|field| {
        let unknown = unknown_names(&field.field_type).into_iter();
        unknown.map(|name| finding(&field.name, &name).in_table(&table.name))
    });
    unknown.collect()
}

/// The names in a type that are not Weld's. Parts of a described type that are not names are not judged.
fn unknown_names(field_type: &FieldType) -> Vec<String> {
    let names = match field_type {
        FieldType::Named(name) => vec![name.clone()],
        FieldType::Described(json) => match serde_json::from_str::<Value>(json) {
            Ok(Value::Array(parts)) => {
                let names = parts.into_iter().filter_map(|part| match part {
                    Value::String(name) => Some(name),
                    _ => None,
                });
                names.filter(|name| name != "null").collect()
            }
            Ok(Value::String(name)) => vec![name],
            _ => Vec::new(),
        },
    };
    let unknown = names
        .into_iter()
        .filter(|name| DeclaredType::named(name).is_none());
    unknown.collect()
}

fn finding(field: &str, name: &str) -> Finding {
    let advice = match meant(name) {
        Some(meant) => format!("; did you mean {:?}?", meant.name()),
        None => String::new(),
    };
    let message = format!(
        "the field `{}` has the unknown type {:?}{advice}",
        report::shortened(field, SHOWN_BYTES),
        report::shortened(name, SHOWN_BYTES)
    );
    Finding::new(FindingCode::UnknownType, report::escaped(&message)).with_fix(fix(name))
}

/// The type that was probably meant.
fn meant(name: &str) -> Option<DeclaredType> {
    let name = name.to_ascii_lowercase();
    if let Some(known) = DeclaredType::named(&name) {
        return Some(known);
    }
    if let Some((_, known)) = INSTEAD.iter().find(|(other, _)| *other == name) {
        return Some(*known);
    }
    let known = DeclaredType::ALL.map(|known| (known.name(), known));
    let all = known.iter().chain(&INSTEAD);
    // Much longer names are not compared, since a comparison takes memory for each pair of letters.
    let near = all.filter(|(known, _)| name.len() <= 2 * known.len());
    let near =
        near.map(|(known, meant)| (strsim::damerau_levenshtein(known, &name), known, *meant));
    near.min_by_key(|(distance, ..)| *distance)
        .filter(|(distance, known, _)| distance * 3 <= known.len())
        .map(|(.., meant)| meant)
}

/// How to declare the field, with all types.
fn fix(name: &str) -> String {
    let types = DeclaredType::ALL.map(|known| format!("{} ({})", known.name(), known.values()));
    let types = types.join(", ");
    match meant(name) {
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
    fn names_that_belong_to_other_systems_are_not_welds() {
        let names: BTreeSet<_> = INSTEAD.iter().map(|(name, _)| *name).collect();
        assert_eq!(names.len(), INSTEAD.len());
        assert!(names.iter().all(|name| DeclaredType::named(name).is_none()));
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
                meant(name).map(DeclaredType::name),
                Some(expected),
                "{name}"
            );
        }
    }
}
