//! Names that are special to SQL, a file system or a terminal: each table and column is found under its own name.

use super::desk;
use serde_json::{Value, json};
use std::fs;
use weld_host_tests::paged::{JSON, paged, state};
use weld_host_tests::tables::{rows, states};
use weld_host_tests::upstream::Upstream;

/// Columns of one table: the name in its rows, and the name in SQLite.
const COLUMNS: &[(&str, &str)] = &[
    ("id", "id"),
    ("a", "a"),
    ("A", "A_2"),
    ("Ä", "Ä"),
    ("ä", "ä"),
    ("\"quoted\"", "\"quoted\""),
    ("'", "'"),
    ("select", "select"),
    ("SELECT", "SELECT_2"),
    ("`", "`"),
    ("]", "]"),
    ("[x]", "[x]"),
    ("", "column"),
    (" ", " "),
    ("a\nb", "a\nb"),
    ("x\0y", "x_y"),
    ("x_y", "x_y_2"),
    ("rowid", "rowid_2"),
    ("_weld_state", "_weld_state"),
    ("--", "--"),
    ("a); DROP TABLE rows; --", "a); DROP TABLE rows; --"),
    ("?1", "?1"),
    ("🍺", "🍺"),
];

/// Tables of one connector: the name in the connector, the name in SQLite, and the file in a folder.
const TABLES: &[(&str, &str, &str)] = &[
    ("orders", "orders", "orders.jsonl"),
    ("Orders", "Orders_2", "Orders_2.jsonl"),
    ("ORDERS", "ORDERS_3", "ORDERS_3.jsonl"),
    ("orders_2", "orders_2_2", "orders_2_2.jsonl"),
    ("sqlite_x", "table_sqlite_x", "sqlite_x.jsonl"),
    ("SELECT", "SELECT", "SELECT.jsonl"),
    ("_weld_state", "table__weld_state", "_weld_state.jsonl"),
    (
        "_weld_key_orders",
        "table__weld_key_orders",
        "_weld_key_orders.jsonl",
    ),
    ("a\"b", "a\"b", "a_b.jsonl"),
    ("../x", "../x", "_._x.jsonl"),
    ("/etc/passwd", "/etc/passwd", "_etc_passwd.jsonl"),
    (".", ".", "_.jsonl"),
    ("..", "..", "_..jsonl"),
    ("-", "-", "-.jsonl"),
    ("CON", "CON", "CON.jsonl"),
    ("_weld.json", "_weld.json", "_weld.json.jsonl"),
    ("a\nb", "a\nb", "a_b_2.jsonl"),
    ("x\0y", "x_y", "x_y.jsonl"),
    ("", "table", "table.jsonl"),
    ("🍺", "🍺", "__2.jsonl"),
];

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[test]
fn every_column_is_found_under_its_own_name() {
    let long = "n".repeat(10_000);
    let columns: Vec<(&str, &str)> = [COLUMNS, &[(&long, &long)]].concat();
    let row = |offset: usize| {
        let members: Vec<_> = columns
            .iter()
            .enumerate()
            .map(|(place, (name, _))| format!("{}: {}", json!(name), place + offset))
            .collect();
        members.join(", ")
    };
    let pages = [1000, 2000].map(|offset| format!("[{{{}}}]", row(offset)));
    let all: Vec<_> = columns
        .iter()
        .map(|(name, _)| json!({"name": name, "type": "integer"}))
        .collect();
    for fields in [json!(all), json!([])] {
        let schema = json!({"schema": {"rows": {"primary_key": ["id", ""], "fields": fields}}});
        let schema = schema.to_string();
        let server = paged(&schema, &pages.each_ref().map(String::as_bytes));
        let declared = !fields.as_array().unwrap().is_empty();
        let desk = desk();
        for run in 1..=2 {
            desk.good(&[&server.origin(), "--to", "rows.sqlite", "--quiet"]);
            let stored = rows(&desk.database("rows.sqlite"), "rows", "id");
            assert_eq!(stored.rows.len(), 2, "declared: {declared}, run {run}");
            for (place, (name, sql_name)) in columns.iter().enumerate() {
                let column = stored.columns.iter().position(|column| column == sql_name);
                let column = column.unwrap_or_else(|| panic!("{name:?} as {sql_name:?}"));
                for (row, offset) in stored.rows.iter().zip([1000, 2000]) {
                    let value = (place + offset) as i64;
                    assert_eq!(row[column], value.into(), "{name:?} as {sql_name:?}");
                }
            }
            assert_eq!(stored.columns.len(), columns.len());
            // Once more into a table that already has all columns.
            desk.good(&["state", "reset", "rows.sqlite", "rows"]);
        }
    }
}

/// A connector of [`TABLES`], each with one row that contains its name.
fn tables() -> Upstream {
    let members: Vec<_> = TABLES
        .iter()
        .map(|(name, ..)| format!("{}: {{}}", json!(name)))
        .collect();
    let schema = format!(r#"{{"schema": {{{}}}}}"#, members.join(", "));
    Upstream::start(move |request, exchange| {
        if request.target().ends_with("/schema") {
            exchange.answer(200, &[JSON], &schema);
            return;
        }
        let asked = request.json();
        let is_first = asked["state"] == json!({});
        let rows = if is_first {
            json!([{"name": asked["name"]}])
        } else {
            json!([])
        };
        let answer = json!({"insert": rows, "state": {"name": asked["name"]}, "hasMore": false});
        exchange.answer(200, &[JSON], answer.to_string());
    })
}

#[test]
fn every_table_is_found_under_its_own_name() {
    let server = tables();
    let url = server.origin();
    let desk = desk();
    for _ in 0..2 {
        desk.good(&[&url, "--to", "all.sqlite", "--quiet"]);
        let database = desk.database("all.sqlite");
        for (name, sql_name, _) in TABLES {
            let sql = format!("SELECT name FROM {}", quoted(sql_name));
            let found: Vec<String> = database
                .prepare(&sql)
                .unwrap_or_else(|error| panic!("{name:?} as {sql_name:?}: {error}"))
                .query_map([], |row| row.get(0))
                .unwrap()
                .collect::<Result<_, _>>()
                .unwrap();
            assert_eq!(found, [*name], "as {sql_name:?}");
        }
        let kept = states(&database);
        assert_eq!(kept.len(), TABLES.len());
        for (name, state) in kept {
            assert_eq!(state.parse::<Value>().unwrap(), json!({"name": name}));
        }

        desk.good(&[&url, "--to", "all/", "--quiet"]);
        for (name, _, file) in TABLES {
            let text = fs::read_to_string(desk.path("all").join(file)).unwrap();
            assert_eq!(
                text.parse::<Value>().unwrap(),
                json!({"name": name}),
                "{file}"
            );
        }
        let files = fs::read_dir(desk.path("all")).unwrap().count();
        assert_eq!(files, TABLES.len() + ["_weld.json", "_weld.lock"].len());
    }
    let outside: Vec<_> = fs::read_dir(desk.path(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with("all"))
        .collect();
    assert!(outside.is_empty(), "{outside:?}");

    let ended = desk.good(&[&url, "--to", "-", "--quiet"]);
    let lines = ended
        .stdout
        .iter()
        .map(|line| line.parse::<Value>().unwrap());
    let expected = TABLES
        .iter()
        .map(|(name, ..)| json!({"table": name, "row": {"name": name}}));
    assert!(lines.eq(expected), "{:?}", ended.stdout);
}

#[test]
fn names_that_would_control_a_terminal_are_escaped() {
    let name = "a\n\u{1b}[2J\u{9b}1m\u{202e}";
    let is_plain = |line: &String| {
        !line
            .chars()
            .any(|character| character.is_control() || character == '\u{202e}')
    };
    let schema = |table: Value| {
        let name = json!(name);
        format!(r#"{{"schema": {{{name}: {table}}}}}"#)
    };
    let twice = format!(r#"[{{{0}: {0}}}, {{{0}: {0}}}]"#, json!(name));
    let server = paged(&schema(json!({"primary_key": name})), &[twice.as_bytes()]);
    let url = server.origin();
    let desk = desk();
    let ended = desk.good(&[&url, "--to", "rows.sqlite"]);
    assert!(ended.stderr.iter().all(is_plain), "{ended:?}");
    let warning = ended.stderr.iter().find(|line| line.contains("warning"));
    assert!(warning.is_some(), "{ended:?}");
    assert_eq!(
        states(&desk.database("rows.sqlite")),
        [(name.to_owned(), state(1))]
    );

    let line = desk.mistake(&[&url, "--to", "strict.sqlite", "--strict"]);
    assert!(is_plain(&line), "{line:?}");
    let server = paged(
        &schema(json!({"primary_key": "other"})),
        &[br#"[{"other": 1}]"#],
    );
    desk.good(&["state", "set", "rows.sqlite", name, "{}"]);
    let line = desk.mistake(&[&server.origin(), "--to", "rows.sqlite"]);
    assert!(is_plain(&line) && line.contains("--full"), "{line:?}");
    let server = paged(&schema(json!(7)), &[]);
    let line = desk.mistake(&[&server.origin(), "--to", "rows.sqlite"]);
    assert!(is_plain(&line) && line.contains("is a number"), "{line:?}");
}
