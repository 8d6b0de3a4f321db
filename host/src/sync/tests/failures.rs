//! What a failed sync says about its place and what remains.

use super::*;
use crate::sync::{Observer, Stdout};

/// A server whose table `b` fails at its second page.
async fn failing_at_b() -> Server {
    paging(|request| match request.body["name"].as_str() {
        Some("a") => page(r#"[{"id": 1}]"#, "null", false),
        _ if request.body["state"]["page"] == 1 => Answer::status(
            "500 Internal Server Error",
            r#"{"error": {"kind": "connector_failed", "message": "KeyError: 'idd' (app.py:46)"}}"#,
        ),
        _ => page(r#"[{"id": 1}, {"id": 2}]"#, r#"{"page": 1}"#, true),
    })
    .await
}

#[tokio::test]
async fn the_failure_has_the_table_the_page_and_the_rows_before_it() {
    let server = failing_at_b().await;
    for full in [false, true] {
        let options = SyncOptions {
            full,
            ..SyncOptions::default()
        };
        let (result, _) = run(&server, &Memory::default(), &options).await;
        let failure = result.unwrap_err();
        assert_eq!(
            (failure.table.as_deref(), failure.page, failure.rows),
            (Some("b"), Some(2), 2)
        );
        assert!(failure.unreached.is_empty());
        let command = if full {
            "the same command without --full"
        } else {
            "the same command"
        };
        assert_eq!(
            error_text(&failure),
            format!(
                "b, page 2: {}/ answered 500: KeyError: 'idd' (app.py:46); 2 rows are kept; run {command} to continue",
                server.url()
            )
        );
    }
}

#[tokio::test]
async fn a_component_is_named_instead_of_its_url() {
    let fails = Server::start(|_| Answer::status("502 Bad Gateway", "no tap")).await;
    let text = |server: &Server| {
        let options = ClientOptions {
            component: Some("plugins/shop.wasm".to_owned()),
            ..quick()
        };
        let client = ConnectorClient::with_options(&server.url(), None, options).unwrap();
        async move {
            let memory = Memory::default();
            let options = SyncOptions::default();
            let stop = std::future::pending();
            let syncing = sync(&client, memory.destination(), &options, drop, stop);
            error_text(&syncing.await.unwrap_err())
        }
    };
    assert_eq!(text(&fails).await, "plugins/shop.wasm: the schema: no tap");
    assert_eq!(
        text(&failing_at_b().await).await,
        "b, page 2: KeyError: 'idd' (app.py:46); 2 rows are kept; run the same command to continue"
    );
    let ended = three_pages().await;
    let refused = text(&ended);
    ended.end().await;
    let refused = refused.await;
    assert!(
        refused.starts_with("plugins/shop.wasm: the schema: the request to the connector failed: "),
        "{refused}"
    );
}

#[tokio::test]
async fn rows_without_a_state_are_printed_rather_than_kept() {
    let server = failing_at_b().await;
    let client = ConnectorClient::with_options(&server.url(), None, quick()).unwrap();
    let destination = Observer::new(Stdout::new(std::io::sink()), |_, _| {});
    let options = SyncOptions::default();
    let stop = std::future::pending();
    let failure = sync(&client, Box::new(destination), &options, drop, stop);
    let failure = failure.await.unwrap_err();
    assert_eq!(failure.continuation, Continuation::FromStart);
    let text = error_text(&failure);
    assert!(
        text.ends_with("; 2 rows were printed; the next sync starts from the beginning"),
        "{text}"
    );
}
