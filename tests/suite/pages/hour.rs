//! A connector that sleeps for an hour inside a page, as Weld's guide shows, gets its hour across answers of less
//! than a minute. Host, API and client run in the test's process, whose clock jumps to the next event.

use crate::{cache_folder, guests};
use serde_json::{Value, json};
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use weld_host::egress::SystemNetwork;
use weld_host::sandbox::Compilation;
use weld_host_tests::in_process::serve;

const HOUR: Duration = Duration::from_secs(3600);

/// About how many answers of 55 s fit into an hour.
const ANSWERS: usize = 65;

type Paths = Arc<Mutex<Vec<String>>>;

#[test]
fn connector_that_sleeps_an_hour_gets_it_across_short_answers() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        for (table, answer_within) in [
            ("contract", "55s"),
            ("contract", "off"),
            ("wasi", "55s"),
            ("wasi", "off"),
        ] {
            let case = format!("{table}, answers within {answer_within}");
            let (api, asked) = start_api().await;
            let plugins = TempDir::new().unwrap();
            let host = start_host(plugins.path(), api, answer_within).await;
            let began = Instant::now();
            let (rows, later) = page_at_last(host, table, api).await;
            let took = began.elapsed();
            assert!(took >= HOUR && took < HOUR + HOUR / 60, "{case}: {took:?}");
            let expected = if answer_within == "off" { 0 } else { ANSWERS };
            assert_eq!(later, expected, "{case}");
            assert_eq!(
                rows,
                json!([{ "id": 1, "body": "/before" }, { "id": 2, "body": "/after" }]),
                "{case}"
            );
            let asked = asked.lock().unwrap().clone();
            assert_eq!(asked, ["/before", "/after"], "{case}");
        }
    });
}

/// An API that answers each request with its path, and the paths so far.
async fn start_api() -> (SocketAddr, Paths) {
    let asked = Paths::default();
    let answering = asked.clone();
    let router = axum::Router::new().fallback(async move |uri: axum::http::Uri| {
        answering.lock().unwrap().push(uri.path().to_owned());
        uri.path().to_owned()
    });
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async { axum::serve(listener, router).await });
    (address, asked)
}

async fn start_host(plugins: &Path, api: SocketAddr, answer_within: &str) -> SocketAddr {
    fs::copy(guests::SLEEPS_BETWEEN_FETCHES, plugins.join("guest.wasm")).unwrap();
    let config = format!(
        "[env]\nSLEEP_MS = \"{}\"\n[network]\nallow = [\"http://{api}\"]\n[limits]\nanswer-within = \"{answer_within}\"",
        HOUR.as_millis()
    );
    fs::write(plugins.join("guest.toml"), config).unwrap();
    // The jumping clock would end a compiler process at once.
    serve(
        plugins,
        Arc::new(SystemNetwork),
        Compilation::Here,
        &cache_folder(),
    )
    .await
}

/// Requests a page as Weld does until it is ready. Returns its rows, and how many answers were pending.
async fn page_at_last(host: SocketAddr, table: &str, api: SocketAddr) -> (Value, usize) {
    let mut body = json!({ "name": table, "state": { "url": format!("http://{api}") } });
    for later in 0..1000 {
        let (head, answer) = ask(host, &body).await;
        if !head.contains("weld-host-pending: running") {
            assert_eq!(answer["hasMore"], json!(false), "{answer}");
            return (answer["insert"].clone(), later);
        }
        assert_eq!(
            (&answer["insert"], &answer["state"], &answer["hasMore"]),
            (&json!([]), &body["state"], &json!(true))
        );
        body["state"] = answer["state"].clone();
    }
    panic!("the page never comes");
}

/// Sends one request on a separate connection. Returns the answer's head and body.
async fn ask(host: SocketAddr, body: &Value) -> (String, Value) {
    let body = body.to_string();
    let request = format!(
        "POST /guest HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(host).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
    (head.to_owned(), serde_json::from_str(body).expect(body))
}
