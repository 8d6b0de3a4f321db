//! Syncs that can't continue: each ends with exit status 1 and the reason in one line.

use super::{KEY, beers, desk};
use serde_json::json;
use std::fs;
use std::net::TcpListener;
use weld_host::demo::EXAMPLE_CONNECTOR;
use weld_host_tests::demo_api::{Api, unlimited};
use weld_host_tests::desk::only_line;
use weld_host_tests::paged::JSON;
use weld_host_tests::process::Process;
use weld_host_tests::tables::{rows, states};
use weld_host_tests::upstream::Upstream;

/// A connector with the table `rows`, which consists of this one page.
fn one_page(page: &'static str) -> Upstream {
    Upstream::start(move |request, exchange| {
        let body = if request.target().ends_with("/schema") {
            r#"{"schema": {"rows": {"primary_key": "id"}}}"#
        } else {
            page
        };
        exchange.answer(200, &[JSON], body);
    })
}

#[test]
fn wrong_or_missing_key_is_distinguished_from_other_failures() {
    let api = Api::start(unlimited());
    let (_host, url) = beers(&api);
    let desk = desk();
    let line = desk.mistake(&[&url, "--key", "wrong mule"]);
    assert!(
        line.contains("answered 401 (it refused the key given with --key)"),
        "{line}"
    );
    assert!(!line.contains("wrong mule"), "{line}");
    let mut command = desk.command(&[&url, "--quiet"]);
    let line = only_line(&Process::start(command.env("WELD_API_KEY", "wrong mule")).wait());
    assert!(
        line.contains("it refused the key in WELD_API_KEY; --key gives another one"),
        "{line}"
    );
    assert!(!line.contains("wrong mule"), "{line}");
    let line = desk.mistake(&[&url]);
    assert!(
        line.contains("answered 401 (no key was given: give one with --key or set WELD_API_KEY)"),
        "{line}"
    );
    let line = desk.mistake(&[&url, "--key", KEY, "--table", "wines"]);
    assert!(line.contains("wines"), "{line}");
    for table in ["beers", "breweries", "reviews", "orders", "customers"] {
        assert!(line.contains(table), "{table} in {line}");
    }
}

#[test]
fn missing_server_is_reported() {
    let free = TcpListener::bind(("127.0.0.1", 0))
        .unwrap()
        .local_addr()
        .unwrap();
    let url = format!("http://{free}/beers");
    let line = desk().mistake(&[&url]);
    assert!(line.contains(&url), "{line}");
}

#[test]
fn answers_that_are_not_a_schema_are_reported() {
    for (status, body, words) in [
        (
            200,
            "<!doctype html><h1>Welcome</h1>",
            "is not a valid schema",
        ),
        (404, "<!doctype html><h1>Not found</h1>", "HTML"),
        (200, r#"{"schema": {}}"#, "no tables"),
        (200, "", "is not a valid schema"),
        (403, "go\naway\u{1b}[2J", "403"),
    ] {
        let server = Upstream::start(move |_, exchange| exchange.answer(status, &[], body));
        let line = desk().mistake(&[&server.origin()]);
        assert!(line.contains(words), "{words}: {line}");
        assert!(!line.contains('\u{1b}'), "{line}");
    }
}

#[test]
fn request_that_fails_is_tried_three_times() {
    let server = Upstream::start(|_, exchange| {
        exchange.answer(
            503,
            &[("retry-after", "0")],
            r#"{"error": {"message": "no tap"}}"#,
        );
    });
    let line = desk().mistake(&[&server.origin()]);
    assert!(line.contains("503"), "{line}");
    assert_eq!(server.received().len(), 3);
}

#[test]
fn state_that_never_moves_ends_the_sync() {
    for rows in ["[]", r#"[{"id": 1}]"#] {
        let server = Upstream::start(move |request, exchange| {
            let answer = if request.target().ends_with("/schema") {
                r#"{"schema": {"rows": {"primary_key": "id"}}}"#.to_owned()
            } else {
                format!(r#"{{"insert": {rows}, "state": {{}}, "hasMore": true}}"#)
            };
            exchange.answer(200, &[JSON], answer);
        });
        let line = desk().mistake(&[&server.origin()]);
        assert!(
            line.contains("rows") && line.contains("makes no progress"),
            "{rows}: {line}"
        );
    }
}

#[test]
fn key_twice_in_a_page_is_a_warning_and_with_strict_an_error() {
    let server = one_page(
        r#"{"insert": [{"id": 1, "name": "a"}, {"id": 1, "name": "b"}], "state": {"page": 1}, "hasMore": false}"#,
    );
    let url = server.origin();
    let desk = desk();
    let line = desk.mistake(&[&url, "--to", "strict.sqlite", "--strict"]);
    for words in ["rows", "page 1", "row 2", "primary key"] {
        assert!(line.contains(words), "{words} in {line}");
    }
    let database = desk.database("strict.sqlite");
    assert_eq!(states(&database), [], "the page was not stored");

    let ended = desk.good(&[&url, "--to", "rows.sqlite"]);
    assert!(
        ended
            .stderr
            .iter()
            .any(|line| line.starts_with("warning: ") && line.contains("page 1")),
        "{ended:?}"
    );
    let stored = rows(&desk.database("rows.sqlite"), "rows", "id");
    assert_eq!(
        stored.rows.len(),
        1,
        "the later row replaces the earlier: {stored:?}"
    );
    assert!(
        stored.rows[0].contains(&"b".to_owned().into()),
        "{stored:?}"
    );

    let ended = desk.good(&[&url, "--to", "json.sqlite", "--json"]);
    let warning = ended
        .stdout
        .iter()
        .map(|line| line.parse::<serde_json::Value>().unwrap());
    let warning = warning
        .into_iter()
        .find(|event| event["event"] == "warning");
    assert_eq!(warning.expect("a warning")["page"], json!(1));
}

#[test]
fn missing_or_broken_component_is_reported() {
    let api = Api::start(unlimited());
    let desk = desk();
    let line = desk.mistake(&["nobody.wasm"]);
    assert!(line.contains("nobody.wasm"), "{line}");
    let half = &EXAMPLE_CONNECTOR[..EXAMPLE_CONNECTOR.len() / 2];
    for (contents, words) in [
        (&b""[..], "empty"),
        (b"no component\n", "not WebAssembly"),
        (half, "truncated"),
    ] {
        fs::write(desk.path("broken.wasm"), contents).unwrap();
        let line = desk.mistake(&["broken.wasm"]);
        assert!(
            line.contains("broken.wasm") && line.contains(words),
            "{line}"
        );
    }
    fs::write(desk.path("beers.wasm"), EXAMPLE_CONNECTOR).unwrap();
    fs::write(
        desk.path("beers.toml"),
        format!("{}[limit]\n", api.config("")),
    )
    .unwrap();
    let line = desk.mistake(&["beers.wasm"]);
    assert!(
        line.contains("beers.toml") && line.contains("limit"),
        "{line}"
    );
    for file in ["nobody.sqlite", "broken.sqlite", "beers.sqlite"] {
        assert!(!desk.path(file).exists(), "{file}");
    }
}

#[test]
fn destination_that_is_not_a_database_is_left_unchanged() {
    let server = one_page(r#"{"insert": [], "state": {}, "hasMore": false}"#);
    let desk = desk();
    let text = "Dear diary, this is not a database, but long enough to have had its header read.\n"
        .repeat(20);
    fs::write(desk.path("diary.txt"), &text).unwrap();
    let line = desk.mistake(&[&server.origin(), "--to", "diary.txt"]);
    assert!(line.contains("diary.txt"), "{line}");
    assert_eq!(fs::read_to_string(desk.path("diary.txt")).unwrap(), text);
    let line = desk.mistake(&[&server.origin(), "--to", "no/such/folder.sqlite"]);
    assert!(line.contains("no/such/folder.sqlite"), "{line}");
}
