//! Tables, states and destinations.

use super::*;
use memory::Stored;

pub(super) fn names(events: &[Event]) -> Vec<String> {
    events
        .iter()
        .map(|event| match event {
            Event::Tables(tables) => format!("tables {}", tables.join(" ")),
            Event::TableBegan { table, resumed } => format!("began {table} {resumed}"),
            Event::Page {
                table,
                number,
                rows,
                ..
            } => format!("page {table} {number} {rows}"),
            Event::Waiting { table, .. } => format!("waiting {table}"),
            Event::Retry { .. } => "retry".to_owned(),
            Event::Warning(warning) => warning.to_string(),
            Event::LimitReached { table, limit } => format!("{table} reached {limit}"),
            Event::TableDone(summary) => format!("done {} {}", summary.table, summary.complete),
        })
        .collect()
}

#[tokio::test]
async fn every_table_is_read_to_its_end() {
    let server = three_pages().await;
    let memory = Memory::default();
    let (result, events) = run(&server, &memory, &SyncOptions::default()).await;
    let summary = result.unwrap();
    assert_eq!(
        (summary.rows(), summary.pages(), summary.stopped),
        (12, 6, false)
    );
    assert_eq!(summary.tables[0].slowest.len(), 3);
    for table in ["a", "b"] {
        let expected: Vec<_> = (0..6).map(|id| format!(r#"{{"id": {id}}}"#)).collect();
        assert_eq!(memory.table(table).rows, expected);
        assert_eq!(memory.table(table).state.as_deref(), Some(r#"{"page": 3}"#));
        assert_eq!(
            server.states(table),
            ["{}", r#"{"page":1}"#, r#"{"page":2}"#]
        );
    }
    assert_eq!(
        names(&events),
        [
            "tables a b",
            "began a false",
            "page a 1 2",
            "page a 2 2",
            "page a 3 2",
            "done a true",
            "began b false",
            "page b 1 2",
            "page b 2 2",
            "page b 3 2",
            "done b true",
        ]
    );
}

#[tokio::test]
async fn a_table_continues_from_the_destinations_state() {
    let server = three_pages().await;
    let memory = Memory::default();
    memory.set_state("b", r#"{"page": 2}"#);
    memory.set_state("a", "null");
    let (result, events) = run(&server, &memory, &SyncOptions::default()).await;
    result.unwrap();
    assert_eq!(memory.table("b").rows, [r#"{"id": 4}"#, r#"{"id": 5}"#]);
    assert_eq!(memory.table("a").rows.len(), 6);
    assert_eq!(server.states("b"), [r#"{"page":2}"#]);
    assert!(names(&events).contains(&"began b true".to_owned()));
}

#[tokio::test]
async fn a_full_sync_starts_over_only_with_the_named_table() {
    let server = three_pages().await;
    let memory = Memory::default();
    let stale = |table| memory.set_state(table, r#"{"page": 2}"#);
    stale("a");
    stale("b");
    let options = SyncOptions {
        tables: Some(vec!["b".to_owned()]),
        full: true,
        ..SyncOptions::default()
    };
    run(&server, &memory, &options).await.0.unwrap();
    assert_eq!(memory.table("b").rows.len(), 6);
    assert_eq!(memory.table("a").state.as_deref(), Some(r#"{"page": 2}"#));
    assert!(server.states("a").is_empty());
}

#[tokio::test]
async fn the_error_for_an_unknown_table_lists_the_known_ones() {
    let server = three_pages().await;
    let options = SyncOptions {
        tables: Some(vec!["b".to_owned(), "wines".to_owned()]),
        ..SyncOptions::default()
    };
    let (result, _) = run(&server, &Memory::default(), &options).await;
    assert_eq!(
        error_text(&result.unwrap_err()),
        r#"the connector has no table "wines"; it has "a", "b""#
    );
}

#[tokio::test]
async fn a_schema_without_tables_is_an_error() {
    let server = Server::start(|_| Answer::json(r#"{"schema": {}}"#)).await;
    let (result, _) = run(&server, &Memory::default(), &SyncOptions::default()).await;
    assert_eq!(
        error_text(&result.unwrap_err()),
        "the connector has no tables"
    );
}

#[tokio::test]
async fn the_older_shape_of_a_schema_is_synced() {
    let server = Server::start(|request| {
        if request.path == "/schema" {
            Answer::json(r#"{"tables": {"old": {"fields": {"id": "int"}}}}"#)
        } else {
            page(r#"[{"id": 1}]"#, "null", false)
        }
    })
    .await;
    let memory = Memory::default();
    run(&server, &memory, &SyncOptions::default())
        .await
        .0
        .unwrap();
    let stored = Stored {
        rows: vec![r#"{"id": 1}"#.to_owned()],
        state: Some("null".to_owned()),
    };
    assert_eq!(memory.table("old"), stored);
}

/// The third page never comes. Without noticing the second page's failed commit, the sync would wait for it.
#[tokio::test]
async fn a_failing_destination_ends_the_sync_while_a_page_is_requested() {
    let server = paging(|request| match request.body["state"]["page"].as_u64() {
        None => page(r#"[{"id": 1}]"#, r#"{"page": 1}"#, true),
        Some(1) => page(&format!("[{}]", memory::REFUSED), r#"{"page": 2}"#, true),
        Some(_) => Answer::Never,
    })
    .await;
    let memory = Memory::default();
    let (result, _) = run(&server, &memory, &SyncOptions::default()).await;
    assert_eq!(
        error_text(&result.unwrap_err()),
        "a, page 2: the reader of the rows closed the stream; not reached: b"
    );
    assert_eq!(memory.table("a").state.as_deref(), Some(r#"{"page": 1}"#));
}

#[tokio::test]
async fn a_page_with_a_warning_is_stored_unless_strict() {
    for strict in [false, true] {
        let server = paging(|request| {
            if request.body["state"]["page"] == 1 {
                page(r#"[{"id": 2}, {"id": 2}]"#, r#"{"page": 2}"#, false)
            } else {
                page(r#"[{"id": 1}]"#, r#"{"page": 1}"#, true)
            }
        })
        .await;
        let memory = Memory::default();
        let options = SyncOptions {
            tables: Some(vec!["a".to_owned()]),
            strict,
            ..SyncOptions::default()
        };
        let (result, events) = run(&server, &memory, &options).await;
        let warning =
            r#"table "a", page 2: row 2 has the primary key of an earlier row of the page: 2"#;
        assert!(names(&events).contains(&warning.to_owned()), "{strict}");
        if strict {
            assert_eq!(
                error_text(&result.unwrap_err()),
                format!(
                    "a, page 2: stopped at the first warning: {}; 1 row is kept; run the same command to continue",
                    warning.trim_start_matches(r#"table "a", page 2: "#)
                )
            );
            assert_eq!(memory.table("a").state.as_deref(), Some(r#"{"page": 1}"#));
        } else {
            assert_eq!(result.unwrap().warnings(), 1);
            assert_eq!(memory.table("a").rows.len(), 3);
        }
    }
}
