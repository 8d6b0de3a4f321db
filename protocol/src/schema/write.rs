//! The answer to a request for the schema.

use std::collections::HashSet;

use super::error::SchemaError;
use super::table::{Field, FieldType, Table};
use crate::json;

/// Writes the answer to a request for the schema,
/// `{"schema": {TABLE: {"primary_key": KEY, "fields": [FIELD…]}}}`, with tables and fields in the
/// given order. A key is a string for one column, a list for several and absent for none (Weld's
/// guide). Types and defaults stand in it as the text they are, so numbers keep every digit.
///
/// ```
/// use weld_protocol::{Field, FieldType, Table, write_schema};
///
/// let beers = Table {
///     name: "beers".to_owned(),
///     primary_key: vec!["id".to_owned()],
///     fields: vec![Field {
///         name: "id".to_owned(),
///         field_type: FieldType::Named("int".to_owned()),
///         default: None,
///     }],
/// };
/// assert_eq!(
///     write_schema(&[beers])?,
///     r#"{"schema":{"beers":{"primary_key":"id","fields":[{"name":"id","type":"int"}]}}}"#,
/// );
/// # Ok::<(), weld_protocol::SchemaError>(())
/// ```
///
/// # Errors
/// A [`SchemaError`] with the first fault found: an empty or repeated name of a table, of a field
/// within its table or of a column within its key, or a type or default that is not JSON.
pub fn write_schema(tables: &[Table]) -> Result<String, SchemaError> {
    let mut names = HashSet::new();
    let mut members = Vec::with_capacity(tables.len());
    for (index, table) in tables.iter().enumerate() {
        if table.name.is_empty() {
            return Err(SchemaError::EmptyTableName { index });
        }
        if !names.insert(&table.name) {
            return Err(SchemaError::TableTwice {
                table: table.name.clone(),
            });
        }
        members.push((table.name.as_str(), write_table(table)?));
    }
    Ok(json::object([("schema", json::object(members))]))
}

fn write_table(table: &Table) -> Result<String, SchemaError> {
    let mut members = Vec::with_capacity(2);
    if let Some(key) = write_key(table)? {
        members.push(("primary_key", key));
    }
    let mut names = HashSet::new();
    let mut fields = Vec::with_capacity(table.fields.len());
    for (index, field) in table.fields.iter().enumerate() {
        if field.name.is_empty() {
            return Err(SchemaError::EmptyFieldName {
                table: table.name.clone(),
                index,
            });
        }
        if !names.insert(&field.name) {
            return Err(SchemaError::FieldTwice {
                table: table.name.clone(),
                field: field.name.clone(),
            });
        }
        fields.push(write_field(&table.name, field)?);
    }
    members.push(("fields", json::array(fields)));
    Ok(json::object(members))
}

fn write_key(table: &Table) -> Result<Option<String>, SchemaError> {
    let mut names = HashSet::new();
    for column in &table.primary_key {
        if column.is_empty() {
            return Err(SchemaError::EmptyKeyColumn {
                table: table.name.clone(),
            });
        }
        if !names.insert(column) {
            return Err(SchemaError::KeyColumnTwice {
                table: table.name.clone(),
                column: column.clone(),
            });
        }
    }
    Ok(match table.primary_key.as_slice() {
        [] => None,
        [column] => Some(json::quote(column)),
        columns => Some(json::array(
            columns.iter().map(|column| json::quote(column)),
        )),
    })
}

fn write_field(table: &str, field: &Field) -> Result<String, SchemaError> {
    let checked = |part, text: &str| match json::check(text) {
        Ok(_) => Ok(json::trim(text).to_owned()),
        Err(error) => Err(SchemaError::NotJson {
            part,
            table: table.to_owned(),
            field: field.name.clone(),
            error,
        }),
    };
    let field_type = match &field.field_type {
        FieldType::Named(name) => json::quote(name),
        FieldType::Described(text) => checked("type", text)?,
    };
    let mut members = vec![("name", json::quote(&field.name)), ("type", field_type)];
    if let Some(text) = &field.default {
        members.push(("default", checked("default", text)?));
    }
    Ok(json::object(members))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str, primary_key: &[&str], fields: &[Field]) -> Table {
        let primary_key = primary_key
            .iter()
            .map(|&column| column.to_owned())
            .collect();
        Table {
            name: name.to_owned(),
            primary_key,
            fields: fields.to_vec(),
        }
    }

    fn named(name: &str) -> Field {
        Field {
            name: name.to_owned(),
            field_type: FieldType::Named("string".to_owned()),
            default: None,
        }
    }

    fn described(name: &str, field_type: &str, default: Option<&str>) -> Field {
        let field_type = FieldType::Described(field_type.to_owned());
        Field {
            name: name.to_owned(),
            field_type,
            default: default.map(str::to_owned),
        }
    }

    #[test]
    fn every_shape_of_a_schema_is_written() {
        let cases = [
            (vec![], r"{}"),
            (
                vec![table("b", &[], &[]), table("a", &["id"], &[])],
                r#"{"b":{"fields":[]},"a":{"primary_key":"id","fields":[]}}"#,
            ),
            (
                vec![table("t", &["y", "x"], &[named("y"), named("x")])],
                concat!(
                    r#"{"t":{"primary_key":["y","x"],"fields":["#,
                    r#"{"name":"y","type":"string"},{"name":"x","type":"string"}]}}"#,
                ),
            ),
            (
                vec![table("\"q\\\n", &[], &[named("\u{1}é")])],
                r#"{"\"q\\\n":{"fields":[{"name":"\u0001é","type":"string"}]}}"#,
            ),
            (
                vec![table(
                    "t",
                    &[],
                    &[described(
                        "n",
                        " [1, 2]\n",
                        Some("1234567890123456789.10e+5"),
                    )],
                )],
                r#"{"t":{"fields":[{"name":"n","type":[1, 2],"default":1234567890123456789.10e+5}]}}"#,
            ),
            (
                vec![table("t", &[], &[described("n", "\"int\"", Some("null"))])],
                r#"{"t":{"fields":[{"name":"n","type":"int","default":null}]}}"#,
            ),
        ];
        for (tables, expected) in cases {
            let expected = format!(r#"{{"schema":{expected}}}"#);
            assert_eq!(write_schema(&tables), Ok(expected));
        }
    }

    #[test]
    fn every_fault_is_refused_with_its_place() {
        let cases = [
            (
                vec![table("a", &[], &[]), table("", &[], &[])],
                "table 1, counted from 0, has an empty name",
            ),
            (
                vec![table("a", &[], &[]), table("a", &[], &[])],
                "there are two tables \"a\"",
            ),
            (
                vec![table("a", &["id", ""], &[])],
                "the primary key of table \"a\" has a column with an empty name",
            ),
            (
                vec![table("a", &["id", "id"], &[])],
                "the primary key of table \"a\" has the column \"id\" twice",
            ),
            (
                vec![table("a", &[], &[named("")])],
                "field 0, counted from 0, of table \"a\" has an empty name",
            ),
            (
                vec![table("a", &[], &[named("x"), named("x")])],
                "table \"a\" has two fields \"x\"",
            ),
            (
                vec![table("a", &[], &[described("x", "string", None)])],
                "the type of field \"x\" of table \"a\" is not JSON, \
                line 1, column 1: expected value",
            ),
            (
                vec![table("a", &[], &[described("x", "1", Some("{}}"))])],
                "the default of field \"x\" of table \"a\" is not JSON, \
                line 1, column 3: trailing characters",
            ),
            (
                vec![table("a", &[], &[described("x", "1", Some(""))])],
                "the default of field \"x\" of table \"a\" is not JSON, \
                line 1, column 0: EOF while parsing a value",
            ),
        ];
        for (tables, message) in cases {
            assert_eq!(write_schema(&tables).unwrap_err().to_string(), message);
        }
    }
}
