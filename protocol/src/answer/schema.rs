//! The answer to a request for the schema.

use std::collections::HashSet;

use serde_json::value::RawValue;

use super::AnswerError;
use super::shape::{elements, pick, required, string, text, unfit};
use crate::json::{self, JsonKind};
use crate::schema::{Field, FieldType, Table};

/// Reads the answer to a request for the schema, in each shape that connectors were seen to answer
/// with:
///
/// - The tables stand under `schema`, or under `tables` as older connectors have it: an object of
///   tables by name, or a list of tables that have a `name`. A table may be `null`.
/// - `primary_key` is a string, a list of strings, an empty string, `null` or missing.
/// - `fields` is a list of objects, an object of types by name, `null` or missing. A type that is a
///   string is read as its name, any other as its JSON text.
///
/// # Errors
/// An [`AnswerError`] with the first fault found.
pub fn read_schema(body: &[u8]) -> Result<Vec<Table>, AnswerError> {
    let [schema, tables] = pick("the answer", text(body)?, ["schema", "tables"])?;
    let (place, listed) = match (schema, tables) {
        (None, Some(tables)) => ("tables", tables),
        (schema, _) => ("schema", required("schema", schema)?),
    };
    let mut names = HashSet::new();
    let mut tables = Vec::new();
    for (place, name, table) in named_tables(place, listed)? {
        if !names.insert(name.clone()) {
            return Err(AnswerError::Twice { place });
        }
        tables.push(read_table(&place, name, table)?);
    }
    Ok(tables)
}

/// The tables of a schema with their places and names.
fn named_tables<'a>(
    place: &str,
    listed: &'a RawValue,
) -> Result<Vec<(String, String, &'a RawValue)>, AnswerError> {
    if JsonKind::of(listed.get()) != JsonKind::Array {
        return members(place, listed)?
            .into_iter()
            .map(|(quoted, table)| {
                let place = format!("{place}[{quoted}]");
                let name = string(&place, quoted)?;
                Ok((place, name, table))
            })
            .collect();
    }
    elements(place, listed)?
        .into_iter()
        .enumerate()
        .map(|(index, table)| {
            let place = format!("{place}[{index}]");
            let [name] = pick(&place, table.get(), ["name"])?;
            let name_place = format!("{place}.name");
            let name = string(&name_place, required(&name_place, name)?.get())?;
            Ok((place, name, table))
        })
        .collect()
}

fn read_table(place: &str, name: String, table: &RawValue) -> Result<Table, AnswerError> {
    let (key, fields) = if JsonKind::of(table.get()) == JsonKind::Null {
        (None, None)
    } else {
        let [key, fields] = pick(place, table.get(), ["primary_key", "fields"])?;
        (key, fields)
    };
    let primary_key = key.map_or_else(
        || Ok(Vec::new()),
        |key| read_key(&format!("{place}.primary_key"), key),
    )?;
    let fields = fields.map_or_else(
        || Ok(Vec::new()),
        |fields| read_fields(&format!("{place}.fields"), fields),
    )?;
    Ok(Table {
        name,
        primary_key,
        fields,
    })
}

fn read_fields(place: &str, fields: &RawValue) -> Result<Vec<Field>, AnswerError> {
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

/// The members of an object, their names still quoted.
fn members<'a>(
    place: &str,
    object: &'a RawValue,
) -> Result<Vec<(&'a str, &'a RawValue)>, AnswerError> {
    let mut members = Vec::new();
    json::each_member(object.get(), |name, value| members.push((name, value)))
        .map_err(unfit(place, "an object"))?;
    Ok(members)
}

fn read_key(place: &str, key: &RawValue) -> Result<Vec<String>, AnswerError> {
    match JsonKind::of(key.get()) {
        JsonKind::Null => Ok(Vec::new()),
        JsonKind::String => {
            let column = string(place, key.get())?;
            Ok(if column.is_empty() {
                Vec::new()
            } else {
                vec![column]
            })
        }
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
            (r#"{"schema": []}"#, vec![]),
            (r#"{"tables": {}}"#, vec![]),
            (
                r#"{"tables": {"t": {"primary_key": "id"}, "u": null}}"#,
                vec![("t", vec!["id"], vec![]), ("u", vec![], vec![])],
            ),
            (
                r#"{"tables": [{"name": "t", "primary_key": "id"}, {"name": "u"}]}"#,
                vec![("t", vec!["id"], vec![]), ("u", vec![], vec![])],
            ),
            (
                r#"{"tables": {"old": {}}, "schema": {"t": {"primary_key": ""}}}"#,
                vec![("t", vec![], vec![])],
            ),
            (
                r#"{"schema": {"t": {"fields": null}}}"#,
                vec![("t", vec![], vec![])],
            ),
            (
                r#"{"schema": {"t": {"fields": {"a": "int", "\u00e9": ["null", "long"]}}}}"#,
                vec![(
                    "t",
                    vec![],
                    vec![
                        named("a", "int"),
                        Field {
                            name: "é".to_owned(),
                            field_type: FieldType::Described(r#"["null", "long"]"#.to_owned()),
                            default: None,
                        },
                    ],
                )],
            ),
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
        let cases: [(&[u8], &str); 18] = [
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
            (
                br#"{"schema": "none"}"#,
                "schema is a string, not an object",
            ),
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
                br#"{"schema": {"t": {"fields": 1}}}"#,
                r#"schema["t"].fields is a number, not a list or an object"#,
            ),
            (
                br#"{"tables": [{"name": "t"}, {"name": "t"}]}"#,
                "tables[1] is there twice",
            ),
            (br#"{"tables": [{}]}"#, "the answer has no tables[0].name"),
            (
                br#"{"tables": ["t"]}"#,
                "tables[0] is a string, not an object",
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
