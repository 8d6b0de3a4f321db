//! Tests the client and the engine against a server with scripted answers.

mod answers;
mod failures;
mod limits;
mod memory;
mod pending;
mod retries;
mod server;
mod stopping;
mod tables;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{
    ClientOptions, ConnectorClient, Continuation, Event, Summary, SyncError, SyncFailure,
    SyncOptions, sync,
};
use memory::Memory;
use server::{Answer, Request, Server};

/// A time limit for tests that could hang; long enough for a loaded machine.
const PATIENCE: Duration = Duration::from_secs(60);

const SCHEMA: &str = r#"{"schema": {"a": {"primary_key": "id"}, "b": {"primary_key": "id"}}}"#;

/// The default options without pauses.
fn quick() -> ClientOptions {
    ClientOptions {
        pauses: vec![Duration::ZERO; 2],
        ..ClientOptions::default()
    }
}

/// A connector's answer with a page.
fn page(rows: &str, state: &str, more: bool) -> Answer {
    Answer::json(&format!(
        r#"{{"insert": {rows}, "state": {state}, "hasMore": {more}}}"#
    ))
}

/// A server with the two tables of [`SCHEMA`], whose pages come from `script`.
async fn paging(mut script: impl FnMut(&Request) -> Answer + Send + 'static) -> Server {
    Server::start(move |request| {
        if request.path == "/schema" {
            Answer::json(SCHEMA)
        } else {
            script(request)
        }
    })
    .await
}

/// A server with three pages of two rows in each table. The state is the number of the next page.
async fn three_pages() -> Server {
    paging(|request| {
        let number = request.body["state"]["page"].as_u64().unwrap_or(0);
        let first = number * 2;
        let rows = format!(r#"[{{"id": {first}}}, {{"id": {}}}]"#, first + 1);
        page(&rows, &format!(r#"{{"page": {}}}"#, number + 1), number < 2)
    })
    .await
}

/// Syncs to the end.
async fn run(
    server: &Server,
    memory: &Memory,
    options: &SyncOptions,
) -> (Result<Summary, SyncFailure>, Vec<Event>) {
    let client = ConnectorClient::with_options(&server.url(), None, quick()).unwrap();
    let events = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&events);
    let syncing = sync(
        &client,
        memory.destination(),
        options,
        move |event| seen.lock().unwrap().push(event),
        std::future::pending(),
    );
    let result = tokio::time::timeout(PATIENCE, syncing).await.unwrap();
    let events = std::mem::take(&mut *events.lock().unwrap());
    (result, events)
}

/// The text of an error with its causes.
fn error_text(error: &(dyn std::error::Error + 'static)) -> String {
    crate::report::chain(error)
}
