//! Describes tables with one, several and no key columns, and fields of every form.
//! The host must write them as Weld expects them.

use weld_test_guests::{Error, Field, FieldType, Page, Table, connector, last_page, table};

fn schema() -> Result<Vec<Table>, Error> {
    let fields = vec![
        field("id", FieldType::Named("int".to_owned()), None),
        field(
            "tags",
            FieldType::Described(r#"["null", "string"]"#.to_owned()),
            None,
        ),
        field("stock", FieldType::Named("long".to_owned()), Some("0")),
        field(
            "note",
            FieldType::Named("string".to_owned()),
            Some(r#""none""#),
        ),
    ];
    Ok(vec![
        Table {
            fields,
            ..table("one_key", &["id"])
        },
        table("two_keys", &["shop", "id"]),
        table("no_key", &[]),
    ])
}

fn field(name: &str, type_: FieldType, default: Option<&str>) -> Field {
    Field {
        name: name.to_owned(),
        type_,
        default: default.map(str::to_owned),
    }
}

fn fetch_page(_table: String, _state: String) -> Result<Page, Error> {
    last_page("[]", "{}")
}

connector!(schema, fetch_page);
