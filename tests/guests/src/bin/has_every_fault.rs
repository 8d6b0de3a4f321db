//! One table for each mistake that an author can make, and one without a mistake.
//! `check` must find each, and nothing else.

use serde_json::{Value, json};
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use weld_test_guests::{Error, Field, FieldType, Page, Table, connector, host, last_page, table};

fn field(name: &str, type_: &str) -> Field {
    Field {
        name: name.to_owned(),
        type_: FieldType::Named(type_.to_owned()),
        default: None,
    }
}

/// A table whose key is a number.
fn table_of_ids(name: &str) -> Table {
    Table {
        fields: vec![field("id", "long")],
        ..table(name, &["id"])
    }
}

fn schema() -> Result<Vec<Table>, Error> {
    let mut tables: Vec<Table> = [
        "good",
        "key_null",
        "key_twice",
        "unrepeatable",
        "stuck",
        "repeats",
        "fails_to_resume",
        "misconfigured",
        "unauthorized",
        "fails",
        "keeps_a_refusal_to_itself",
        "Good",
        "is odd",
        "counts_far",
        "counts_in_text",
    ]
    .map(table_of_ids)
    .into();
    tables.push(Table {
        fields: vec![field("id", "int"), field("name", "string")],
        ..table("key_missing", &["id"])
    });
    tables.push(Table {
        fields: vec![field("id", "int"), field("size", "strng")],
        ..table("other_kinds", &["id"])
    });
    tables.push(Table {
        fields: vec![field("id", "int")],
        ..table("no_key", &[])
    });
    tables.push(table("undeclared", &["id"]));
    tables.push(table_of_ids("declared_in_part"));
    tables.push(Table {
        fields: vec![field("id", "int"), field("custmer", "string")],
        ..table("misspelled", &["id"])
    });
    tables.push(Table {
        fields: vec![field("id", "int"), field("name", "string")],
        ..table("mistyped", &["id"])
    });
    tables.push(Table {
        fields: vec![field("id", "int"), field("name", "string")],
        ..table("lacks_a_field", &["id"])
    });
    tables.push(Table {
        fields: vec![
            field("id", "int"),
            field("at", "datetime"),
            field("on", "date"),
        ],
        ..table("odd_times", &["id"])
    });
    Ok(tables)
}

fn page(rows: &Value, state: &Value, has_more: bool) -> Result<Page, Error> {
    Ok(Page {
        insert: rows.to_string(),
        state: state.to_string(),
        has_more,
        wait: None,
    })
}

fn fetch_page(table: String, state: String) -> Result<Page, Error> {
    let position = serde_json::from_str::<Value>(&state)
        .ok()
        .and_then(|state| state.get("position")?.as_u64())
        .unwrap_or_default();
    let next = json!({ "position": position + 1 });
    let rows = match table.as_str() {
        "good" | "Good" | "is odd" | "no_key" => {
            return page(&json!([{ "id": position }]), &next, position < 3);
        }
        "key_missing" => json!([{ "id": 1 }, { "name": "a" }]),
        "key_null" => json!([{ "id": null }]),
        "key_twice" => json!([{ "id": 1 }, { "id": 1 }]),
        "other_kinds" => json!([{ "id": 1, "size": 1 }, { "id": 2, "size": "large" }]),
        "unrepeatable" => json!([{ "id": RandomState::new().hash_one(1) >> 12 }]),
        "stuck" => return page(&json!([]), &json!({}), true),
        "repeats" => return page(&json!([{ "id": 1 }]), &next, true),
        "fails_to_resume" if position > 0 => {
            return Err(Error::InvalidState("what is this?".to_owned()));
        }
        "fails_to_resume" => return page(&json!([{ "id": 1 }]), &next, true),
        "undeclared" => json!([{ "id": 1, "paid": true }]),
        "declared_in_part" => json!([{ "id": 1, "total": 1 }, { "id": 2, "total": 1.5 }]),
        "misspelled" => json!([{ "id": 1, "customer": "a" }]),
        "misconfigured" => return Err(Error::Misconfigured("API_KEY is not set".to_owned())),
        "unauthorized" => return Err(Error::Unauthorized("the key has expired".to_owned())),
        "fails" => return Err(Error::Upstream("it is down".to_owned())),
        "keeps_a_refusal_to_itself" => {
            let _nobody_hears_of_it = host::http_fetch(&host::HttpRequest {
                method: "GET".to_owned(),
                url: "https://api.example.com/beers".to_owned(),
                headers: Vec::new(),
                body: None,
                timeout: None,
                idempotent: None,
                credential: None,
            });
            json!([])
        }
        "counts_far" => {
            let far = json!({ "after": { "ids": [1, 9_007_199_254_740_993_u64] } });
            return page(&json!([{ "id": 1 }]), &far, false);
        }
        "counts_in_text" => {
            let far =
                json!({ "after": { "ids": [9_007_199_254_740_992_u64, "9007199254740993"] } });
            return page(&json!([{ "id": 1 }]), &far, false);
        }
        "mistyped" => json!([{ "id": "one", "name": "a" }]),
        "odd_times" => {
            json!([{ "id": 1, "at": "2026-06-01 12:30", "on": "2026-06-01" }, { "id": 2, "at": "June", "on": null }])
        }
        "lacks_a_field" => json!([{ "id": 1 }]),
        _ => return Err(Error::UnknownTable),
    };
    last_page(rows.to_string(), next.to_string())
}

connector!(schema, fetch_page);
