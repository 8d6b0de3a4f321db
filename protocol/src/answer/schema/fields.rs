//! The fields of a table.

use serde_json::value::RawValue;

use super::super::shape::{AnswerError, elements, members, pick, required, string};
use crate::json::JsonKind;
use crate::schema::{Field, FieldType};

/// Reads `fields`, in any of its forms.
///
/// # Errors
/// An [`AnswerError`] with the first fault found.
pub(super) fn read_fields(place: &str, fields: &RawValue) -> Result<Vec<Field>, AnswerError> {
    match JsonKind::of(fields.get()) {
        JsonKind::Null => Ok(Vec::new()),
        JsonKind::Object => members(place, fields)?
            .into_iter()
            .map(|(quoted, field_type)| {
                let place = format!("{place}[{quoted}]");
                Ok(Field {
                    name: string(&place, quoted)?,
                    field_type: read_type(&place, field_type)?,
                    default: None,
                })
            })
            .collect(),
        JsonKind::Array => elements(place, fields)?
            .into_iter()
            .enumerate()
            .map(|(index, field)| read_field(&format!("{place}[{index}]"), field))
            .collect(),
        found => Err(AnswerError::WrongKind {
            place: place.to_owned(),
            expected: "a list or an object",
            found,
        }),
    }
}

fn read_field(place: &str, field: &RawValue) -> Result<Field, AnswerError> {
    let [name, field_type, default] = pick(place, field.get(), ["name", "type", "default"])?;
    let (name_place, type_place) = (format!("{place}.name"), format!("{place}.type"));
    let name = string(&name_place, required(&name_place, name)?.get())?;
    let field_type = read_type(&type_place, required(&type_place, field_type)?)?;
    Ok(Field {
        name,
        field_type,
        default: default.map(|default| default.get().to_owned()),
    })
}

fn read_type(place: &str, field_type: &RawValue) -> Result<FieldType, AnswerError> {
    match JsonKind::of(field_type.get()) {
        JsonKind::String => Ok(FieldType::Named(string(place, field_type.get())?)),
        _ => Ok(FieldType::Described(field_type.get().to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::super::read_schema;
    use super::*;

    fn schema_with(fields: &str) -> String {
        format!(r#"{{"schema": {{"t": {{"fields": {fields}}}}}}}"#)
    }

    fn field(name: &str, field_type: FieldType, default: Option<&str>) -> Field {
        Field {
            name: name.to_owned(),
            field_type,
            default: default.map(str::to_owned),
        }
    }

    #[test]
    fn every_shape_of_fields_is_read() {
        let named = |name: &str| FieldType::Named(name.to_owned());
        let described = || FieldType::Described(r#"["null", "long"]"#.to_owned());
        let cases = [
            ("null", vec![]),
            ("[]", vec![]),
            ("{}", vec![]),
            (
                r#"{"a": "int", "\u00e9": ["null", "long"]}"#,
                vec![
                    field("a", named("int"), None),
                    field("é", described(), None),
                ],
            ),
            (
                r#"[{"name": "\u00e9", "type": "int"},
                    {"name": "n", "type": ["null", "long"], "default": 12345678901234567890.0}]"#,
                vec![
                    field("é", named("int"), None),
                    field("n", described(), Some("12345678901234567890.0")),
                ],
            ),
        ];
        for (fields, expected) in cases {
            let tables = read_schema(schema_with(fields).as_bytes()).unwrap();
            let read: Vec<_> = tables.into_iter().map(|table| table.fields).collect();
            assert_eq!(read, [expected], "{fields}");
        }
    }

    #[test]
    fn faulty_fields_are_refused_with_the_place() {
        let cases = [
            (
                "1",
                r#"schema["t"].fields is a number, not a list or an object"#,
            ),
            ("[1]", r#"schema["t"].fields[0] is a number, not an object"#),
            (
                r#"[{"type": "int"}]"#,
                r#"the answer has no schema["t"].fields[0].name"#,
            ),
            (
                r#"[{"name": "a"}]"#,
                r#"the answer has no schema["t"].fields[0].type"#,
            ),
            (
                r#"[{"name": "\ud800", "type": 1}]"#,
                r#"schema["t"].fields[0].name has an escape that is not a valid character"#,
            ),
        ];
        for (fields, message) in cases {
            let error = read_schema(schema_with(fields).as_bytes()).unwrap_err();
            assert_eq!(error.to_string(), message, "{fields}");
        }
    }
}
