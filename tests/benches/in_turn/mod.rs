//! Two ways to do the same, measured in turn, so that other load on the machine affects both.

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

/// How many pairs are measured. `cargo test --benches` passes no `--bench`; then one pair shows that the benchmark
/// still works.
pub(crate) fn pairs() -> usize {
    if std::env::args().any(|argument| argument == "--bench") {
        PAIRS
    } else {
        1
    }
}

/// The server's runtime, in its own thread, as it would be in another process.
pub(crate) fn server() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime")
}

/// The clients' runtime, in the thread that waits for it.
pub(crate) fn client() -> Runtime {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

/// A router that answers each path `/BYTES` with this many bytes.
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

/// A connector's way to this server, with enough calls and bytes, and `more` at the end of its configuration.
pub(crate) fn way_to(address: SocketAddr, more: &str) -> BenchEgress {
    let config = format!(
        "[network]\nallow = [\"http://{address}\"]\n[limits]\ncalls = 1000000\nbytes = \"1TiB\"\n{more}"
    );
    let config = ConnectorConfig::parse(&config, Path::new("alone.toml"), &Ceilings::default())
        .expect("our own configuration");
    BenchEgress::new(config).expect("no certificates")
}

/// How long a call takes that is answered with this many bytes.
pub(crate) async fn call(way: &BenchEgress, page: &BenchPage, url: &str, bytes: usize) -> Duration {
    let began = Instant::now();
    let (status, body) = way.get(page, url).await.expect("an answer");
    let took = began.elapsed();
    assert_eq!((status, body.len()), (200, bytes));
    took
}

/// Prints the titles of the columns.
pub(crate) fn print_head(pairs: usize) {
    println!(
        "{pairs} pairs of calls, one after the other; microseconds at the median (99th percentile)"
    );
}

/// Runs one and the other, and collects the times that each returns.
pub(crate) async fn measure(
    pairs: usize,
    one: impl AsyncFn() -> Duration,
    other: impl AsyncFn() -> Duration,
) -> (Vec<Duration>, Vec<Duration>) {
    let warm_ups = WARM_UPS.min(pairs);
    let (mut of_one, mut of_other) = (Vec::new(), Vec::new());
    for pair in 0..pairs + warm_ups {
        // The second one finds the server's thread awake, so the order alternates.
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

/// Prints both times, and their difference.
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
