//! The cost of the sandbox for one page: a guest and a native handler make the same rows, requested in turn by one
//! client. Then the cost of metrics: the processor time of the guest's pages with and without a recorder, in turn.
//!
//! `cargo bench -p weld-host-tests`. Both servers run in this process, and each pair of requests goes to both of
//! them, so that other load on the machine affects both.

#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a benchmark prints, and can only stop where something is wrong"
)]

use std::io::{BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::post;
use rustix::time::{ClockId, clock_gettime};
use weld_host::config::{Ceilings, ServerConfig};
use weld_host::connectors::{AdmissionSettings, Plugins};
use weld_host::egress::Upstreams;
use weld_host::pages::{PageSettings, Pages};
use weld_host::sandbox::{Compilation, EngineSettings, Runtime};
use weld_host::server::{LiveSettings, Server, ServerSettings};
use weld_host::telemetry::BenchSwitch;
use weld_host_tests::http::{Kind, Message};

#[path = "../guests/src/made_rows.rs"]
mod made_rows;

#[allow(dead_code, unreachable_pub, reason = "one guest of many is measured")]
mod guests {
    include!(concat!(env!("OUT_DIR"), "/guests.rs"));
}

const ROWS: [u32; 3] = [1, 80, 1_000];
const WARM_UPS: usize = 200;
const PAIRS: usize = 3_000;
/// How many pages are made without a recorder before as many are made with one, and how often.
const BLOCK: u32 = 200;
const BLOCKS: usize = 60;

fn main() {
    // `cargo test --benches` passes no `--bench`. Then one pair of requests shows that the benchmark still works.
    let pairs = if std::env::args().any(|argument| argument == "--bench") {
        PAIRS
    } else {
        1
    };
    let recorder = BenchSwitch::install().expect("no other recorder");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let guest = runtime.block_on(serve_guest());
    let native = runtime.block_on(serve_native());
    println!("{pairs} pairs of requests, one client, microseconds at the median (99th percentile)");
    println!(
        "{:>6} {:>9} {:>18} {:>18} {:>10} {:>7}",
        "rows", "KiB", "guest", "native", "sandbox", "ratio"
    );
    for rows in ROWS {
        let mut guest = Client::new(guest, "/guest", rows);
        let mut native = Client::new(native, "/", rows);
        assert_eq!(guest.ask().0, native.ask().0, "both answer the same bytes");
        let (mut guest_times, mut native_times) = (Vec::new(), Vec::new());
        for pair in 0..pairs + WARM_UPS.min(pairs) {
            let times = (guest.ask().1, native.ask().1);
            if pair >= WARM_UPS.min(pairs) {
                guest_times.push(times.0);
                native_times.push(times.1);
            }
        }
        let (guest_median, guest_tail) = quantiles(guest_times);
        let (native_median, native_tail) = quantiles(native_times);
        println!(
            "{rows:>6} {:>9} {guest_median:>9.0} ({guest_tail:>6.0}) {native_median:>9.0} ({native_tail:>6.0}) {:>10.0} {:>7.2}",
            guest.ask().0.len() / 1024,
            guest_median - native_median,
            guest_median / native_median
        );
    }
    let blocks = if pairs == PAIRS { BLOCKS } else { 1 };
    println!(
        "\nmetrics: processor time of one page, microseconds, medians of {blocks} blocks of {BLOCK} pages"
    );
    println!("{:>6} {:>10} {:>10} {:>8}", "rows", "without", "with", "%");
    for rows in ROWS {
        let mut client = Client::new(guest, "/guest", rows);
        let mut times = [Vec::new(), Vec::new()];
        for block in 0..2 * blocks {
            let place = block % 2;
            recorder.set(place == 1);
            let began = server_time();
            for _ in 0..BLOCK {
                client.ask();
            }
            times[place].push((server_time() - began) / BLOCK);
        }
        recorder.set(false);
        let [without, with] = times.map(|times| quantiles(times).0);
        let more = (with / without - 1.0) * 100.0;
        println!("{rows:>6} {without:>10.1} {with:>10.1} {more:>8.2}");
    }
}

/// The processor time of this process without this thread, which is the client's.
fn server_time() -> Duration {
    let [process, client] = [ClockId::ProcessCPUTime, ClockId::ThreadCPUTime].map(|clock| {
        let time = clock_gettime(clock);
        Duration::try_from(time).expect("a clock's time")
    });
    process - client
}

async fn serve_guest() -> SocketAddr {
    let folder = tempfile::tempdir().expect("a folder");
    let plugin = folder.path().join("guest.wasm");
    std::fs::copy(Path::new(guests::MAKES_ROWS), plugin).expect("the guest is there");
    let settings = EngineSettings {
        slots: 16,
        max_memory_bytes: 256 << 20,
        total_memory_bytes: 4 << 30,
        keep_memory_bytes: 24 << 20,
    };
    let runtime = Arc::new(Runtime::new(settings, Compilation::Here, None).expect("an engine"));
    let admission = AdmissionSettings {
        slots: 16,
        queue: 16,
        queue_wait: Duration::from_secs(10),
        max_concurrency: 16,
    };
    let plugins = Plugins::new(
        runtime,
        Arc::new(Upstreams::default()),
        folder.path().to_owned(),
        Ceilings::default(),
    );
    let mut startup = plugins
        .load(None, admission)
        .await
        .expect("the folder is there");
    startup.loader.finish(drop).await;
    let pages = Pages::new(
        startup.connectors.clone(),
        PageSettings {
            background: true,
            holds: true,
        },
    );
    let server = Server::bind(loopback()).await.expect("a port");
    let address = server.local_addr();
    let config = ServerConfig {
        grace: Duration::ZERO,
        ..ServerConfig::default()
    };
    let settings = ServerSettings {
        live: LiveSettings::new(&config),
        trusted_proxies: Vec::new(),
        max_body_bytes: config.max_body_bytes,
        write_timeout: config.write_timeout,
        max_connections: 100,
        compression: true,
        certificate: None,
        tracer: None,
    };
    tokio::spawn(server.run(startup.connectors, pages, settings, std::future::pending()));
    address
}

/// The minimum that a server without a sandbox does: read the request, make the rows, answer.
async fn serve_native() -> SocketAddr {
    async fn page(body: String) -> ([(&'static str, &'static str); 1], String) {
        let request: serde_json::Value = serde_json::from_str(&body).expect("our own request");
        let table = request["name"].as_str().expect("our own request");
        let insert = made_rows::rows(table.parse().expect("our own request"));
        let page = format!(r#"{{"insert":{insert},"state":{{}},"hasMore":false}}"#);
        ([("content-type", "application/json")], page)
    }
    let listener = tokio::net::TcpListener::bind(loopback())
        .await
        .expect("a port");
    let address = listener.local_addr().expect("it is bound");
    let router = Router::new().route("/", post(page));
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

fn loopback() -> SocketAddr {
    ([127, 0, 0, 1], 0).into()
}

/// One connection, one request at a time.
struct Client {
    stream: BufReader<TcpStream>,
    request: Vec<u8>,
}

impl Client {
    fn new(address: SocketAddr, path: &str, rows: u32) -> Self {
        let stream = TcpStream::connect(address).expect("the server listens");
        stream.set_nodelay(true).expect("a TCP socket");
        let body = format!(r#"{{"name":"{rows}","state":{{}}}}"#);
        Self {
            stream: BufReader::with_capacity(256 << 10, stream),
            request: format!(
                "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            )
            .into_bytes(),
        }
    }

    fn ask(&mut self) -> (Vec<u8>, Duration) {
        let began = Instant::now();
        self.stream
            .get_mut()
            .write_all(&self.request)
            .expect("the server reads");
        let answer = Message::read(&mut self.stream, Kind::Response)
            .expect("a whole answer")
            .expect("an answer");
        assert!(answer.start.contains("200"), "{}", answer.start);
        (answer.body, began.elapsed())
    }
}

/// The median and the 99th percentile in microseconds.
fn quantiles(mut times: Vec<Duration>) -> (f64, f64) {
    times.sort();
    let at = |quantile: usize| times[(times.len() - 1) * quantile / 100].as_secs_f64() * 1e6;
    (at(50), at(99))
}
