//! Pending answers, and pages without progress.

use super::*;
use weld_protocol::Pending;

#[tokio::test]
async fn pending_answers_are_waits_and_never_stored() {
    const MARK: &str =
        r#"{"not-before":"2030-01-02T03:04:05Z","since":"2030-01-02T03:00:00Z","tries":1}"#;
    let mut requests = 0;
    let server = Server::start(move |request| {
        if request.path == "/schema" {
            return Answer::json(r#"{"schema": {"a": {}}}"#);
        }
        requests += 1;
        let pending = |reason: &str, state: &str| {
            Answer::with(
                "200 OK",
                &format!("Weld-Host-Pending: {reason}\r\nWeld-Host-Waits-For: for {reason}\r\n"),
                format!(r#"{{"insert": [], "state": {state}, "hasMore": true}}"#).as_bytes(),
            )
        };
        match requests {
            1 => page(r#"[{"id": 1}]"#, r#"{"page": 1}"#, true),
            2 => pending("waiting", &format!(r#"{{"page": 1, "weld-host": {MARK}}}"#)),
            3 => pending("running", r#"{"page": 1}"#),
            _ => Answer::status("400 Bad Request", ""),
        }
    })
    .await;
    let memory = Memory::default();
    let (result, events) = run(&server, &memory, &SyncOptions::default()).await;
    assert!(result.is_err());
    assert_eq!(memory.table("a").state.as_deref(), Some(r#"{"page": 1}"#));
    let states = server.states("a");
    assert!(states[2].contains("not-before"), "{}", states[2]);
    assert_eq!(states[3], r#"{"page":1}"#);
    let waits: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::Waiting {
                until,
                reason,
                waits_for,
                ..
            } => Some((*until, *reason, waits_for.as_deref())),
            _ => None,
        })
        .collect();
    let until = "2030-01-02T03:04:05Z".parse().unwrap();
    assert_eq!(
        waits,
        [
            (Some(until), Pending::Waiting, Some("for waiting")),
            (None, Pending::Running, Some("for running"))
        ]
    );
}

#[tokio::test]
async fn rows_in_an_answer_marked_as_pending_are_kept() {
    let server = Server::start(|request| {
        if request.path == "/schema" {
            return Answer::json(r#"{"schema": {"a": {}}}"#);
        }
        let body = br#"{"insert": [{"id": 1}], "state": {}, "hasMore": false}"#;
        Answer::with("200 OK", "Weld-Host-Pending: running\r\n", body)
    })
    .await;
    let memory = Memory::default();
    let (result, _) = run(&server, &memory, &SyncOptions::default()).await;
    assert_eq!(result.unwrap().rows(), 1);
    assert_eq!(memory.table("a").rows, [r#"{"id": 1}"#]);
}

#[tokio::test]
async fn an_unchanged_state_ends_the_sync() {
    let server = paging(|_| page("[]", r#"{"page": 1}"#, true)).await;
    let (result, _) = run(&server, &Memory::default(), &SyncOptions::default()).await;
    assert_eq!(
        error_text(&result.unwrap_err()),
        "a, page 11: the table makes no progress: 10 pages in a row had the same state and no new rows; not reached: b"
    );
    // The first answer still changed the state.
    assert_eq!(server.states("a").len(), 11);
}

/// The most common mistake in a connector: it returns the cursor that it received, so the same rows come forever.
#[tokio::test]
async fn a_repeated_page_ends_the_sync() {
    let server = paging(|_| page(r#"[{"id": 1}]"#, r#"{"page": 1}"#, true)).await;
    let memory = Memory::default();
    let (result, _) = run(&server, &memory, &SyncOptions::default()).await;
    assert!(
        matches!(result, Err(failure) if matches!(*failure.cause, SyncError::Stuck { answers: 10 }))
    );
    let state = memory.table("a").state;
    assert_eq!(state.as_deref(), Some(r#"{"page": 1}"#));
}

#[tokio::test]
async fn new_rows_with_the_same_state_are_progress() {
    let mut number = 0;
    let server = paging(move |_| {
        number += 1;
        page(&format!(r#"[{{"id": {number}}}]"#), "{}", number % 30 != 0)
    })
    .await;
    let (result, _) = run(&server, &Memory::default(), &SyncOptions::default()).await;
    assert_eq!(result.unwrap().rows(), 60);
}

#[tokio::test]
async fn a_pending_page_is_requested_again_after_its_wait() {
    let mut requests = 0;
    let server = paging(move |_| {
        requests += 1;
        let headers = match requests {
            // Shortened to the longest pause.
            1 => "Weld-Host-Pending: waiting\r\nRetry-After: 86400\r\n",
            // An unknown reason.
            2 => "Weld-Host-Pending: resting\r\nRetry-After: 0\r\n",
            _ => return page("[]", "{}", false),
        };
        let body = br#"{"insert": [], "state": {}, "hasMore": true}"#;
        Answer::with("200 OK", headers, body)
    })
    .await;
    let client = |longest_pause| {
        let options = ClientOptions {
            longest_pause,
            ..quick()
        };
        ConnectorClient::with_options(&server.url(), None, options).unwrap()
    };
    let options = SyncOptions::default();
    let (patient, waits) = (client(PATIENCE), tokio::sync::Notify::new());
    let syncing = sync(
        &patient,
        Memory::default().destination(),
        &options,
        |event| {
            if matches!(event, Event::Waiting { .. }) {
                waits.notify_one();
            }
        },
        // Once it waits, only the pause is left, so the clock may jump; but not to the end of the pause.
        async {
            waits.notified().await;
            tokio::time::pause();
            tokio::time::sleep(PATIENCE / 2).await;
            tokio::time::resume();
        },
    );
    let summary = tokio::time::timeout(PATIENCE, syncing).await.unwrap();
    assert!(summary.unwrap().stopped, "the pause is not over");
    assert_eq!(server.states("a").len(), 1);

    let impatient = client(Duration::ZERO);
    let syncing = sync(
        &impatient,
        Memory::default().destination(),
        &options,
        |_| {},
        std::future::pending(),
    );
    let summary = tokio::time::timeout(PATIENCE, syncing).await.unwrap();
    assert_eq!(summary.unwrap().pages(), 2, "two tables with a page each");
    assert_eq!(server.states("a").len(), 3);
}

#[tokio::test]
async fn pages_without_rows_but_with_a_new_state_are_progress() {
    let server = paging(|request| {
        let number = request.body["state"]["page"].as_u64().unwrap_or(0) + 1;
        page("[]", &format!(r#"{{"page": {number}}}"#), number < 30)
    })
    .await;
    let (result, _) = run(&server, &Memory::default(), &SyncOptions::default()).await;
    assert_eq!(result.unwrap().pages(), 60);
}
