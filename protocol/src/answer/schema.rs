//! The answer to a request for the schema.

use std::collections::HashSet;

use serde_json::value::RawValue;

use super::AnswerError;
use super::shape::{elements, pick, required, string, text, unfit};
use crate::json::{self, JsonKind};
use crate::schema::{Field, FieldType, Table};

/// Reads the answer to a request for the schema. `fields` may be missing; `primary_key` may be a
/// string, a list of strings, `null` or missing. A type that is a string is read as its name, any
/// other as its JSON text.
///
/// # Errors
/// An [`AnswerError`] with the first fault found.
pub fn read_schema(body: &[u8]) -> Result<Vec<Table>, AnswerError> {
    let [schema] = pick("the answer", text(body)?, ["schema"])?;
    let schema = required("schema", schema)?;
    let mut members = Vec::new();
    json::each_member(schema.get(), |name, table| members.push((name, table)))
        .map_err(unfit("schema", "an object"))?;
    let mut names = HashSet::new();
    let mut tables = Vec::with_capacity(members.len());
    for (name, table) in members {
        let place = format!("schema[{name}]");
        let name = string(&place, name)?;
        if !names.insert(name.clone()) {
            return Err(AnswerError::Twice { place });
        }
        tables.push(read_table(&place, name, table)?);
    }
    Ok(tables)
}

fn read_table(place: &str, name: String, table: &RawValue) -> Result<Table, AnswerError> {
    let [key, fields] = pick(place, table.get(), ["primary_key", "fields"])?;
    let primary_key = key.map_or_else(
        || Ok(Vec::new()),
        |key| read_key(&format!("{place}.primary_key"), key),
    )?;
    let mut read = Vec::new();
    if let Some(fields) = fields {
        let place = format!("{place}.fields");
        for (index, field) in elements(&place, fields)?.into_iter().enumerate() {
            read.push(read_field(&format!("{place}[{index}]"), field)?);
        }
    }
    Ok(Table {
        name,
        primary_key,
        fields: read,
    })
}

fn read_key(place: &str, key: &RawValue) -> Result<Vec<String>, AnswerError> {
    match JsonKind::of(key.get()) {
        JsonKind::Null => Ok(Vec::new()),
        JsonKind::String => Ok(vec![string(place, key.get())?]),
        JsonKind::Array => elements(place, key)?
            .into_iter()
            .enumerate()
            .map(|(index, column)| string(&format!("{place}[{index}]"), column.get()))
            .collect(),
        found => Err(AnswerError::WrongKind {
            place: place.to_owned(),
            expected: "a string or a list",
            found,
        }),
    }
}

fn read_field(place: &str, field: &RawValue) -> Result<Field, AnswerError> {
    let [name, field_type, default] = pick(place, field.get(), ["name", "type", "default"])?;
    let (name_place, type_place) = (format!("{place}.name"), format!("{place}.type"));
    let name = string(&name_place, required(&name_place, name)?.get())?;
    let field_type = required(&type_place, field_type)?.get();
    let field_type = match JsonKind::of(field_type) {
        JsonKind::String => FieldType::Named(string(&type_place, field_type)?),
        _ => FieldType::Described(field_type.to_owned()),
    };
    Ok(Field {
        name,
        field_type,
        default: default.map(|default| default.get().to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str, type_name: &str) -> Field {
        Field {
            name: name.to_owned(),
            field_type: FieldType::Named(type_name.to_owned()),
            default: None,
        }
    }

    #[test]
    fn every_shape_of_a_schema_is_read() {
        let described = Field {
            name: "n".to_owned(),
            field_type: FieldType::Described(r#"["null", "long"]"#.to_owned()),
            default: Some("12345678901234567890.0".to_owned()),
        };
        let cases = [
            (r#"{"schema": {}}"#, vec![]),
            (
                r#"{"schema": {"t": {}}, "more": 1}"#,
                vec![("t", vec![], vec![])],
            ),
            (
                r#"{"schema": {"t": {"primary_key": "id", "fields": []}}}"#,
                vec![("t", vec!["id"], vec![])],
            ),
            (
                r#"{"schema": {"t": {"primary_key": ["a", "b"]}}}"#,
                vec![("t", vec!["a", "b"], vec![])],
            ),
            (
                r#"{"schema": {"b": {"primary_key": null}, "a": {"primary_key": []}}}"#,
                vec![("b", vec![], vec![]), ("a", vec![], vec![])],
            ),
            (
                r#"{"schema": {"t": {"fields": [
                    {"name": "\u00e9", "type": "int"},
                    {"name": "n", "type": ["null", "long"], "default": 12345678901234567890.0}
                ]}}}"#,
                vec![("t", vec![], vec![named("é", "int"), described])],
            ),
        ];
        for (body, expected) in cases {
            let expected: Vec<_> = expected
                .into_iter()
                .map(|(name, key, fields)| Table {
                    name: name.to_owned(),
                    primary_key: key.into_iter().map(str::to_owned).collect(),
                    fields,
                })
                .collect();
            assert_eq!(read_schema(body.as_bytes()), Ok(expected), "{body}");
        }
    }

    #[test]
    fn faulty_schemas_are_refused_with_the_place() {
        let cases: [(&[u8], &str); 15] = [
            (b"", "the answer is empty"),
            (
                b"\r\n<!doctype html>\xff",
                "the answer is HTML or XML, not JSON: is this the connector's URL?",
            ),
            (b"\xff", "the answer is not UTF-8 at byte 0"),
            (
                b"Not Found",
                "the answer is not JSON, line 1, column 1: expected value",
            ),
            (b"[]", "the answer is an array, not an object"),
            (b"{}", "the answer has no schema"),
            (br#"{"schema": []}"#, "schema is an array, not an object"),
            (
                br#"{"schema": {"t": 1}}"#,
                r#"schema["t"] is a number, not an object"#,
            ),
            (
                br#"{"schema": {"t": {}, "\u0074": {}}}"#,
                r#"schema["\u0074"] is there twice"#,
            ),
            (
                br#"{"schema": {"t": {"primary_key": {}}}}"#,
                r#"schema["t"].primary_key is an object, not a string or a list"#,
            ),
            (
                br#"{"schema": {"t": {"primary_key": ["a", 1]}}}"#,
                r#"schema["t"].primary_key[1] is a number, not a string"#,
            ),
            (
                br#"{"schema": {"t": {"fields": {}}}}"#,
                r#"schema["t"].fields is an object, not a list"#,
            ),
            (
                br#"{"schema": {"t": {"fields": [{"type": "int"}]}}}"#,
                r#"the answer has no schema["t"].fields[0].name"#,
            ),
            (
                br#"{"schema": {"t": {"fields": [{"name": "a"}]}}}"#,
                r#"the answer has no schema["t"].fields[0].type"#,
            ),
            (
                br#"{"schema": {"t": {"fields": [{"name": "\ud800", "type": 1}]}}}"#,
                r#"schema["t"].fields[0].name has an escape that stands for no character"#,
            ),
        ];
        for (body, message) in cases {
            assert_eq!(
                read_schema(body).unwrap_err().to_string(),
                message,
                "{}",
                body.escape_ascii()
            );
        }
    }
}
