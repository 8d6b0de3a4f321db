//! Two ways to do the same, tried in turn: whatever else the machine does falls on both.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use tokio::runtime::{Builder, Runtime};
use weld_host::config::{Ceilings, ConnectorConfig};
use weld_host::egress::{BenchEgress, BenchPage};

const WARM_UPS: usize = 500;
const PAIRS: usize = 10_000;

/// How many pairs are measured: `cargo test --benches` passes no `--bench`, then one shows that the benchmark still
/// works.
pub(crate) fn pairs() -> usize {
    if std::env::args().any(|argument| argument == "--bench") {
        PAIRS
    } else {
        1
    }
}

/// The server's runtime: a thread of its own, as it would have in another process.
pub(crate) fn server() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime")
}

/// The clients' runtime: the thread that waits for it.
pub(crate) fn client() -> Runtime {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

/// A router that answers each path `/BYTES` with so many bytes.
pub(crate) fn bodies(bodies: &[usize]) -> Router {
    bodies.iter().fold(Router::new(), |router, bytes| {
        let body = axum::body::Bytes::from("x".repeat(*bytes));
        router.route(&format!("/{bytes}"), get(async || body))
    })
}

/// A server on loopback.
pub(crate) async fn serve(router: Router) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .expect("a port");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// The way of a connector to this server, with calls and bytes enough, and this at the end of its configuration.
pub(crate) fn way_to(address: SocketAddr, more: &str) -> BenchEgress {
    let config = format!(
        "[network]\nallow = [\"http://{address}\"]\n[limits]\ncalls = 1000000\nbytes = \"1TiB\"\n{more}"
    );
    let config = ConnectorConfig::parse(&config, Path::new("alone.toml"), &Ceilings::default())
        .expect("our own configuration");
    BenchEgress::new(config).expect("no certificates")
}

/// How long a call takes that is answered with so many bytes.
pub(crate) async fn call(way: &BenchEgress, page: &BenchPage, url: &str, bytes: usize) -> Duration {
    let began = Instant::now();
    let (status, body) = way.get(page, url).await.expect("an answer");
    let took = began.elapsed();
    assert_eq!((status, body.len()), (200, bytes));
    took
}

/// Says what the columns of the times are.
pub(crate) fn print_head(pairs: usize) {
    println!(
        "{pairs} pairs of calls, one after the other; microseconds at the median (99th percentile)"
    );
}

/// Tries one and the other, and keeps the times that each says it took.
pub(crate) async fn measure(
    pairs: usize,
    one: impl AsyncFn() -> Duration,
    other: impl AsyncFn() -> Duration,
) -> (Vec<Duration>, Vec<Duration>) {
    let warm_ups = WARM_UPS.min(pairs);
    let (mut of_one, mut of_other) = (Vec::new(), Vec::new());
    for pair in 0..pairs + warm_ups {
        // Who comes second finds the server's thread awake.
        let times = if pair % 2 == 0 {
            let first = one().await;
            (first, other().await)
        } else {
            let first = other().await;
            (one().await, first)
        };
        if pair >= warm_ups {
            of_one.push(times.0);
            of_other.push(times.1);
        }
    }
    (of_one, of_other)
}

/// Says what both took, and how they differ.
pub(crate) fn print_row(label: &str, one: Vec<Duration>, other: Vec<Duration>) {
    let ((one, one_tail), (other, other_tail)) = (quantiles(one), quantiles(other));
    println!(
        "{label} {one:>9.1} ({one_tail:>6.0}) {other:>9.1} ({other_tail:>6.0}) {:>8.1} {:>6.2}",
        one - other,
        one / other
    );
}

/// The median and the 99th percentile in microseconds.
fn quantiles(mut times: Vec<Duration>) -> (f64, f64) {
    times.sort();
    let at = |quantile: usize| times[(times.len() - 1) * quantile / 100].as_secs_f64() * 1e6;
    (at(50), at(99))
}
