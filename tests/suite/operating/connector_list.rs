//! `/connectors`: what the operator sees of each connector.

use super::{fill_queue, get, three_sandboxes, with_admin};
use crate::{guests, host};
use serde_json::{Value, json};
use std::fs;
use std::net::SocketAddr;
use std::process::Command;
use weld_host_tests::until;
use weld_host_tests::upstream::Upstream;

fn listed(admin: SocketAddr, name: &str) -> Value {
    let answer = get(admin, "/connectors");
    assert_eq!(answer.status(), 200, "{}", answer.text());
    let list = answer.json();
    let connectors = list["connectors"].as_array().unwrap();
    let found = connectors.iter().find(|entry| entry["name"] == name);
    found
        .unwrap_or_else(|| panic!("no {name} in {list}"))
        .clone()
}

#[test]
fn connector_is_listed_with_its_version_limits_and_pages() {
    let builder = host().plugin("guest", guests::ECHOES_STATE).config(
        "guest",
        "[limits]\nmemory = \"64MiB\"\ncalls = 7\nanswer-within = \"off\"",
    );
    let (host, admin) = with_admin(builder);
    let before = listed(admin, "guest");
    assert_eq!(before["state"], "ready");
    let version = &before["version"];
    let output = Command::new("sha256sum").arg(guests::ECHOES_STATE).output();
    let output = String::from_utf8(output.unwrap().stdout).unwrap();
    let digest = output.split(' ').next().unwrap();
    assert_eq!(version["digest"], format!("sha256:{digest}"));
    assert_eq!(version["language"], "Rust");
    assert!(
        version["loaded_at"].as_str().unwrap().ends_with('Z'),
        "{before}"
    );
    let limits = &version["limits"];
    assert_eq!(
        (
            &limits["memory"],
            &limits["calls"],
            &limits["answer-within"]
        ),
        (&json!("64MiB"), &json!(7), &json!("off"))
    );
    assert_eq!(limits["concurrency"], Value::Null);
    assert_eq!(
        (&before["tables"], &before["call_error"]),
        (&json!({}), &Value::Null)
    );
    host.weld("guest").good_page("beers", &json!({}));
    host.weld("guest").good_page("wines", &json!({}));
    let after = listed(admin, "guest");
    for table in ["beers", "wines"] {
        let page = &after["tables"][table];
        assert_eq!(page["rows"], 1, "{after}");
        assert!(
            page["seconds"]
                .as_f64()
                .is_some_and(|seconds| seconds >= 0.0)
        );
        assert!(
            page["at"].as_str() >= version["loaded_at"].as_str(),
            "{after}"
        );
    }
    assert_eq!(
        after["calls"],
        json!({ "running": 0, "waiting": 0, "queued": 0, "held": 0 })
    );
}

#[test]
fn tables_that_clients_make_up_are_counted_but_not_remembered() {
    let (host, admin) = with_admin(host().plugin("guest", guests::ECHOES_STATE));
    for table in 0..130 {
        host.weld("guest")
            .good_page(&format!("table-{table}"), &json!({}));
    }
    host.weld("guest").good_page(&"x".repeat(500), &json!({}));
    let guest = listed(admin, "guest");
    assert_eq!(guest["tables"].as_object().unwrap().len(), 100);
    assert_eq!(guest["other_pages"], 31);
}

#[test]
fn failures_of_calls_and_of_loads_are_listed() {
    let builder = host()
        .plugin("traps", guests::TRAPS)
        .plugin("guest", guests::ECHOES_STATE)
        .file("broken.wasm", "no component")
        .file("Not A Name.wasm", "no component")
        .flag("--reload", "100ms");
    let (host, admin) = with_admin(builder);
    assert_eq!(host.weld("traps").page("panic", &json!({})).status(), 500);
    let failed = &listed(admin, "traps")["call_error"];
    assert_eq!(failed["table"], "panic");
    assert!(
        failed["message"]
            .as_str()
            .is_some_and(|text| !text.is_empty()),
        "{failed}"
    );
    for name in ["broken", "Not A Name"] {
        let broken = listed(admin, name);
        assert_eq!(
            (&broken["state"], &broken["version"]),
            (&json!("not_loaded"), &Value::Null)
        );
        assert!(broken["load_error"]["message"].is_string(), "{broken}");
    }
    fs::write(host.plugins().join("guest.toml"), "[limits]\nmemory = 7").unwrap();
    until("the new version failed to load", || {
        listed(admin, "guest")["load_error"]["message"].is_string()
    });
    let guest = listed(admin, "guest");
    assert_eq!(guest["state"], "ready", "the previous version serves");
    fs::remove_file(host.plugins().join("guest.toml")).unwrap();
    until("it loads again", || {
        listed(admin, "guest")["load_error"].is_null()
    });
}

#[test]
fn calls_are_listed_with_what_they_wait_for() {
    let upstream = Upstream::start(|_, exchange| exchange.wait_for_close());
    let config = format!(
        "[network]\nallow = [\"{}\"]\n[limits]\nconcurrency = 2",
        upstream.origin()
    );
    let builder = host()
        .plugin("waits", guests::FETCHES)
        .config("waits", &config)
        .plugin("computes", guests::LOOPS_FOREVER)
        .config("computes", "[limits]\ncpu-time = \"10m\"");
    let (host, admin) = with_admin(builder);
    let begin = |connector: &str, page: usize| {
        let state = json!({ "url": upstream.url("/"), "page": page });
        host.weld(connector)
            .page_request("rows", &state)
            .begin()
            .unwrap()
    };
    let _pages: Vec<_> = (0..3)
        .map(|page| begin("waits", page))
        .chain([begin("computes", 0)])
        .collect();
    let calls = |name: &str| listed(admin, name)["calls"].clone();
    until("two wait and one is queued", || {
        calls("waits") == json!({ "running": 0, "waiting": 2, "queued": 1, "held": 0 })
    });
    until("one computes", || {
        calls("computes") == json!({ "running": 1, "waiting": 0, "queued": 0, "held": 0 })
    });
    until("both wait for the response", || {
        let waits = listed(admin, "waits")["waits"].clone();
        waits.as_array().unwrap().iter().any(|wait| {
            wait["reason"] == format!("response of {}", upstream.origin()) && wait["calls"] == 2
        })
    });
}

#[test]
fn list_is_answered_beside_a_full_queue_and_guests_that_compute() {
    let (host, admin) = with_admin(three_sandboxes());
    let _pages = fill_queue(&host);
    for _ in 0..20 {
        let calls = &listed(admin, "greedy")["calls"];
        assert_eq!(
            calls,
            &json!({ "running": 3, "waiting": 0, "queued": 1, "held": 0 })
        );
    }
}

#[test]
fn requests_that_are_held_until_their_time_are_listed() {
    let config = "[env]\nWAIT_MS = \"3600000\"\n[limits]\nanswer-within = \"1h\"";
    let builder = host()
        .plugin("guest", guests::WAITS_BETWEEN_PAGES)
        .config("guest", config);
    let (host, admin) = with_admin(builder);
    let state = host.weld("guest").good_page("rows", &json!({}))["state"].clone();
    let page = host.weld("guest").page_request("rows", &state).begin();
    until("it is held", || {
        listed(admin, "guest")["calls"]["held"] == 1
    });
    let wait = &listed(admin, "guest")["waits"][0];
    assert_eq!(
        (&wait["reason"], &wait["calls"]),
        (&json!("requested wait"), &json!(1))
    );
    assert_eq!(
        wait["until"].as_str().unwrap()[..19],
        state["weld-host"]["not-before"].as_str().unwrap()[..19]
    );
    drop(page);
    until("nobody waits any more", || {
        listed(admin, "guest")["calls"]["held"] == 0
    });
}
