//! `weld-host sync` as a data engineer runs it: rows from a running host or a component, into each destination.

use super::{KEY, beers, desk};
use rusqlite::Connection;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use weld_host::demo::{EXAMPLE_CONNECTOR, Table};
use weld_host_tests::demo_api::{Api, unlimited};
use weld_host_tests::process::Process;
use weld_host_tests::tables::{assert_synced, rows, states};

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
fn states_are_shown_set_and_reset() {
    let api = Api::start(unlimited());
    let (_host, url) = beers(&api);
    let all_orders = Table::Orders.count(1);
    for to in ["shop.sqlite", "shop/"] {
        let desk = desk();
        let sync = || {
            let before = api.served(Table::Orders);
            desk.good(&[
                &url, "--key", KEY, "--to", to, "--table", "orders", "--quiet",
            ]);
            api.served(Table::Orders) - before
        };
        assert_eq!(sync(), all_orders, "{to}");
        let shown = desk.good(&["state", "show", to]).stdout;
        let [line] = shown.as_slice() else {
            panic!("one state: {shown:?}");
        };
        let (table, state) = line.split_once('\t').expect("a tab");
        assert_eq!(table, "orders");
        assert!(
            state.parse::<Value>().unwrap()["updated_since"].is_string(),
            "{line}"
        );

        desk.good(&["state", "reset", to, "orders"]);
        assert!(desk.good(&["state", "show", to]).stdout.is_empty(), "{to}");
        assert_eq!(sync(), all_orders, "from its beginning: {to}");

        desk.good(&["state", "set", to, "orders", "{}"]);
        assert_eq!(
            desk.good(&["state", "show", to, "orders"]).stdout,
            ["orders\t{}"]
        );
        assert_eq!(sync(), all_orders, "{to}");
        desk.good(&["state", "set", to, "orders", state]);
        assert!(sync() < 10, "from the state that was set: {to}");

        for (arguments, words) in [
            (&["state", "set", to, "orders", "[1]"][..], "object"),
            (&["state", "set", to, "orders", "{"], "JSON"),
            (&["state", "show", to, "wines"], "wines"),
            (&["state", "reset", to, "wines"], "wines"),
            (&["state", "show", "nowhere.sqlite"], "nowhere.sqlite"),
        ] {
            let ended = desk.run(arguments);
            assert_eq!(ended.status.code(), Some(1), "{arguments:?}: {ended:?}");
            assert!(
                ended.stderr.len() == 1 && ended.stderr[0].contains(words),
                "{arguments:?}: {ended:?}"
            );
        }
        assert!(!desk.path("nowhere.sqlite").exists());
    }
}
