//! Describes tables that no warehouse can create, malformed in the way that the variable MISTAKE says.
//! The host must answer `invalid_schema`.

use weld_test_guests::{Error, Field, FieldType, Page, Table, connector, last_page, table};

fn schema() -> Result<Vec<Table>, Error> {
    let named = |name: &str| field(name, FieldType::Named("int".to_owned()));
    let described = |json: &str| field("id", FieldType::Described(json.to_owned()));
    let default = |json: &str| Field {
        default: Some(json.to_owned()),
        ..named("id")
    };
    let with = |fields| {
        Ok(vec![Table {
            fields,
            ..table("rows", &["id"])
        }])
    };
    match std::env::var("MISTAKE").unwrap_or_default().as_str() {
        "table_twice" => Ok(vec![table("rows", &["id"]), table("rows", &["id"])]),
        "field_twice" => with(vec![named("id"), named("id")]),
        "field_without_name" => with(vec![named("")]),
        "key_column_twice" => Ok(vec![table("rows", &["id", "id"])]),
        "type_no_json" => with(vec![described("[null, string]")]),
        "type_with_more_values" => with(vec![described(r#""int", "default": 1"#)]),
        "default_no_json" => with(vec![default("none")]),
        _ => with(vec![named("id")]),
    }
}

fn field(name: &str, type_: FieldType) -> Field {
    Field {
        name: name.to_owned(),
        type_,
        default: None,
    }
}

fn fetch_page(_table: String, _state: String) -> Result<Page, Error> {
    last_page("[]", "{}")
}

connector!(schema, fetch_page);
