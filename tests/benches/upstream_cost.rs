//! The cost of one call by way of the host: its gate and client, and a plain pooled client of `reqwest`, call one
//! server in turn.
//!
//! `cargo bench -p weld-host-tests --bench upstream_cost`. Server and clients run in this process, on loopback. Each
//! round makes one call with each client, so that other load on the machine affects both.

#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a benchmark prints, and can only stop where something is wrong"
)]

mod in_turn;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use in_turn::{call, serve, way_to};

/// Bytes in a response: almost none, and the size of a page of 80 rows.
const BODIES: [usize; 2] = [2, 118 << 10];

fn main() {
    let pairs = in_turn::pairs();
    let server = in_turn::server();
    let address = server.block_on(serve(in_turn::bodies(&BODIES)));
    in_turn::print_head(pairs);
    println!(
        "{:>6} {:>8} {:>18} {:>18} {:>8} {:>6}",
        "log", "bytes", "weld-host", "reqwest", "more", "ratio"
    );
    for log in ["off", "info"] {
        if log == "info" {
            // In the host's format, but discarded: the speed of a terminal or a file is not measured.
            tracing_subscriber::fmt()
                .with_writer(std::io::sink)
                .with_ansi(false)
                .init();
        }
        for bytes in BODIES {
            let client = in_turn::client();
            let (host, bare) = client.block_on(measure(address, bytes, pairs));
            in_turn::print_row(&format!("{log:>6} {bytes:>8}"), host, bare);
        }
    }
}

async fn measure(
    address: SocketAddr,
    bytes: usize,
    pairs: usize,
) -> (Vec<Duration>, Vec<Duration>) {
    let url = format!("http://{address}/{bytes}");
    let host = way_to(address, "");
    let bare = reqwest::Client::builder().build().expect("a client");
    let page = host.page();
    let by_host = async || call(&host, &page, &url, bytes).await;
    let by_reqwest = async || by_reqwest(&bare, &url, bytes).await;
    in_turn::measure(pairs, by_host, by_reqwest).await
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
