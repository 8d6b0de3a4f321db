//! Tests every way of paging, to the last row.

use serde_json::Value;

use super::Running;
use crate::demo::server::MAX_SCALE;
use crate::demo::{DemoConfig, Table};

fn expected(table: Table) -> Vec<Value> {
    table
        .rows(1)
        .map(|row| serde_json::from_str(&row).unwrap())
        .collect()
}

#[tokio::test]
async fn page_numbers_offsets_and_keys_reach_every_row() {
    let api = Running::start(DemoConfig::default()).await;
    let beers = (1..=5)
        .map(|page| format!("/beers?page={page}&per_page=80"))
        .collect();
    let breweries = (0..5)
        .map(|page| format!("/breweries?offset={}&limit=50", page * 50))
        .collect();
    let customers = (0..5)
        .map(|page| format!("/customers?after_id={}&limit=60", page * 60))
        .collect();
    let walks: [(Table, Vec<String>); 3] = [
        (Table::Beers, beers),
        (Table::Breweries, breweries),
        (Table::Customers, customers),
    ];
    for (table, paths) in walks {
        let mut rows = Vec::new();
        for path in paths {
            rows.extend(api.get(&path).await.rows());
        }
        assert_eq!(rows, expected(table), "{}", table.name());
        let stats = api.get("/_stats").await.body;
        assert_eq!(stats[table.name()]["requests"], 5);
        assert_eq!(stats[table.name()]["rows"], table.count(1));
    }
}

#[tokio::test]
async fn cursors_reach_every_review() {
    let api = Running::start(DemoConfig::default()).await;
    let mut path = String::from("/reviews?limit=80");
    let mut rows = Vec::new();
    loop {
        let page = api.get(&path).await.body;
        rows.extend(page["reviews"].as_array().unwrap().clone());
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("/reviews?limit=80&cursor={cursor}");
    }
    assert_eq!(rows, expected(Table::Reviews));
    assert_eq!(api.get("/_stats").await.body["reviews"]["requests"], 5);
}

#[tokio::test]
async fn orders_continue_after_a_time_and_an_id() {
    let api = Running::start(DemoConfig::default()).await;
    let mut path = String::from("/orders?limit=50");
    let mut rows = Vec::new();
    loop {
        let page = api.get(&path).await.rows();
        let Some(last) = page.last() else { break };
        let (time, id) = (last["updated_at"].as_str().unwrap(), &last["id"]);
        path = format!("/orders?limit=50&updated_since={time}&after_id={id}");
        rows.extend(page);
    }
    assert_eq!(rows, expected(Table::Orders));
}

#[tokio::test]
async fn changed_orders_are_found_by_their_time() {
    let api = Running::start(DemoConfig::default()).await;
    let orders = expected(Table::Orders);
    let newest = orders[259]["updated_at"].as_str().unwrap();
    let touched = api.post("/orders/7/touch").await;
    let added = api.post("/orders").await;
    let dated = api.post(&format!("/orders/8/touch?at={newest}")).await;
    assert_eq!(
        (&touched["id"], &touched["revision"]),
        (&7.into(), &2.into())
    );
    assert_eq!((&added["id"], &added["revision"]), (&261.into(), &1.into()));

    let changed = api
        .get(&format!("/orders?updated_since={newest}"))
        .await
        .rows();
    assert_eq!(
        changed,
        [
            dated,
            orders[258].clone(),
            orders[259].clone(),
            touched,
            added
        ]
    );
}

#[tokio::test]
async fn the_largest_api_serves_its_last_rows() {
    let api = Running::start(DemoConfig {
        scale: MAX_SCALE,
        ..DemoConfig::default()
    })
    .await;
    let last = api.get("/beers?page=40625&per_page=80").await.rows();
    assert_eq!(last.len(), 80);
    assert_eq!(last[79]["id"], 3_250_000);
    for beyond in [
        "/beers?page=18446744073709551615&per_page=80",
        "/customers?after_id=18446744073709551615",
    ] {
        assert_eq!(api.get(beyond).await.rows().len(), 0, "{beyond}");
    }
    let orders = api
        .get("/orders?updated_since=2023-01-01T00:00:00Z")
        .await
        .rows();
    assert_eq!(orders.len(), 50);
    assert!(orders[49]["updated_at"].as_str().unwrap() < "2024");
}
