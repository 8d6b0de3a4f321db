//! Values against the types that the schema declares for them.

use std::collections::HashMap;

use serde_json::Value;
use serde_json::value::RawValue;
use weld_protocol::{FieldType, Table};

use super::finding::{Finding, FindingCode};
use crate::report;

/// How much of a value is shown.
const SHOWN_BYTES: usize = 60;

/// A type that the schema declares for a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DeclaredType {
    String,
    /// Whole numbers of at most this many bits.
    Integer(u32),
    Number,
    Boolean,
    Array,
    Object,
}

/// The rows' values that are not of their declared type; each field is reported once. `null` fits every type.
pub(super) fn check(table: &Table, rows: &[Box<RawValue>]) -> Vec<Finding> {
    let mut declared: HashMap<&str, (&str, DeclaredType)> = table
        .fields
        .iter()
        .filter_map(|field| match &field.field_type {
            FieldType::Named(name) => Some((
                field.name.as_str(),
                (name.as_str(), DeclaredType::parse(name)?),
            )),
            FieldType::Described(_) => None,
        })
        .collect();
    let mut findings = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        if declared.is_empty() {
            break;
        }
        let Ok(row) = serde_json::from_str::<HashMap<String, &RawValue>>(row.get()) else {
            continue;
        };
        declared.retain(|name, (type_name, declared_type)| {
            let Some(value) = row
                .get(*name)
                .filter(|value| !declared_type.fits(value.get()))
            else {
                return true;
            };
            let value = report::shortened(value.get(), SHOWN_BYTES);
            let message = format!(
                "row {} has {value} in `{name}`, which is declared as `{type_name}`",
                index.saturating_add(1)
            );
            findings.push(Finding::new(
                FindingCode::TypeMismatch,
                report::escaped(&message),
            ));
            false
        });
    }
    findings
}

impl DeclaredType {
    /// `None` for a name that is not known here: which names there are is for Weld to say.
    fn parse(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "string" | "datetime" | "date" | "timestamp" => Self::String,
            "int" => Self::Integer(32),
            "long" => Self::Integer(64),
            "float" | "double" | "number" => Self::Number,
            "boolean" => Self::Boolean,
            "array" => Self::Array,
            "object" => Self::Object,
            _ => return None,
        })
    }

    fn fits(self, json: &str) -> bool {
        let Ok(value) = serde_json::from_str::<Value>(json) else {
            // Numbers that no float holds are numbers all the same.
            return self == Self::Number;
        };
        match (self, &value) {
            (_, Value::Null)
            | (Self::String, Value::String(_))
            | (Self::Number, Value::Number(_))
            | (Self::Boolean, Value::Bool(_))
            | (Self::Array, Value::Array(_))
            | (Self::Object, Value::Object(_)) => true,
            (Self::Integer(bits), Value::Number(number)) => number
                .as_i64()
                .is_some_and(|number| bits == 64 || i32::try_from(number).is_ok()),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weld_protocol::Field;

    fn found(type_name: &str, value: &str) -> bool {
        let table = Table {
            name: "t".to_owned(),
            primary_key: Vec::new(),
            fields: vec![Field {
                name: "f".to_owned(),
                field_type: FieldType::Named(type_name.to_owned()),
                default: None,
            }],
        };
        let row = RawValue::from_string(format!("{{\"f\": {value}}}")).expect("JSON");
        !check(&table, &[row]).is_empty()
    }

    #[test]
    fn values_of_another_type_are_found() {
        for (type_name, fitting, other) in [
            ("string", r#""a""#, "1"),
            ("datetime", r#""2026-01-01T00:00:00Z""#, "0"),
            ("int", "-2147483648", "2147483648"),
            ("int", "0", "0.5"),
            ("long", "9223372036854775807", "9223372036854775808"),
            ("long", "1", r#""1""#),
            ("double", "0.5", r#""0.5""#),
            ("boolean", "true", "0"),
            ("array", "[1]", "{}"),
            ("object", "{}", "[]"),
        ] {
            assert!(!found(type_name, fitting), "{type_name} {fitting}");
            assert!(!found(type_name, "null"), "{type_name} null");
            assert!(found(type_name, other), "{type_name} {other}");
        }
        assert!(!found("of-another-time", "1"), "it is not known here");
    }

    #[test]
    fn a_field_is_told_once_with_its_row() {
        let table = Table {
            name: "t".to_owned(),
            primary_key: Vec::new(),
            fields: vec![Field {
                name: "f".to_owned(),
                field_type: FieldType::Named("int".to_owned()),
                default: None,
            }],
        };
        let rows: Vec<Box<RawValue>> =
            serde_json::from_str(r#"[{"f": 1}, {}, {"f": "x"}, {"f": "y"}]"#).expect("JSON");
        let findings = check(&table, &rows);
        assert_eq!(findings.len(), 1);
        assert_eq!(
            findings[0].message,
            "row 3 has \"x\" in `f`, which is declared as `int`"
        );
    }
}
