//! What the way to the network costs for one call: the host's gate and client, and a bare pooled client of `reqwest`,
//! ask one server in turn.
//!
//! `cargo bench -p weld-host-tests --bench upstream_cost`. Server and clients run in this process, on loopback; each
//! round asks by one client and by the other, so that whatever else the machine does falls on both.

#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a benchmark prints, and can only stop where something is wrong"
)]

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use tokio::runtime::{Builder, Runtime};
use weld_host::config::{Ceilings, ConnectorConfig};
use weld_host::egress::{Alone, Page};

/// Bytes of a response: next to nothing, and what a page of 80 rows has.
const BODIES: [usize; 2] = [2, 118 << 10];
const WARM_UPS: usize = 500;
const PAIRS: usize = 10_000;

fn main() {
    // `cargo test --benches` passes no `--bench`: then one pair of requests shows that the benchmark still works.
    let pairs = if std::env::args().any(|argument| argument == "--bench") {
        PAIRS
    } else {
        1
    };
    let server = runtime();
    let address = server.block_on(serve());
    println!(
        "{pairs} pairs of calls, one after the other; microseconds at the median (99th percentile)"
    );
    println!(
        "{:>6} {:>8} {:>18} {:>18} {:>8} {:>6}",
        "log", "bytes", "weld-host", "reqwest", "more", "ratio"
    );
    for log in ["off", "info"] {
        if log == "info" {
            // As the host writes it, but to nowhere: a terminal's or a file's speed is not the subject.
            tracing_subscriber::fmt()
                .with_writer(std::io::sink)
                .with_ansi(false)
                .init();
        }
        for bytes in BODIES {
            let client = runtime();
            let (host, bare) = client.block_on(measure(address, bytes, pairs));
            let ((host, host_tail), (bare, bare_tail)) = (quantiles(host), quantiles(bare));
            println!(
                "{log:>6} {bytes:>8} {host:>9.1} ({host_tail:>6.0}) {bare:>9.1} ({bare_tail:>6.0}) {:>8.1} {:>6.2}",
                host - bare,
                host / bare
            );
        }
    }
}

/// A runtime of its own for each side, as they would be in processes of their own.
fn runtime() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime")
}

async fn serve() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .expect("a port");
    let address = listener.local_addr().expect("it is bound");
    let router = BODIES.iter().fold(Router::new(), |router, bytes| {
        let body = axum::body::Bytes::from("x".repeat(*bytes));
        router.route(&format!("/{bytes}"), get(async || body))
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

async fn measure(
    address: SocketAddr,
    bytes: usize,
    pairs: usize,
) -> (Vec<Duration>, Vec<Duration>) {
    let url = format!("http://{address}/{bytes}");
    let config = format!(
        "[network]\nallow = [\"GET http://{address}\"]\n[limits]\ncalls = 1000000\nbytes = \"1TiB\""
    );
    let config = ConnectorConfig::parse(&config, Path::new("alone.toml"), &Ceilings::default())
        .expect("our own configuration");
    let host = Alone::new(config).expect("no certificates");
    let bare = reqwest::Client::builder().build().expect("a client");
    // In a task, as in the host, and not in `block_on`, which has a thread of its own.
    let measured = tokio::spawn(async move {
        let page = host.page();
        let warm_ups = WARM_UPS.min(pairs);
        let (mut host_times, mut bare_times) = (Vec::new(), Vec::new());
        for pair in 0..pairs + warm_ups {
            // Who is asked second finds the server's thread awake.
            let times = if pair % 2 == 0 {
                let host = by_host(&host, &page, &url, bytes).await;
                (host, by_reqwest(&bare, &url, bytes).await)
            } else {
                let bare = by_reqwest(&bare, &url, bytes).await;
                (by_host(&host, &page, &url, bytes).await, bare)
            };
            if pair >= warm_ups {
                host_times.push(times.0);
                bare_times.push(times.1);
            }
        }
        (host_times, bare_times)
    });
    measured.await.expect("no answer was wrong")
}

async fn by_host(host: &Alone, page: &Page, url: &str, bytes: usize) -> Duration {
    let began = Instant::now();
    let (status, body) = host.get(page, url).await.expect("an answer");
    let took = began.elapsed();
    assert_eq!((status, body.len()), (200, bytes));
    took
}

async fn by_reqwest(client: &reqwest::Client, url: &str, bytes: usize) -> Duration {
    let began = Instant::now();
    let response = client.get(url).send().await.expect("an answer");
    let status = response.status().as_u16();
    let body = response.bytes().await.expect("a whole body");
    let took = began.elapsed();
    assert_eq!((status, body.len()), (200, bytes));
    took
}

/// The median and the 99th percentile in microseconds.
fn quantiles(mut times: Vec<Duration>) -> (f64, f64) {
    times.sort();
    let at = |quantile: usize| times[(times.len() - 1) * quantile / 100].as_secs_f64() * 1e6;
    (at(50), at(99))
}
