//! The example connector against the demo API: every way of paging to its last row, and again for later changes.

use crate::{assert_error, host};
use serde_json::{Value, json};
use weld_host::demo::{DemoConfig, EXAMPLE_CONNECTOR, Table};
use weld_host_tests::demo_api::{Api, TOKEN, unlimited};

/// The rows that a table of the API has, in the API's order.
fn rows_of(table: Table) -> Vec<Value> {
    table
        .rows(1)
        .map(|row| serde_json::from_str(&row).expect("a row is JSON"))
        .collect()
}

fn ids(rows: &[Value]) -> Vec<u64> {
    rows.iter()
        .map(|row| row["id"].as_u64().expect("an id"))
        .collect()
}

#[test]
fn schema_declares_key_and_typed_fields_of_every_table() {
    let api = Api::start(unlimited());
    let answer = host()
        .example(&api.config(""))
        .start()
        .weld("beers")
        .schema();
    assert_eq!(answer.status(), 200, "{}", answer.text());
    for table in Table::ALL {
        let declared = answer.json()["schema"][table.name()].clone();
        assert_eq!(declared["primary_key"], "id", "{declared}");
        let fields = declared["fields"].as_array().expect("fields");
        let row = &rows_of(table)[0];
        for column in row.as_object().expect("an object").keys() {
            let field = fields.iter().find(|field| field["name"] == *column);
            assert!(
                field.is_some_and(|field| !field["type"].is_null()),
                "{}.{column}",
                table.name()
            );
        }
        assert_eq!(
            fields.len(),
            row.as_object().unwrap().len(),
            "{}",
            table.name()
        );
    }
}

#[test]
fn every_way_of_paging_fetches_every_row_once_and_in_order() {
    let api = Api::start(unlimited());
    let host = host().example(&api.config("")).start();
    for table in Table::ALL {
        let synced = host.weld("beers").sync(table.name(), &json!({}));
        assert!(
            synced.pages >= 3,
            "{}: only {} pages",
            table.name(),
            synced.pages
        );
        assert_eq!(
            ids(&synced.rows),
            (1..=table.count(1)).collect::<Vec<_>>(),
            "{}",
            table.name()
        );
        assert_eq!(synced.rows, rows_of(table), "{}", table.name());
    }
}

#[test]
fn rows_arrive_as_the_api_wrote_them() {
    let api = Api::start(unlimited());
    let text = host()
        .example(&api.config(""))
        .start()
        .weld("beers")
        .page("beers", &json!({}))
        .text();
    for index in [0, 1, 79] {
        assert!(text.contains(&Table::Beers.row(index)), "row {index}");
    }
}

#[test]
fn state_of_beers_is_the_one_in_the_guide() {
    let api = Api::start(DemoConfig::default());
    let page = host()
        .example(&api.config(""))
        .start()
        .weld("beers")
        .good_page("beers", &json!({}));
    assert_eq!(
        page["state"],
        json!({ "next_page": 2, "ratelimit": { "remaining": 3599, "limit": 3600 } })
    );
    assert_eq!(page["hasMore"], json!(true));
}

#[test]
fn table_without_changes_is_fetched_again_by_the_next_sync() {
    let api = Api::start(unlimited());
    let host = host().example(&api.config("")).start();
    for table in [Table::Beers, Table::Breweries] {
        let first = host.weld("beers").sync(table.name(), &json!({}));
        let second = host.weld("beers").sync(table.name(), &first.state);
        assert_eq!(second.rows, first.rows, "{}", table.name());
    }
}

#[test]
fn second_sync_of_orders_fetches_only_what_changed() {
    let api = Api::start(unlimited());
    let host = host().example(&api.config("")).start();
    let first = host.weld("beers").sync("orders", &json!({}));
    assert_eq!(first.rows.len() as u64, Table::Orders.count(1));

    let touched = api.post("/orders/3/touch");
    let added = api.post("/orders");
    let second = host.weld("beers").sync("orders", &first.state);
    assert!(
        second.rows.contains(&touched),
        "the changed order in its present form: {:?}",
        second.rows
    );
    assert!(
        second.rows.contains(&added),
        "the new order: {:?}",
        second.rows
    );
    assert!(
        second.rows.len() < 10,
        "and little else: {:?}",
        ids(&second.rows)
    );

    let third = host.weld("beers").sync("orders", &second.state);
    assert!(
        !ids(&third.rows).contains(&1),
        "no old order is sent again: {:?}",
        ids(&third.rows)
    );
    assert!(
        third.rows.len() <= second.rows.len(),
        "{:?}",
        ids(&third.rows)
    );
}

#[test]
fn every_failure_has_its_kind() {
    let api = Api::start(unlimited());
    let origin = format!("http://{}", api.address);
    let allow = format!("[network]\nallow = [\"{origin}\"]");
    let base = format!("API_BASE_URL = \"{origin}\"");
    for (config, table, state, status, kind, words) in [
        (
            format!("[env]\n{base}\nAPI_BEARER_TOKEN = \"wrong\"\n{allow}"),
            "beers",
            json!({}),
            502,
            "upstream_unauthorized",
            "",
        ),
        (
            format!("[env]\n{base}\n{allow}"),
            "beers",
            json!({}),
            500,
            "misconfigured",
            "API_BEARER_TOKEN",
        ),
        (
            format!("[env]\n{base}\nAPI_BEARER_TOKEN = \"{TOKEN}\""),
            "beers",
            json!({}),
            500,
            "misconfigured",
            origin.as_str(),
        ),
        (
            format!("[env]\n{base}\nAPI_BEARER_TOKEN = \"{TOKEN}\"\n{allow}"),
            "beers",
            json!({ "next_page": "two" }),
            500,
            "invalid_state",
            "",
        ),
        (
            format!("[env]\n{base}\nAPI_BEARER_TOKEN = \"{TOKEN}\"\n{allow}"),
            "wines",
            json!({}),
            404,
            "unknown_table",
            "",
        ),
        (
            format!("[env]\n{base}/nowhere\nAPI_BEARER_TOKEN = \"{TOKEN}\"\n{allow}")
                .replace("\"/nowhere", "/nowhere\""),
            "beers",
            json!({}),
            502,
            "upstream_failed",
            "",
        ),
    ] {
        let answer = host()
            .example(&config)
            .start()
            .weld("beers")
            .page(table, &state);
        let message = assert_error(&answer, status, kind);
        assert!(message.contains(words), "{kind}: {message}");
        assert!(!message.contains(TOKEN), "{kind}: {message}");
    }
}

#[test]
fn component_is_as_small_as_promised() {
    assert!(
        EXAMPLE_CONNECTOR.len() <= 250_000,
        "{} bytes",
        EXAMPLE_CONNECTOR.len()
    );
}
