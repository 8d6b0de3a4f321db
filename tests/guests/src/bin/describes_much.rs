//! Describes TABLES tables (one by default) with one column each. Their names are NAME_BYTES and COLUMN_BYTES longer
//! than necessary, and the column's default consists of DEFAULT_BYTES spaces and a number. The key has ESCAPED
//! control characters, each of which takes six bytes in JSON.
//! The host must limit the names and the whole schema, both as values and as JSON.

use weld_test_guests::{Error, Field, FieldType, Page, Table, connector, last_page, number, table};

fn schema() -> Result<Vec<Table>, Error> {
    let long = |variable: &str, filler: &str| filler.repeat(size(variable, 0));
    let tables = (0..size("TABLES", 1)).map(|index| Table {
        fields: vec![Field {
            name: format!("c{}", long("COLUMN_BYTES", "x")),
            type_: FieldType::Named("string".to_owned()),
            default: Some(format!("{}0", long("DEFAULT_BYTES", " "))),
        }],
        primary_key: vec![format!("k{}", long("ESCAPED", "\u{1}"))],
        ..table(&format!("{index}{}", long("NAME_BYTES", "x")), &[])
    });
    Ok(tables.collect())
}

fn size(variable: &str, default: usize) -> usize {
    number(variable).map_or(default, |number| number as usize)
}

fn fetch_page(_table: String, _state: String) -> Result<Page, Error> {
    last_page("[]", "{}")
}

connector!(schema, fetch_page);
