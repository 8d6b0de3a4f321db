//! How much memory the host uses for upstreams that send endlessly, or hardly anything.

use crate::{guests, gzip, host};
use serde_json::{Value, json};
use std::thread::sleep;
use std::time::Duration;
use weld_host_tests::host::Host;
use weld_host_tests::upstream::{Exchange, Upstream};

/// The maximum size of a response, which the good response has.
const RESPONSE_BYTES: usize = 2 << 20;

/// How much more memory the bad responses may take than good ones did: buffers, and rounding by the allocator.
const MORE_BYTES: u64 = 16 << 20;

/// The size of the bombs' pieces once decompressed.
const BOMB_BYTES: usize = 64 << 20;

const CONNECTORS: [(&str, &str); 2] = [("fetch", guests::FETCHES), ("wasi", guests::FETCHES_WASI)];

/// Paths that answer endlessly, and how a request to each may end. On a slow machine the time limit comes first.
const BAD: [(&str, &[&str]); 7] = [
    ("/endless", &["too-large", "timeout"]),
    ("/chunked", &["too-large", "timeout"]),
    ("/gzip", &["too-large", "timeout"]),
    ("/zstd", &["too-large", "timeout"]),
    ("/headers", &["failed", "timeout"]),
    ("/drip", &["timeout"]),
    ("/silent", &["timeout"]),
];

/// [`BOMB_BYTES`] of the letter x in Zstandard (RFC 8878, 3.1.1): each block gives a byte and how often it is
/// repeated.
fn zstandard_bomb() -> Vec<u8> {
    const BLOCK_BYTES: u32 = 128 << 10;
    const REPEATED: u32 = 1 << 1;
    let blocks = BOMB_BYTES / BLOCK_BYTES as usize;
    let mut bomb = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38];
    for block in 1..=blocks {
        let is_last = u32::from(block == blocks);
        let [low, middle, high, _] = (is_last | REPEATED | BLOCK_BYTES << 3).to_le_bytes();
        bomb.extend([low, middle, high, b'x']);
    }
    bomb
}

fn upstream() -> Upstream {
    let gzip_bomb = gzip(&vec![b'x'; BOMB_BYTES]);
    let zstandard_bomb = zstandard_bomb();
    Upstream::start(move |request, exchange| match request.target() {
        "/endless" => without_end(exchange, &[], &[b'x'; 64 << 10]),
        "/chunked" => {
            let chunk = [b"10000\r\n", &[b'x'; 64 << 10][..], b"\r\n"].concat();
            without_end(exchange, &[("transfer-encoding", "chunked")], &chunk);
        }
        "/gzip" => without_end(exchange, &[("content-encoding", "gzip")], &gzip_bomb),
        "/zstd" => without_end(exchange, &[("content-encoding", "zstd")], &zstandard_bomb),
        "/headers" => {
            exchange.send("HTTP/1.1 200 OK\r\n");
            while exchange.send(format!("x: {}\r\n", "y".repeat(4096))) {}
        }
        "/drip" => {
            exchange.begin(200, &[]);
            while exchange.send("x") {
                sleep(Duration::from_millis(10));
            }
        }
        "/silent" => exchange.wait_for_close(),
        _ => exchange.answer(200, &[], vec![b'x'; RESPONSE_BYTES]),
    })
}

/// Sends this piece again and again, until nobody accepts it any longer.
fn without_end(exchange: &mut Exchange, headers: &[(&str, &str)], piece: &[u8]) {
    exchange.begin(200, headers);
    while exchange.send(piece) {}
}

/// A host with a connector for each import.
fn host_for(upstream: &Upstream) -> Host {
    let config = format!(
        "[network]\nallow = [\"{}\"]\ntotal-timeout = \"1s\"\n[limits]\nresponse-size = \"2MiB\"",
        upstream.origin()
    );
    CONNECTORS
        .into_iter()
        .fold(host(), |host, (name, component)| {
            host.plugin(name, component).config(name, &config)
        })
        .start()
}

#[test]
fn upstream_that_never_ends_takes_no_more_memory_than_a_good_one() {
    let upstream = upstream();
    let host = host_for(&upstream);
    let fetch = |connector: &str, path: &str| -> Value {
        let request = json!({ "url": upstream.url(path) });
        host.weld(connector).good_row("rows", &request)
    };
    for (connector, _) in CONNECTORS {
        for _ in 0..2 {
            let row = fetch(connector, "/good");
            let length = row["body"].as_str().map(str::len);
            assert_eq!(length, Some(RESPONSE_BYTES), "{connector}");
        }
    }
    let good = host.peak_memory();
    for (connector, _) in CONNECTORS {
        for (path, errors) in BAD {
            let row = fetch(connector, path);
            let error = row["error"].as_str().unwrap_or_default();
            assert!(errors.contains(&error), "{path} by {connector}: {row}");
        }
    }
    let bad = host.peak_memory();
    assert!(bad <= good + MORE_BYTES, "{good} bytes before, {bad} after");
}
