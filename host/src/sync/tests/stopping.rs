//! Syncs that are stopped.

use tokio::sync::oneshot;

use super::*;

/// Syncs all tables, and stops at the first event for which `is_enough` is true.
async fn stopped_at(
    client: &ConnectorClient,
    memory: &Memory,
    mut is_enough: impl FnMut(&Event) -> bool + Send,
) -> Summary {
    let (stop, stopped) = oneshot::channel::<()>();
    let mut stop = Some(stop);
    let options = SyncOptions::default();
    let syncing = sync(
        client,
        memory.destination(),
        &options,
        |event| {
            if is_enough(&event) {
                drop(stop.take());
            }
        },
        async {
            let _ = stopped.await;
        },
    );
    tokio::time::timeout(PATIENCE, syncing)
        .await
        .unwrap()
        .unwrap()
}

/// Stops when the first page is committed, while the second one is requested and never comes.
#[tokio::test]
async fn a_stopped_sync_keeps_complete_pages_and_reports_the_stop() {
    let server = paging(|request| {
        if request.body["state"]["page"] == 1 {
            Answer::Never
        } else {
            page(r#"[{"id": 1}]"#, r#"{"page": 1}"#, true)
        }
    })
    .await;
    let memory = Memory::default();
    let client = ConnectorClient::with_options(&server.url(), None, quick()).unwrap();
    let summary = stopped_at(&client, &memory, |event| {
        matches!(event, Event::Page { .. })
    })
    .await;
    assert!(summary.stopped);
    assert_eq!(summary.tables.len(), 1);
    assert!(!summary.tables[0].complete);
    assert_eq!(summary.rows(), 1);
    assert_eq!(memory.table("a").state.as_deref(), Some(r#"{"page": 1}"#));
}

#[tokio::test]
async fn a_sync_can_be_stopped_during_a_pause() {
    let server =
        Server::start(|_| Answer::with("503 Service Unavailable", "Retry-After: 3000\r\n", b""))
            .await;
    let client = ConnectorClient::new(&server.url(), None).unwrap();
    let summary = stopped_at(&client, &Memory::default(), |_| true).await;
    assert!(summary.stopped && summary.tables.is_empty());
}

#[tokio::test]
async fn a_stopped_sync_continues_without_losing_or_repeating_rows() {
    let server = three_pages().await;
    let whole = Memory::default();
    run(&server, &whole, &SyncOptions::default())
        .await
        .0
        .unwrap();
    let client = ConnectorClient::with_options(&server.url(), None, quick()).unwrap();
    for stop_after in 1..6 {
        let memory = Memory::default();
        let mut pages = 0;
        stopped_at(&client, &memory, |event| {
            pages += u32::from(matches!(event, Event::Page { .. }));
            pages == stop_after
        })
        .await;
        // Only unfinished tables are synced; a complete one would be read from its end.
        let unfinished = ["a", "b"]
            .into_iter()
            .filter(|table| memory.table(table).state.as_deref() != Some(r#"{"page": 3}"#))
            .map(str::to_owned)
            .collect();
        let options = SyncOptions {
            tables: Some(unfinished),
            ..SyncOptions::default()
        };
        run(&server, &memory, &options).await.0.unwrap();
        for table in ["a", "b"] {
            assert_eq!(memory.table(table), whole.table(table), "{stop_after}");
        }
    }
}

#[tokio::test]
async fn a_sync_can_run_on_another_thread() {
    let server = three_pages().await;
    let client = ConnectorClient::with_options(&server.url(), None, quick()).unwrap();
    let syncing = tokio::spawn(async move {
        let options = SyncOptions::default();
        let destination = Memory::default().destination();
        sync(
            &client,
            destination,
            &options,
            |_| {},
            std::future::pending(),
        )
        .await
    });
    let summary = tokio::time::timeout(PATIENCE, syncing)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(summary.unwrap().rows(), 12);
}
