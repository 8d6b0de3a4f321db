//! A worker whose host is a file of calls and answers.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::*;
use crate::{Error, Level, Page, Schema, Table, fields};

/// A folder that is removed at the end of a test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = env::temp_dir().join(format!("weld-live-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

struct Shop;

impl Connector for Shop {
    fn schema(host: &Host) -> Result<Schema, Error> {
        host.env().required("API")?;
        let orders = Table::new("orders")
            .key("id")
            .fields(fields! { id: int, note: nullable string });
        Ok(Schema::new().table(orders))
    }

    fn fetch_page(host: &Host, request: &PageRequest) -> Result<Page, Error> {
        assert_ne!(request.table(), "broken", "no rows");
        if request.table() != "orders" {
            return Err(Error::UnknownTable);
        }
        host.log(Level::Warn, "asking");
        let answer = host
            .get("https://api.example.com/orders")
            .header("x-a", "b")
            .send()?
            .ok()?;
        host.sleep(std::time::Duration::from_millis(5))?;
        Page::new(answer.rows()?)?
            .more(true)
            .state(&json!({"after": 7}))
    }
}

/// The lines of a worker that gets these lines.
fn worked(name: &str, lines: &[Value]) -> Vec<Value> {
    let folder = Folder::new(name);
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    fs::write(folder.0.join("to-worker"), text).unwrap();
    fs::write(folder.0.join("to-host"), "").unwrap();
    work::<Shop>(&folder.0).unwrap();
    let said = fs::read_to_string(folder.0.join("to-host")).unwrap();
    said.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn call(table: &str) -> Value {
    json!({"call": "fetch-page", "table": table, "state": "{}", "environment": []})
}

#[test]
fn calls_are_answered_and_the_host_is_asked_in_between() {
    let response = json!({"ok": {
        "status": 200, "headers": [["a", "b"]], "body": {"bytes": "W3siaWQiOjd9XQ=="}, "url": "https://api.example.com/orders",
    }});
    let lines = worked(
        "calls",
        &[
            json!({"call": "schema", "environment": [["API", "x"]]}),
            call("orders"),
            response,
            json!({"ok": null}),
            json!({"call": "end"}),
        ],
    );
    let fetch = json!({
        "method": "GET", "url": "https://api.example.com/orders", "headers": [["x-a", "b"]],
        "body": null, "timeout": null, "idempotent": null, "credential": null,
    });
    assert_eq!(
        lines,
        [
            json!({"return": [{"name": "orders", "primary-key": ["id"], "fields": [
                {"name": "id", "type": {"named": "int"}, "default": null},
                {"name": "note", "type": {"described": r#"["null", "string"]"#}, "default": null},
            ]}]}),
            json!({"log": {"level": "warn", "message": "asking"}}),
            json!({"http-fetch": fetch}),
            json!({"sleep": 5}),
            json!({"return": {
                "insert": r#"[{"id":7}]"#, "state": r#"{"after":7}"#, "has-more": true, "wait": null,
            }}),
        ]
    );
}

#[test]
fn refusals_and_errors_are_those_of_the_contract() {
    for (name, answers, expected) in [
        (
            "denied",
            vec![json!({"error": {"denied": "no rule"}})],
            json!({"misconfigured": "GET https://api.example.com/orders: no rule"}),
        ),
        (
            "unavailable",
            vec![json!({"error": {"unavailable": 1500}})],
            json!({"rate-limited": 1500}),
        ),
        (
            "timeout",
            vec![json!({"error": {"timeout": null}})],
            json!({"upstream": "GET https://api.example.com/orders: the API did not answer in time"}),
        ),
        (
            "no-base64",
            vec![
                json!({"ok": {"status": 200, "headers": [], "body": {"bytes": "?"}, "url": "https://a/"}}),
            ],
            json!({"upstream": "GET https://api.example.com/orders: the host sent no base64"}),
        ),
        (
            "out-of-time",
            vec![
                json!({"ok": {"status": 200, "headers": [], "body": {"text": "[]"}, "url": "https://a/"}}),
                json!({"error": {"out-of-time": {"left": 2}}}),
            ],
            json!({"other": "the page has only 2 ms left, less than the requested pause"}),
        ),
        (
            "host-gone",
            vec![],
            json!({"upstream": "GET https://api.example.com/orders: the host doesn't answer: the host has ended"}),
        ),
    ] {
        let lines = worked(name, &[vec![call("orders")], answers].concat());
        assert_eq!(lines.last(), Some(&json!({"raise": expected})), "{name}");
    }
    let lines = worked(
        "unknown",
        &[
            call("nothing"),
            json!({"call": "schema", "environment": []}),
        ],
    );
    assert_eq!(lines[0], json!({"raise": "unknown-table"}));
    assert!(lines[1]["raise"]["misconfigured"].is_string(), "{lines:?}");
}

#[test]
fn a_panic_is_an_error_with_place_and_message_and_the_next_call_is_answered() {
    let lines = worked("panic", &[call("broken"), call("nothing")]);
    let said = lines[0]["raise"]["other"].as_str().unwrap();
    assert!(
        said.starts_with("the connector crashed: panicked at "),
        "{said}"
    );
    assert!(said.contains("src/live/tests.rs:"), "{said}");
    assert!(said.contains("no rows") && !said.contains('\n'), "{said}");
    assert_eq!(lines[1], json!({"raise": "unknown-table"}));
}

#[test]
fn a_worker_without_pipes_is_an_error() {
    let folder = Folder::new("none");
    assert!(work::<Shop>(&folder.0).is_err());
}
