//! The answer to a request for the schema.

mod fields;

use std::collections::HashSet;

use serde_json::value::RawValue;

use self::fields::read_fields;
use super::shape::{AnswerError, elements, members, pick, required, string, text};
use crate::json::JsonKind;
use crate::schema::Table;

/// Reads the answer to a request for the schema, in every shape that connectors have been seen to use:
///
/// - The tables are in `schema`, or in `tables` as in older connectors: an object of tables by name, or a list of
///   tables that have a `name`. A table may be `null`.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_of_a_schema_is_read() {
        let cases = [
            (r#"{"schema": {}}"#, vec![]),
            (r#"{"schema": []}"#, vec![]),
            (r#"{"tables": {}}"#, vec![]),
            (
                r#"{"tables": {"t": {"primary_key": "id"}, "u": null}}"#,
                vec![("t", vec!["id"]), ("u", vec![])],
            ),
            (
                r#"{"tables": [{"name": "t", "primary_key": "id"}, {"name": "u"}]}"#,
                vec![("t", vec!["id"]), ("u", vec![])],
            ),
            (
                r#"{"tables": {"old": {}}, "schema": {"t": {"primary_key": ""}}}"#,
                vec![("t", vec![])],
            ),
            (r#"{"schema": {"t": {}}, "more": 1}"#, vec![("t", vec![])]),
            (
                r#"{"schema": {"t": {"primary_key": "id", "fields": []}}}"#,
                vec![("t", vec!["id"])],
            ),
            (
                r#"{"schema": {"t": {"primary_key": ["a", "b"]}}}"#,
                vec![("t", vec!["a", "b"])],
            ),
            (
                r#"{"schema": {"b": {"primary_key": null}, "a": {"primary_key": []}}}"#,
                vec![("b", vec![]), ("a", vec![])],
            ),
        ];
        for (body, expected) in cases {
            let expected: Vec<_> = expected
                .into_iter()
                .map(|(name, key)| Table {
                    name: name.to_owned(),
                    primary_key: key.into_iter().map(str::to_owned).collect(),
                    fields: Vec::new(),
                })
                .collect();
            assert_eq!(read_schema(body.as_bytes()), Ok(expected), "{body}");
        }
    }

    #[test]
    fn faulty_schemas_are_refused_with_the_place() {
        let cases: [(&[u8], &str); 14] = [
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
                r#"schema["\u0074"] occurs twice"#,
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
                br#"{"tables": [{"name": "t"}, {"name": "t"}]}"#,
                "tables[1] occurs twice",
            ),
            (br#"{"tables": [{}]}"#, "the answer has no tables[0].name"),
            (
                br#"{"tables": ["t"]}"#,
                "tables[0] is a string, not an object",
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
