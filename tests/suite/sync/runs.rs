//! `weld-host sync` as a data engineer runs it: rows from a running host or a component, into each destination.

use super::{KEY, beers, desk};
use rusqlite::Connection;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use weld_host::demo::{EXAMPLE_CONNECTOR, Table};
use weld_host_tests::demo_api::{Api, unlimited};
use weld_host_tests::paged::paged;
use weld_host_tests::process::Process;
use weld_host_tests::tables::{assert_synced, rows, states};
use weld_host_tests::upstream::Upstream;

const SCHEMA: &str = r#"{"schema": {"rows": {"primary_key": "id"}}}"#;

fn parsed(lines: &[String]) -> Vec<Value> {
    lines
        .iter()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

fn sent(table: Table) -> Vec<Value> {
    table
        .rows(1)
        .map(|row| serde_json::from_str(&row).expect("a row is JSON"))
        .collect()
}

fn tables_of(database: &Connection) -> Vec<String> {
    database
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\' ORDER BY name")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap()
}

#[test]
fn every_table_of_a_running_host_is_synced_and_the_next_run_is_incremental() {
    let api = Api::start(unlimited());
    let (_host, url) = beers(&api);
    let desk = desk();
    let sync = [url.as_str(), "--key", KEY, "--to", "shop.sqlite", "--quiet"];
    let all_orders = Table::Orders.count(1);

    desk.good(&sync);
    assert_eq!(api.served(Table::Orders), all_orders);
    let database = desk.database("shop.sqlite");
    for table in Table::ALL {
        assert_synced(&database, table, 1);
    }
    assert_eq!(states(&database).len(), Table::ALL.len());
    database
        .execute("INSERT INTO orders (id) VALUES (999999)", [])
        .unwrap();
    drop(database);

    desk.good(&sync);
    let again = api.served(Table::Orders) - all_orders;
    assert!(again < 10, "only what may have changed: {again} rows");
    let database = desk.database("shop.sqlite");
    assert_eq!(
        rows(&database, "orders", "id").rows.len() as u64,
        all_orders + 1
    );
    drop(database);

    desk.good(&[&sync[..], &["--full"]].concat());
    assert_eq!(api.served(Table::Orders), all_orders + again + all_orders);
    let database = desk.database("shop.sqlite");
    for table in Table::ALL {
        assert_synced(&database, table, 1);
    }
}

#[test]
fn without_flags_the_database_is_named_after_the_connector_and_a_summary_is_printed() {
    let api = Api::start(unlimited());
    let (_host, url) = beers(&api);
    let desk = desk();
    let ended = Process::start(desk.command(&[&url]).env("WELD_API_KEY", KEY)).wait();
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert!(
        ended.stdout.is_empty(),
        "stdout is for rows and JSON: {ended:?}"
    );
    assert!(
        !ended.stderr.iter().any(|line| line.contains(KEY)),
        "{ended:?}"
    );
    let total = ended.stderr.iter().find(|line| line.starts_with("total"));
    let rows: u64 = Table::ALL.iter().map(|table| table.count(1)).sum();
    assert!(
        total.is_some_and(|line| line.split_whitespace().any(|word| word == rows.to_string())),
        "{ended:?}"
    );
    assert_synced(&desk.database("beers.sqlite"), Table::Beers, 1);
}

#[test]
fn component_is_synced_with_the_configuration_next_to_it() {
    let api = Api::start(unlimited());
    let desk = desk();
    fs::write(desk.path("shop.wasm"), EXAMPLE_CONNECTOR).unwrap();
    fs::write(desk.path("shop.toml"), api.config("")).unwrap();
    let ended = desk.good(&["shop.wasm", "--quiet"]);
    assert!(
        ended.stdout.is_empty() && ended.stderr.is_empty(),
        "{ended:?}"
    );
    let database = desk.database("shop.sqlite");
    for table in Table::ALL {
        assert_synced(&database, table, 1);
    }
}

#[test]
fn only_the_named_tables_are_synced() {
    let api = Api::start(unlimited());
    let (_host, url) = beers(&api);
    let desk = desk();
    let tables = ["--table", "orders", "--table", "beers"];
    let ended = desk.good(
        &[
            &[url.as_str(), "--key", KEY, "--to", "two.sqlite", "--quiet"],
            &tables[..],
        ]
        .concat(),
    );
    assert!(
        ended.stdout.is_empty() && ended.stderr.is_empty(),
        "{ended:?}"
    );
    let database = desk.database("two.sqlite");
    assert_eq!(tables_of(&database), ["beers", "orders"]);
    assert_synced(&database, Table::Beers, 1);
    assert_synced(&database, Table::Orders, 1);
    assert_eq!(api.served(Table::Customers), 0);
}

#[test]
fn folder_gets_a_file_of_rows_for_each_table() {
    let api = Api::start(unlimited());
    let (_host, url) = beers(&api);
    let desk = desk();
    let sync = [url.as_str(), "--key", KEY, "--to", "rows/", "--quiet"];
    desk.good(&sync);
    for table in Table::ALL {
        let text = fs::read_to_string(desk.path(&format!("rows/{}.jsonl", table.name()))).unwrap();
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        assert_eq!(parsed(&lines), sent(table), "{}", table.name());
    }
    let before = api.served(Table::Orders);
    desk.good(&[&sync[..], &["--table", "orders"]].concat());
    assert!(
        api.served(Table::Orders) - before < 10,
        "the folder has the state, too"
    );
}

#[test]
fn stdout_gets_every_row_with_its_table() {
    let api = Api::start(unlimited());
    let (_host, url) = beers(&api);
    let ended = desk().good(&[&url, "--key", KEY, "--to", "-"]);
    let mut by_table: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for line in parsed(&ended.stdout) {
        let table = line["table"].as_str().expect("a table").to_owned();
        by_table.entry(table).or_default().push(line["row"].clone());
    }
    assert_eq!(by_table.len(), Table::ALL.len());
    for table in Table::ALL {
        assert_eq!(by_table[table.name()], sent(table), "{}", table.name());
    }
}

#[test]
fn events_are_json_and_end_in_a_summary() {
    let api = Api::start(unlimited());
    let (_host, url) = beers(&api);
    let desk = desk();
    let ended = desk.good(&[&url, "--key", KEY, "--json"]);
    assert!(ended.stderr.is_empty(), "{ended:?}");
    let events = parsed(&ended.stdout);
    assert_eq!(events[0]["event"], "tables");
    let mut announced: Vec<&str> = events[0]["tables"]
        .as_array()
        .expect("tables")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let mut expected = Table::ALL.map(Table::name);
    announced.sort_unstable();
    expected.sort_unstable();
    assert_eq!(announced, expected);
    for table in Table::ALL {
        let of_table = |kind: &'static str| {
            events
                .iter()
                .filter(move |event| event["event"] == kind && event["table"] == table.name())
        };
        assert_eq!(of_table("table-began").count(), 1, "{}", table.name());
        let rows: u64 = of_table("page")
            .filter_map(|page| page["rows"].as_u64())
            .sum();
        assert_eq!(rows, table.count(1), "{}", table.name());
        let done: Vec<_> = of_table("table-done").collect();
        assert_eq!(done.len(), 1, "{}", table.name());
        assert_eq!(done[0]["rows"], json!(rows));
        assert_eq!(done[0]["pages"], json!(of_table("page").count()));
    }
    let summary = events.last().expect("events");
    let rows: u64 = Table::ALL.iter().map(|table| table.count(1)).sum();
    assert_eq!(summary["event"], "summary");
    assert_eq!(
        (&summary["rows"], &summary["stopped"]),
        (&json!(rows), &json!(false))
    );
    let line = desk.run(&[&url, "--key", KEY, "--json", "--to", "-"]);
    assert_eq!(
        line.status.code(),
        Some(1),
        "rows and events would mix: {line:?}"
    );
}

#[test]
fn new_rows_and_updates_are_counted_separately_in_tables_with_keys() {
    let first = paged(SCHEMA, &[br#"[{"id": 1}, {"id": 2}]"#, br#"[{"id": 3}]"#]);
    let second = paged(SCHEMA, &[br#"[{"id": 2}, {"id": 4}, {"id": 4}]"#]);
    let desk = desk();
    let summary = |server: &Upstream, to: &str| {
        let sync = [&server.origin(), "--to", to, "--json"];
        let events = parsed(&desk.good(&sync).stdout);
        desk.good(&["state", "set", to, "rows", "{}"]);
        let counts = |event: &str| {
            let event = events.iter().rfind(|line| line["event"] == event);
            let event = event.expect("the event");
            json!([event["rows"], event["inserted"], event["updated"]])
        };
        assert_eq!(counts("table-done"), counts("summary"));
        [counts("page"), counts("summary")]
    };
    assert_eq!(
        summary(&first, "r.sqlite"),
        [json!([1, 1, 0]), json!([3, 3, 0])]
    );
    assert_eq!(
        summary(&second, "r.sqlite"),
        [json!([3, 1, 2]), json!([3, 1, 2])]
    );
    let lines = json!([3, null, null]);
    assert_eq!(summary(&second, "r/"), [lines.clone(), lines]);

    let shown = |to: &str| desk.good(&[&second.origin(), "--to", to]).stderr;
    let of_sqlite = shown("r.sqlite");
    assert!(
        of_sqlite.contains(&"rows: done, 3 rows (0 new, 3 updated)".to_owned()),
        "{of_sqlite:?}"
    );
    let words = |lines: &[String], first: &str| {
        let line = lines.iter().find(|line| line.starts_with(first));
        let words = line.expect("the line").split_whitespace();
        words.take(5).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(
        words(&of_sqlite, "table"),
        ["table", "pages", "rows", "updated", "size"]
    );
    assert_eq!(words(&of_sqlite, "total")[..4], ["total", "1", "3", "3"]);
    let of_lines = shown("r/");
    assert_eq!(words(&of_lines, "table")[2..], ["rows", "size", "seconds"]);
    assert!(
        of_lines.contains(&"rows: done, 3 rows".to_owned()),
        "{of_lines:?}"
    );
}
