//! Syncs of connectors that answer badly or oddly: pages before the fault are kept, and whatever can be read is read.

use super::desk;
use serde_json::json;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use weld_host_tests::desk::{Desk, only_line};
use weld_host_tests::paged::{JSON, paged, state};
use weld_host_tests::tables::{rows, states};
use weld_host_tests::upstream::{Exchange, Upstream};

const SCHEMA: &str = r#"{"schema": {"rows": {"primary_key": "id"}}}"#;

const PAGE: &[u8] = br#"[{"id": 1, "name": "Ale"}, {"id": 2, "name": "Bock"}]"#;

/// Checks that a sync left only the first page, [`PAGE`], and that the next sync continues after it.
fn assert_one_page(desk: &Desk, to: &str, case: &str) {
    if to.ends_with('/') {
        let lines = fs::read_to_string(desk.path(to).join("rows.jsonl")).unwrap();
        let expected = "{\"id\": 1, \"name\": \"Ale\"}\n{\"id\": 2, \"name\": \"Bock\"}\n";
        assert_eq!(lines, expected, "{case}: {to}");
    } else {
        let stored = rows(&desk.database(to), "rows", "id");
        assert_eq!(
            stored.rows,
            [
                [1.into(), "Ale".to_owned().into()],
                [2.into(), "Bock".to_owned().into()]
            ],
            "{case}: {to}"
        );
    }
    let shown = desk.good(&["state", "show", to]).stdout;
    assert_eq!(shown, [format!("rows\t{}", state(1))], "{case}: {to}");
}

#[test]
fn server_that_hangs_up_or_hangs_is_tried_three_times_and_then_reported() {
    type Silence = fn(&mut Exchange);
    let hangs_up: Silence = |_| {};
    let hangs: Silence = Exchange::wait_for_close;
    let cases = [
        ("hangs up", hangs_up, "closed the connection"),
        ("hangs", hangs, "did not answer within 1s"),
    ];
    // In parallel, since the program's own pauses take most of the time.
    let runs: Vec<_> = cases
        .into_iter()
        .flat_map(|case| [(case, "schema"), (case, "page")])
        .map(|((name, silence, words), fails_at)| {
            let server = Upstream::start(move |request, exchange| {
                let is_schema = request.target().ends_with("/schema");
                if is_schema && fails_at != "schema" {
                    exchange.answer(200, &[JSON], SCHEMA);
                } else if !is_schema && request.json()["state"] == json!({}) {
                    let page = String::from_utf8_lossy(PAGE);
                    let answer = format!(
                        r#"{{"insert": {page}, "state": {}, "hasMore": true}}"#,
                        state(1)
                    );
                    exchange.answer(200, &[JSON], answer);
                } else {
                    silence(exchange);
                }
            });
            let desk = desk();
            let flags = ["--to", "rows.sqlite", "--timeout", "1s", "--quiet"];
            let run = desk.start(&[&[server.origin().as_str()], &flags[..]].concat());
            (
                format!("{name} at a {fails_at}"),
                fails_at,
                words,
                server,
                desk,
                run,
            )
        })
        .collect();
    for (case, fails_at, words, server, desk, run) in runs {
        let line = only_line(&run.wait());
        assert!(
            line.contains(words) && line.contains(&server.origin()),
            "{case}: {line}"
        );
        let received = server.received();
        let tries = received.iter().filter(|request| {
            let is_schema = request.target().ends_with("/schema");
            is_schema == (fails_at == "schema")
                && (is_schema || request.json()["state"] == json!({"page": 1}))
        });
        assert_eq!(tries.count(), 3, "{case}");
        if fails_at == "page" {
            assert_one_page(&desk, "rows.sqlite", &case);
        }
    }
}

#[test]
fn pages_before_an_invalid_answer_are_kept_with_their_state() {
    let cases: [(&[u8], &str); 7] = [
        (br#"[{"id": 3}, 7]"#, "insert[1] is a number, not an object"),
        (br#"[{"id": 3}, [{"id": 4}]]"#, "insert[1]"),
        (br#"[{"id": 3}, null]"#, "insert[1] is null, not an object"),
        (br#"{"id": 3}"#, "insert is an object, not a list"),
        (br#"[{"id": 3}"#, "not JSON"),
        (b"[{\"id\": 3, \"name\": \"B\xf6ck\"}]", "not UTF-8 at byte"),
        (b"[{\"id\": 3, \"n\xff\": 1}]", "not UTF-8 at byte"),
    ];
    for (second, words) in cases {
        let server = paged(SCHEMA, &[PAGE, second]);
        let desk = desk();
        for to in ["rows.sqlite", "rows/"] {
            let line = desk.mistake(&[&server.origin(), "--to", to]);
            assert!(
                line.contains(words) && line.contains("is not a valid page"),
                "{words}: {line}"
            );
            assert_one_page(&desk, to, words);
        }
    }
}

#[test]
fn fields_and_tables_are_read_in_their_older_shapes() {
    for schema in [
        r#"{"schema": {"rows": {"primary_key": "id", "fields": {"id": "integer", "name": "string"}}}}"#,
        r#"{"tables": {"rows": {"primary_key": "id", "fields": {"id": "integer", "name": "string"}}}}"#,
        r#"{"tables": [{"name": "rows", "primary_key": ["id"], "fields": [{"name": "id", "type": "integer"}]}]}"#,
    ] {
        let server = paged(schema, &[PAGE, br#"[{"id": 2, "name": "Dunkel"}]"#]);
        let desk = desk();
        desk.good(&[&server.origin(), "--to", "rows.sqlite", "--quiet"]);
        let database = desk.database("rows.sqlite");
        let stored = rows(&database, "rows", "id");
        assert_eq!(stored.columns, ["id", "name"], "{schema}");
        assert_eq!(
            stored.rows,
            [
                [1.into(), "Ale".to_owned().into()],
                [2.into(), "Dunkel".to_owned().into()]
            ],
            "{schema}"
        );
        assert_eq!(states(&database), [("rows".to_owned(), state(2))]);
    }
}

/// Without a key, repeated rows can't be recognized, so only the state prevents them.
#[test]
fn table_without_a_key_continues_after_a_failure_and_has_each_row_once() {
    let fails = Arc::new(AtomicBool::new(true));
    let is_failing = Arc::clone(&fails);
    let server = Upstream::start(move |request, exchange| {
        if request.target().ends_with("/schema") {
            exchange.answer(
                200,
                &[JSON],
                r#"{"schema": {"rows": {"primary_key": null}}}"#,
            );
            return;
        }
        let page = request.json()["state"]["page"].as_u64().unwrap_or(0);
        if page == 2 && is_failing.load(Ordering::SeqCst) {
            let error = r#"{"error": {"kind": "upstream_failed", "message": "no tap"}}"#;
            exchange.answer(500, &[JSON, ("retry-after", "0")], error);
            return;
        }
        let rows = if page < 4 {
            json!([{"n": page}, {"n": page}])
        } else {
            json!([])
        };
        let next = (page + 1).min(4);
        let answer = json!({"insert": rows, "state": {"page": next}, "hasMore": next < 4});
        exchange.answer(200, &[JSON], answer.to_string());
    });
    let desk = desk();
    for to in ["rows.sqlite", "rows/"] {
        fails.store(true, Ordering::SeqCst);
        let url = server.origin();
        let line = desk.mistake(&[&url, "--to", to]);
        assert!(line.contains("500") && line.contains("no tap"), "{line}");
        assert_eq!(desk.numbers(to, "n"), [0, 0, 1, 1], "{to}");
        desk.mistake(&[&url, "--to", to]);
        assert_eq!(desk.numbers(to, "n"), [0, 0, 1, 1], "{to}");
        fails.store(false, Ordering::SeqCst);
        for _ in 0..2 {
            desk.good(&[&url, "--to", to, "--quiet"]);
            assert_eq!(desk.numbers(to, "n"), [0, 0, 1, 1, 2, 2, 3, 3], "{to}");
        }
    }
}

/// JSON can spell half of a surrogate pair, which is not valid in a text.
#[test]
fn half_characters_are_replaced_in_sqlite_and_kept_as_spelled_in_lines() {
    let row = r#"{"id": 1, "name": "Al\ud83d", "n\ud83d": 2, "n\ud83e": 3}"#;
    let server = paged(SCHEMA, &[format!("[{row}]").as_bytes()]);
    let url = server.origin();
    let desk = desk();
    desk.good(&[&url, "--to", "rows.sqlite", "--quiet"]);
    let stored = rows(&desk.database("rows.sqlite"), "rows", "id");
    assert_eq!(stored.columns, ["id", "name", r"n\ud83d", r"n\ud83e"]);
    let [row_stored] = stored.rows.as_slice() else {
        panic!("one row: {stored:?}");
    };
    assert!(
        matches!(&row_stored[1], rusqlite::types::Value::Text(name) if name.starts_with("Al\u{fffd}")),
        "{row_stored:?}"
    );
    assert_eq!(row_stored[2..], [2.into(), 3.into()]);
    desk.good(&[&url, "--to", "rows/", "--quiet"]);
    let lines = fs::read_to_string(desk.path("rows/rows.jsonl")).unwrap();
    assert_eq!(lines, format!("{row}\n"));
    let ended = desk.good(&[&url, "--to", "-", "--quiet"]);
    assert_eq!(
        ended.stdout,
        [format!(r#"{{"table": "rows", "row": {row}}}"#)]
    );

    let server = paged(r#"{"schema": {"rows\ud83d": {}}}"#, &[]);
    let line = desk.mistake(&[&server.origin()]);
    assert!(line.contains("is not a valid character"), "{line}");
}
