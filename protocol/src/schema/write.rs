//! The answer to a request for the schema.

use std::collections::HashSet;

use super::error::SchemaError;
use super::table::{Field, FieldType, MAX_NAME_BYTES, Table};
use crate::json;

/// Writes the answer to a request for the schema, `{"schema": {TABLE: {"primary_key": KEY, "fields": [FIELD…]}}}`.
/// Tables and fields keep the given order. A key is a string for one column, a list for several, and absent if there
/// are none (Weld's guide). Types and defaults are written as they are, so numbers keep every digit.
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
///     write_schema(&[beers], 1 << 20)?,
///     r#"{"schema":{"beers":{"primary_key":"id","fields":[{"name":"id","type":"int"}]}}}"#,
/// );
/// # Ok::<(), weld_protocol::SchemaError>(())
/// ```
///
/// # Errors
/// A [`SchemaError`] with the first fault found: a name of a table, of a field within its table or of a column within
/// its key that is empty, too long or repeated; a type or default that is not JSON; or more than `max_bytes` of text.
/// Writing stops at that limit.
pub fn write_schema(tables: &[Table], max_bytes: u64) -> Result<String, SchemaError> {
    let mut text = SchemaText::new(max_bytes);
    let mut names = HashSet::new();
    text.push(r#"{"schema":{"#)?;
    for (index, table) in tables.iter().enumerate() {
        if table.name.is_empty() {
            return Err(SchemaError::EmptyTableName { index });
        }
        check_length(&table.name, || format!("table {index}, counted from 0,"))?;
        if !names.insert(&table.name) {
            return Err(SchemaError::TableTwice {
                table: table.name.clone(),
            });
        }
        text.push_separator(index)?;
        text.push_name(&table.name)?;
        write_table(&mut text, table)?;
    }
    text.push("}}")?;
    Ok(text.text)
}

/// The text written so far.
struct SchemaText {
    text: String,
    max_bytes: u64,
}

impl SchemaText {
    fn new(max_bytes: u64) -> Self {
        Self {
            text: String::new(),
            max_bytes,
        }
    }

    fn push(&mut self, more: &str) -> Result<(), SchemaError> {
        let bytes = self.text.len().saturating_add(more.len());
        if u64::try_from(bytes).is_ok_and(|bytes| bytes <= self.max_bytes) {
            self.text.push_str(more);
            Ok(())
        } else {
            Err(SchemaError::TooLarge {
                limit_bytes: self.max_bytes,
            })
        }
    }

    /// The comma before a member or element, unless it is the first.
    fn push_separator(&mut self, index: usize) -> Result<(), SchemaError> {
        if index > 0 { self.push(",") } else { Ok(()) }
    }

    /// Writes a member's name; its value comes next.
    fn push_name(&mut self, name: &str) -> Result<(), SchemaError> {
        self.push(&json::quote(name))?;
        self.push(":")
    }
}

fn check_length(name: &str, place: impl FnOnce() -> String) -> Result<(), SchemaError> {
    if name.len() <= MAX_NAME_BYTES {
        return Ok(());
    }
    Err(SchemaError::NameTooLong {
        place: place(),
        bytes: name.len(),
    })
}

fn write_table(text: &mut SchemaText, table: &Table) -> Result<(), SchemaError> {
    text.push("{")?;
    write_key(text, table)?;
    text.push(r#""fields":["#)?;
    let mut names = HashSet::new();
    for (index, field) in table.fields.iter().enumerate() {
        let place = || format!("field {index}, counted from 0, of table {:?}", table.name);
        if field.name.is_empty() {
            return Err(SchemaError::EmptyFieldName {
                table: table.name.clone(),
                index,
            });
        }
        check_length(&field.name, place)?;
        if !names.insert(&field.name) {
            return Err(SchemaError::FieldTwice {
                table: table.name.clone(),
                field: field.name.clone(),
            });
        }
        text.push_separator(index)?;
        write_field(text, &table.name, field)?;
    }
    text.push("]}")
}

fn write_key(text: &mut SchemaText, table: &Table) -> Result<(), SchemaError> {
    let mut names = HashSet::new();
    for (index, column) in table.primary_key.iter().enumerate() {
        if column.is_empty() {
            return Err(SchemaError::EmptyKeyColumn {
                table: table.name.clone(),
            });
        }
        check_length(column, || {
            let table = &table.name;
            format!("column {index}, counted from 0, of the primary key of table {table:?}")
        })?;
        if !names.insert(column) {
            return Err(SchemaError::KeyColumnTwice {
                table: table.name.clone(),
                column: column.clone(),
            });
        }
    }
    match table.primary_key.as_slice() {
        [] => Ok(()),
        [column] => {
            text.push_name("primary_key")?;
            text.push(&json::quote(column))?;
            text.push(",")
        }
        columns => {
            text.push_name("primary_key")?;
            text.push("[")?;
            for (index, column) in columns.iter().enumerate() {
                text.push_separator(index)?;
                text.push(&json::quote(column))?;
            }
            text.push("],")
        }
    }
}

fn write_field(text: &mut SchemaText, table: &str, field: &Field) -> Result<(), SchemaError> {
    let check = |part, value: &str| match json::check(value) {
        Ok(_) => Ok(()),
        Err(error) => Err(SchemaError::NotJson {
            part,
            table: table.to_owned(),
            field: field.name.clone(),
            error,
        }),
    };
    text.push(r#"{"name":"#)?;
    text.push(&json::quote(&field.name))?;
    text.push(r#","type":"#)?;
    match &field.field_type {
        FieldType::Named(name) => {
            check_length(name, || {
                format!("the type of field {:?} of table {table:?}", field.name)
            })?;
            text.push(&json::quote(name))?;
        }
        FieldType::Described(value) => {
            check("type", value)?;
            text.push(json::trim(value))?;
        }
    }
    if let Some(value) = &field.default {
        check("default", value)?;
        text.push(r#","default":"#)?;
        text.push(json::trim(value))?;
    }
    text.push("}")
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
            assert_eq!(write_schema(&tables, u64::MAX), Ok(expected));
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
                "there are two tables named \"a\"",
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
                "table \"a\" has two fields named \"x\"",
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
            assert_eq!(
                write_schema(&tables, u64::MAX).unwrap_err().to_string(),
                message
            );
        }
    }
    #[test]
    fn names_of_more_than_a_kibibyte_are_refused_everywhere() {
        let fits = "é".repeat(MAX_NAME_BYTES / 2);
        let long = format!("{fits}x");
        let of_type = |name: &str| Field {
            field_type: FieldType::Named(name.to_owned()),
            ..named("x")
        };
        let tables = |name: &str| {
            [
                table(name, &[], &[]),
                table("t", &[name], &[]),
                table("t", &["id", name], &[]),
                table("t", &[], &[named(name)]),
                table("t", &[], &[of_type(name)]),
            ]
        };
        for table in tables(&fits) {
            assert!(write_schema(&[table], u64::MAX).is_ok());
        }
        let places = [
            "table 0, counted from 0,",
            "column 0, counted from 0, of the primary key of table \"t\"",
            "column 1, counted from 0, of the primary key of table \"t\"",
            "field 0, counted from 0, of table \"t\"",
            "the type of field \"x\" of table \"t\"",
        ];
        for (table, place) in tables(&long).into_iter().zip(places) {
            let error = write_schema(&[table], u64::MAX).unwrap_err();
            let message = format!("{place} has a name of 1025 bytes, the limit is 1024");
            assert_eq!(error.to_string(), message);
        }
    }

    #[test]
    fn text_stops_at_its_limit() {
        let tables = [table("t", &["id"], &[named("a"), named("\u{1}")])];
        let whole = write_schema(&tables, u64::MAX).unwrap();
        let bytes = whole.len() as u64;
        assert_eq!(write_schema(&tables, bytes), Ok(whole));
        for limit_bytes in 0..bytes {
            let error = write_schema(&tables, limit_bytes);
            assert_eq!(error, Err(SchemaError::TooLarge { limit_bytes }));
        }
    }
}
