//! Failed requests that are sent again.

use weld_protocol::ErrorKind;

use super::*;

/// The table and the page of a retry, the number of the try, and the wait before it.
type Retried = (Option<(String, u64)>, usize, Duration);

fn retries(events: &[Event]) -> Vec<Retried> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::Retry {
                table,
                page,
                next_try,
                wait,
                ..
            } => Some((table.clone().zip(*page), *next_try, *wait)),
            _ => None,
        })
        .collect()
}

fn only_a() -> SyncOptions {
    SyncOptions {
        tables: Some(vec!["a".to_owned()]),
        ..SyncOptions::default()
    }
}

#[tokio::test]
async fn a_page_that_fails_twice_is_requested_again_with_the_same_state() {
    let mut requests = 0;
    let server = paging(move |_| {
        requests += 1;
        match requests {
            1 => page(r#"[{"id": 1}]"#, r#"{"page": 1}"#, true),
            2 => Answer::status("502 Bad Gateway", "later"),
            3 => Answer::Bytes(Vec::new()),
            _ => page(r#"[{"id": 2}]"#, r#"{"page": 2}"#, false),
        }
    })
    .await;
    let memory = Memory::default();
    let (result, events) = run(&server, &memory, &only_a()).await;
    assert_eq!(result.unwrap().rows(), 2);
    assert_eq!(memory.table("a").rows, [r#"{"id": 1}"#, r#"{"id": 2}"#]);
    let one = r#"{"page":1}"#;
    assert_eq!(server.states("a"), ["{}", one, one, one]);
    let a = || Some(("a".to_owned(), 2));
    assert_eq!(
        retries(&events),
        [(a(), 2, Duration::ZERO), (a(), 3, Duration::ZERO)]
    );
}

#[tokio::test]
async fn the_third_failure_ends_the_sync_and_earlier_pages_stay() {
    let server = paging(|request| {
        if request.body["state"]["page"] == 1 {
            Answer::status("500 Internal Server Error", "down")
        } else {
            page(r#"[{"id": 1}]"#, r#"{"page": 1}"#, true)
        }
    })
    .await;
    let memory = Memory::default();
    let (result, events) = run(&server, &memory, &only_a()).await;
    let text = error_text(&result.unwrap_err());
    let expected = "/ answered 500: down; 1 row is kept; run the same command to continue";
    assert!(text.ends_with(expected), "{text}");
    assert_eq!(server.states("a").len(), 4);
    assert_eq!(memory.table("a").state.as_deref(), Some(r#"{"page": 1}"#));
    assert!(
        events
            .iter()
            .any(|event| matches!(event, Event::Page { number: 1, .. }))
    );
}

#[tokio::test]
async fn permanent_failures_are_not_retried() {
    for status in [
        "400 Bad Request",
        "401 Unauthorized",
        "404 Not Found",
        "413 Content Too Large",
    ] {
        let server = paging(move |_| Answer::with(status, "Retry-After: 0\r\n", b"")).await;
        let (result, events) = run(&server, &Memory::default(), &only_a()).await;
        assert!(result.is_err(), "{status}");
        assert_eq!(server.states("a").len(), 1, "{status}");
        assert!(retries(&events).is_empty(), "{status}");
    }
}

#[tokio::test]
async fn a_failure_that_the_answer_or_its_kind_calls_permanent_is_not_retried() {
    let (lasting, passing) = (r#""temporary": false,"#, r#""temporary": true,"#);
    for (kind, told, tries) in [
        ("connector_failed", "", 1),
        ("misconfigured", "", 1),
        ("cpu_exceeded", "", 1),
        ("upstream_unauthorized", "", 1),
        ("upstream_failed", "", 3),
        ("busy", "", 3),
        ("of_a_later_version", "", 3),
        ("upstream_failed", lasting, 1),
        ("credentials_failed", lasting, 1),
        ("deadline_exceeded", lasting, 1),
        ("upstream_failed", passing, 3),
        ("connector_failed", passing, 3),
        ("upstream_failed", r#""temporary": null,"#, 3),
    ] {
        let body = format!(r#"{{"error": {{"kind": "{kind}", {told} "message": "no tap"}}}}"#);
        let server = paging(move |_| Answer::status("500 Internal Server Error", &body)).await;
        let (result, _) = run(&server, &Memory::default(), &only_a()).await;
        let failure = result.unwrap_err();
        assert_eq!(failure.cause.kind(), ErrorKind::parse(kind), "{kind}");
        assert_eq!(server.states("a").len(), tries, "{kind} {told}");
    }
}

#[tokio::test]
async fn retry_after_is_respected_up_to_the_longest_pause() {
    let mut requests = 0;
    let server = Server::start(move |request| {
        requests += 1;
        match requests {
            1 => Answer::with("429 Too Many Requests", "Retry-After: 86400\r\n", b""),
            2 => Answer::with("503 Service Unavailable", "Retry-After: 0\r\n", b""),
            _ if request.path == "/schema" => Answer::json(SCHEMA),
            _ => page("[]", "{}", false),
        }
    })
    .await;
    let options = ClientOptions {
        // With these pauses, the test would time out.
        pauses: vec![PATIENCE * 2; 2],
        longest_pause: Duration::from_millis(1),
        ..ClientOptions::default()
    };
    let client = ConnectorClient::with_options(&server.url(), None, options).unwrap();
    let mut events = Vec::new();
    let options = SyncOptions::default();
    let syncing = sync(
        &client,
        Memory::default().destination(),
        &options,
        |event| events.push(event),
        std::future::pending(),
    );
    tokio::time::timeout(PATIENCE, syncing)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        retries(&events),
        [
            (None, 2, Duration::from_millis(1)),
            (None, 3, Duration::ZERO)
        ]
    );
}
