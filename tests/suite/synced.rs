//! What the tests of `weld-host sync` share: the command, connectors, and what a database holds.

use crate::example::{Api, TOKEN};
use crate::{PROGRAM, host};
use rusqlite::Connection;
use rusqlite::types::Value as Sql;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tempfile::TempDir;
use weld_host::demo::{EXAMPLE_CONNECTOR, Table};
use weld_host_tests::gate::Gate;
use weld_host_tests::host::Host;
use weld_host_tests::process::{Ended, Process};
use weld_host_tests::upstream::Upstream;
use weld_host_tests::weld::Request;

pub(crate) const KEY: &str = "correct horse";

/// The header of an answer in JSON.
pub(crate) const JSON: (&str, &str) = ("content-type", "application/json");

/// A folder in which syncs run, and leave what they write.
pub(crate) struct Desk(TempDir);

impl Desk {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().expect("a temporary folder"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// `weld-host sync` with these arguments.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command
            .arg("sync")
            .args(arguments)
            .env_clear()
            // In place of the user's cache folder.
            .env(
                "XDG_CACHE_HOME",
                Path::new(env!("CARGO_TARGET_TMPDIR")).join("sync"),
            )
            .current_dir(self.0.path());
        command
    }

    /// Starts it.
    pub(crate) fn start(&self, arguments: &[&str]) -> Process {
        Process::start(&mut self.command(arguments))
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        self.start(arguments).wait()
    }

    /// Runs it to an end that must be good.
    pub(crate) fn good(&self, arguments: &[&str]) -> Ended {
        let ended = self.run(arguments);
        assert_eq!(ended.status.code(), Some(0), "{arguments:?}: {ended:?}");
        ended
    }

    /// Runs it to an end in exit status 1, told in one line on stderr; answers the line.
    pub(crate) fn mistake(&self, arguments: &[&str]) -> String {
        only_line(&self.run(&[arguments, &["--quiet"]].concat()))
    }

    /// A column of numbers of the table `rows`, in the order in which its rows came.
    pub(crate) fn numbers(&self, to: &str, column: &str) -> Vec<i64> {
        if to.ends_with('/') {
            let text = fs::read_to_string(self.path(to).join("rows.jsonl")).expect("a file");
            let number = |line: &str| {
                let row: Value = serde_json::from_str(line).expect("a row is JSON");
                row[column].as_i64().expect("a number")
            };
            return text.lines().map(number).collect();
        }
        let database = self.database(to);
        let sql = format!("SELECT {column} FROM rows ORDER BY rowid");
        let mut query = database.prepare(&sql).expect("the table is there");
        let numbers = query.query_map([], |row| row.get(0)).expect("rows");
        numbers.collect::<Result<_, _>>().expect("numbers")
    }

    pub(crate) fn database(&self, name: &str) -> Connection {
        Connection::open(self.path(name)).expect("a database")
    }
}

/// What a run ended in that failed by a mistake, and told of it in one line on stderr alone.
pub(crate) fn only_line(ended: &Ended) -> String {
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert!(ended.stdout.is_empty(), "{ended:?}");
    let [line] = ended.stderr.as_slice() else {
        panic!("one line: {ended:?}");
    };
    assert!(line.starts_with("weld-host: "), "{line}");
    line.clone()
}

/// How the example connector is set up for this API.
pub(crate) fn config(api: &Api) -> String {
    let origin = format!("http://{}", api.address);
    format!(
        "[env]\nAPI_BASE_URL = \"{origin}\"\nPAUSE_MS = \"0\"\nAPI_BEARER_TOKEN = \"{TOKEN}\"\n\
         [network]\nallow = [\"{origin}\"]\n"
    )
}

/// A host that asks for [`KEY`], with the example connector for this API; and the connector's URL.
pub(crate) fn beers(api: &Api) -> (Host, String) {
    let host = host()
        .file("beers.wasm", EXAMPLE_CONNECTOR)
        .config("beers", &config(api))
        .variable("WELD_API_KEY", KEY)
        .start();
    let url = format!("http://{}/beers", host.address());
    (host, url)
}

/// A connector of two pages, without a key, so that a page that comes twice is seen; the second waits until it is let.
pub(crate) struct TwoPages {
    pub(crate) upstream: Upstream,
    /// Opened by the first request for the second page.
    pub(crate) asked: Gate,
    pub(crate) ready: Arc<AtomicBool>,
}

impl TwoPages {
    /// Before the second page is ready, a request for it is answered as pending, or held.
    pub(crate) fn start(holds: bool) -> Self {
        let (asked, ready) = (Gate::shut(), Arc::new(AtomicBool::new(false)));
        let (tell, is_ready) = (asked.clone(), Arc::clone(&ready));
        let upstream = Upstream::start(move |request, exchange| {
            let json = ("content-type", "application/json");
            if request.target().ends_with("/schema") {
                exchange.answer(200, &[json], r#"{"schema": {"rows": {}}}"#);
                return;
            }
            let state = request.json()["state"].clone();
            if state != json!({"page": 1}) {
                let page = json!({"insert": [{"id": 1}], "state": {"page": 1}, "hasMore": true});
                exchange.answer(200, &[json], page.to_string());
            } else if is_ready.load(Ordering::SeqCst) {
                let page = json!({"insert": [{"id": 2}], "state": {"page": 2}, "hasMore": false});
                exchange.answer(200, &[json], page.to_string());
            } else if holds {
                tell.open();
                exchange.wait_for_close();
            } else {
                let page = json!({"insert": [], "state": state, "hasMore": true});
                let pending = ("weld-host-pending", "waiting");
                exchange.answer(200, &[json, pending], page.to_string());
                tell.open();
            }
        });
        Self {
            upstream,
            asked,
            ready,
        }
    }
}

/// A connector with this schema. Its tables have these pages, each the JSON text of `insert`; the state counts those
/// that were answered, as [`state`] tells.
pub(crate) fn paged(schema: &str, pages: &[&[u8]]) -> Upstream {
    let schema = schema.to_owned();
    let pages: Vec<Vec<u8>> = pages.iter().map(|&page| page.to_owned()).collect();
    Upstream::start(move |request, exchange| {
        if request.target().ends_with("/schema") {
            exchange.answer(200, &[JSON], &schema);
            return;
        }
        let number = request.json()["state"]["page"].as_u64().unwrap_or(0);
        let number = usize::try_from(number).expect("a number of pages");
        let (insert, next) = match pages.get(number) {
            Some(page) => (page.as_slice(), number + 1),
            None => (&b"[]"[..], number),
        };
        let rest = format!(
            r#", "state": {}, "hasMore": {}}}"#,
            state(next),
            next < pages.len()
        );
        exchange.answer(
            200,
            &[JSON],
            [br#"{"insert": "#, insert, rest.as_bytes()].concat(),
        );
    })
}

/// The state after so many pages of a [`paged`] connector.
pub(crate) fn state(pages: usize) -> String {
    format!(r#"{{"page": {pages}}}"#)
}

/// How many rows of a table the API has served.
pub(crate) fn served(api: &Api, table: Table) -> u64 {
    let stats = Request::new(api.address, "GET", "/_stats").send().json();
    stats[table.name()]["rows"].as_u64().expect("a number")
}

/// A table of a database: its columns, and its rows by their keys.
#[derive(Debug, PartialEq)]
pub(crate) struct Rows {
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Vec<Sql>>,
}

/// Reads a table in the order of a column.
pub(crate) fn rows(database: &Connection, table: &str, order: &str) -> Rows {
    let sql = format!("SELECT * FROM \"{table}\" ORDER BY \"{order}\"");
    let mut query = database.prepare(&sql).expect("the table is there");
    let columns: Vec<String> = query.column_names().map(str::to_owned).collect();
    let rows = query
        .query_map([], |row| {
            (0..columns.len()).map(|place| row.get(place)).collect()
        })
        .expect("it can be read")
        .collect::<Result<_, _>>()
        .expect("it can be read");
    Rows { columns, rows }
}

/// The states beside the rows, by table.
pub(crate) fn states(database: &Connection) -> Vec<(String, String)> {
    database
        .prepare("SELECT table_name, state FROM _weld_state ORDER BY table_name")
        .expect("states")
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .expect("states")
        .collect::<Result<_, _>>()
        .expect("states")
}

/// Checks that a table is, value by value, that of the API.
pub(crate) fn assert_synced(database: &Connection, table: Table, scale: u32) {
    let name = table.name();
    let stored = rows(database, name, "id");
    assert_eq!(stored.rows.len() as u64, table.count(scale), "{name}");
    for (row, sent) in stored.rows.iter().zip(table.rows(scale)) {
        let sent: Value = serde_json::from_str(&sent).expect("a row is JSON");
        let sent = sent.as_object().expect("an object");
        assert!(
            sent.keys().all(|column| stored.columns.contains(column)),
            "{name}: {:?}",
            stored.columns
        );
        for (column, value) in stored.columns.iter().zip(row) {
            let expected = sent.get(column).unwrap_or_else(|| {
                assert_eq!(
                    column, "newsletter",
                    "{name}: every other field is in every row"
                );
                // What the schema says it is where it is left out.
                &Value::Bool(false)
            });
            assert!(
                is_same(value, expected),
                "{name}.{column}: {value:?} for {expected}"
            );
        }
    }
}

fn is_same(stored: &Sql, sent: &Value) -> bool {
    match (stored, sent) {
        (Sql::Null, Value::Null) => true,
        (Sql::Integer(stored), Value::Bool(sent)) => *stored == i64::from(*sent),
        (Sql::Integer(stored), Value::Number(sent)) => sent.as_i64() == Some(*stored),
        (Sql::Real(stored), Value::Number(sent)) => sent.as_f64() == Some(*stored),
        (Sql::Text(stored), Value::String(sent)) => stored == sent,
        (Sql::Text(stored), Value::Array(_) | Value::Object(_) | Value::Number(_)) => {
            serde_json::from_str::<Value>(stored).is_ok_and(|stored| stored == *sent)
        }
        _ => false,
    }
}
