//! Checks values against the types that the schema declares.

use std::collections::HashMap;

use serde_json::Value;
use serde_json::value::RawValue;
use weld_protocol::{FieldType, Table};

use super::code::FindingCode;
use super::finding::Finding;
use super::times;
use crate::report;
use crate::sync::DeclaredType;

/// How many bytes of a value are shown.
const SHOWN_BYTES: usize = 60;

/// Reports values that don't have their declared type, once per field. `null` fits every type.
pub(super) fn check(table: &Table, rows: &[Box<RawValue>]) -> Vec<Finding> {
    let declared = table.fields.iter().filter_map(|field| {
        let name = match &field.field_type {
            FieldType::Named(name) | FieldType::Described(name) => name.as_str(),
        };
        Some((field.name.as_str(), (name, DeclaredType::of(field)?)))
    });
    let mut declared: HashMap<&str, (&str, DeclaredType)> = declared.collect();
    let mut findings = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        if declared.is_empty() {
            break;
        }
        let Ok(row) = serde_json::from_str::<HashMap<String, &RawValue>>(row.get()) else {
            continue;
        };
        declared.retain(|name, (type_name, declared_type)| {
            let Some((value, code)) = row
                .get(*name)
                .and_then(|value| Some((value.get(), declared_type.fault(value.get())?)))
            else {
                return true;
            };
            let value = report::shortened(value, SHOWN_BYTES);
            let message = format!(
                "row {} has {value} in `{name}`, which is declared as `{type_name}`",
                index.saturating_add(1)
            );
            findings.push(Finding::new(code, report::escaped(&message)));
            // After a text that is not a time, a value of another kind is still reported.
            *declared_type = DeclaredType::String;
            code == FindingCode::OddTime
        });
    }
    findings
}

impl DeclaredType {
    /// The problem with the value, if there is one.
    fn fault(self, json: &str) -> Option<FindingCode> {
        if !self.fits(json) {
            return Some(FindingCode::TypeMismatch);
        }
        // Half of a surrogate pair is not valid text, so it isn't a time either.
        let is_odd = self == Self::Datetime
            && json != "null"
            && serde_json::from_str::<String>(json)
                .map_or(true, |text| times::read(&text).is_none());
        is_odd.then_some(FindingCode::OddTime)
    }

    fn fits(self, json: &str) -> bool {
        let Ok(value) = serde_json::from_str::<Value>(json) else {
            // Numbers beyond the range of floats are still numbers, and a string may contain half of a surrogate pair.
            return match self {
                Self::Double => !json.starts_with('"'),
                Self::String | Self::Datetime => json.starts_with('"'),
                _ => false,
            };
        };
        match (self, &value) {
            (_, Value::Null)
            | (Self::String | Self::Datetime, Value::String(_))
            | (Self::Double, Value::Number(_))
            | (Self::Boolean, Value::Bool(_))
            | (Self::Array, Value::Array(_))
            | (Self::Object, Value::Object(_)) => true,
            (Self::Int, Value::Number(number)) => number
                .as_i64()
                .is_some_and(|number| i32::try_from(number).is_ok()),
            (Self::Long, Value::Number(number)) => number.as_i64().is_some(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weld_protocol::Field;

    fn codes(type_name: &str, rows: &[impl AsRef<str>]) -> Vec<FindingCode> {
        let table = Table {
            name: "t".to_owned(),
            primary_key: Vec::new(),
            fields: vec![Field {
                name: "f".to_owned(),
                field_type: FieldType::Named(type_name.to_owned()),
                default: None,
            }],
        };
        let rows: Vec<_> = rows
            .iter()
            .map(|row| RawValue::from_string(row.as_ref().to_owned()).expect("JSON"))
            .collect();
        let findings = check(&table, &rows);
        findings.iter().map(|finding| finding.code).collect()
    }

    fn found(type_name: &str, value: &str) -> bool {
        !codes(type_name, &[format!("{{\"f\": {value}}}")]).is_empty()
    }

    #[test]
    fn values_of_another_type_are_found() {
        for (type_name, fitting, other) in [
            ("string", r#""a""#, "1"),
            ("string", r#""\ud83d""#, "{}"),
            ("datetime", r#""2026-01-01T00:00:00Z""#, "0"),
            ("DATETIME", r#""2026-01-01 12:30""#, "false"),
            ("int", "-2147483648", "2147483648"),
            ("int", "0", "0.5"),
            ("long", "9223372036854775807", "9223372036854775808"),
            ("long", "1", r#""1""#),
            ("double", "0.5", r#""0.5""#),
            ("double", "1e400", r#""\ud83d""#),
            ("boolean", "true", "0"),
            ("array", "[1]", "{}"),
            ("object", "{}", "[]"),
        ] {
            assert!(!found(type_name, fitting), "{type_name} {fitting}");
            assert!(!found(type_name, "null"), "{type_name} null");
            assert!(found(type_name, other), "{type_name} {other}");
        }
        assert!(!found("date", "1"), "an unknown type");
    }

    #[test]
    fn texts_that_are_not_times_are_reported_for_time_fields() {
        for declared in ["datetime", "DateTime"] {
            for text in ["yesterday", "", "01/06/2026", "2026-06-01T12:30:45 CET"] {
                let codes = codes(declared, &[&format!("{{\"f\": {text:?}}}")]);
                assert_eq!(codes, [FindingCode::OddTime], "{declared} {text:?}");
            }
            let rows = ["2026-06-01", "2026-06-01T12:30", "2026-06-01 12:30:45.5+02"];
            let rows = rows.map(|text| format!("{{\"f\": {text:?}}}"));
            assert_eq!(codes(declared, &rows), [], "{declared}");
        }
        assert_eq!(codes("string", &["{\"f\": \"yesterday\"}"]), []);
        let both = [
            "{\"f\": \"soon\"}",
            "{\"f\": \"soon\"}",
            "{\"f\": 1}",
            "{\"f\": 2}",
        ];
        assert_eq!(
            codes("datetime", &both),
            [FindingCode::OddTime, FindingCode::TypeMismatch]
        );
    }

    #[test]
    fn values_of_a_nullable_type_are_checked() {
        let field = |json: &str| Field {
            name: "f".to_owned(),
            field_type: FieldType::Described(json.to_owned()),
            default: None,
        };
        for (json, expected) in [
            (r#"["null", "int"]"#, 1),
            (r#"["int", "null"]"#, 1),
            (r#"["null", "int", "string"]"#, 0),
            (r#"["null", "date"]"#, 0),
            (r#"{"type": "int"}"#, 0),
        ] {
            let table = Table {
                name: "t".to_owned(),
                primary_key: Vec::new(),
                fields: vec![field(json)],
            };
            let rows = serde_json::from_str::<Vec<Box<RawValue>>>(r#"[{"f": null}, {"f": "x"}]"#);
            assert_eq!(
                check(&table, &rows.expect("JSON")).len(),
                expected,
                "{json}"
            );
        }
    }

    #[test]
    fn a_field_is_reported_once_with_its_row() {
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
