//! The limits of calls, bytes and time for one page's exchanges, by either import.

use crate::{guests, gzip, host};
use serde_json::{Value, json};
use std::thread::sleep;
use std::time::Duration;
use weld_host_tests::host::Host;
use weld_host_tests::upstream::Upstream;

/// The connectors of [`host_for`]: one for each import.
const IMPORTS: [(&str, &str); 2] = [("fetch", guests::FETCHES), ("wasi", guests::FETCHES_WASI)];

/// The size of the bombs once decompressed.
const BOMB_BYTES: usize = 4 << 20;

/// The letter x, [`BOMB_BYTES`] times, compressed with Brotli.
const BROTLI_BOMB: [u8; 14] = [
    0x9b, 0xff, 0xff, 0x3f, 0xf8, 0x25, 0xf0, 0xe2, 0xb1, 0x40, 0x20, 0xf7, 0xfe, 0x07,
];

/// The same with Zstandard (RFC 8878, 3.1.1): each block gives a byte and how often it is repeated.
fn zstandard_bomb() -> Vec<u8> {
    const BLOCK_BYTES: u32 = 128 << 10;
    const REPEATED: u32 = 1 << 1;
    let mut bomb = vec![0x28, 0xb5, 0x2f, 0xfd];
    // Neither a length nor a checksum; a window of 128 KiB.
    bomb.extend([0x00, 0x38]);
    let blocks = BOMB_BYTES / BLOCK_BYTES as usize;
    for block in 1..=blocks {
        let is_last = u32::from(block == blocks);
        let [low, middle, high, _] = (is_last | REPEATED | BLOCK_BYTES << 3).to_le_bytes();
        bomb.extend([low, middle, high, b'x']);
    }
    bomb
}

/// A host with a connector for each import. All of them may call this upstream.
fn host_for(upstream: &Upstream, network: &str, limits: &str) -> Host {
    let config = format!(
        "[network]\nallow = [\"{}\"]\n{network}\n[limits]\n{limits}",
        upstream.origin()
    );
    IMPORTS
        .into_iter()
        .fold(host(), |host, (name, component)| {
            host.plugin(name, component).config(name, &config)
        })
        .start()
}

/// The guests' reports about a request, one for each import.
fn fetch_by_both(host: &Host, request: &Value) -> [(&'static str, Value); 2] {
    IMPORTS.map(|(import, _)| (import, host.weld(import).good_row("rows", request)))
}

/// Checks that the request fails with this error by both imports.
fn assert_fails(host: &Host, request: &Value, word: &str) {
    for (import, row) in fetch_by_both(host, request) {
        assert_eq!(row["error"], word, "{} by {import}: {row}", request["url"]);
    }
}

/// Checks that the request is answered by both imports with a body of this many bytes.
fn assert_answers(host: &Host, request: &Value, bytes: usize) {
    for (import, row) in fetch_by_both(host, request) {
        let length = row["body"].as_str().map(str::len);
        let url = &request["url"];
        assert_eq!(
            (&row["status"], length),
            (&json!(200), Some(bytes)),
            "{url} by {import}"
        );
    }
}

#[test]
fn calls_beyond_the_last_one_are_refused() {
    let upstream = Upstream::answering("{}");
    let host = host_for(&upstream, "", "calls = 2");
    let url = upstream.url("/");
    assert_answers(&host, &json!({ "url": url, "times": 2 }), 2);
    assert_eq!(upstream.received().len(), 4);
    assert_fails(&host, &json!({ "url": url, "times": 3 }), "over-limit");
    assert_eq!(upstream.received().len(), 8, "the third is not sent");
    // Every page has its own.
    assert_answers(&host, &json!({ "url": url }), 2);
}

#[test]
fn followed_redirects_are_calls_too() {
    let upstream = Upstream::start(|_, exchange| exchange.answer(302, &[("location", "/")], ""));
    let host = host_for(&upstream, "follow-redirects = 20", "calls = 2");
    assert_fails(&host, &json!({ "url": upstream.url("/") }), "over-limit");
    assert_eq!(upstream.received().len(), 4);
}

#[test]
fn bytes_of_requests_and_responses_are_counted_together() {
    let upstream = Upstream::start(|request, exchange| match request.target() {
        "/large" => exchange.answer(200, &[], vec![b'x'; 600 << 10]),
        "/gzip" => {
            let body = gzip(&vec![b'x'; 600 << 10]);
            exchange.answer(200, &[("content-encoding", "gzip")], body);
        }
        _ => exchange.answer(200, &[], "{}"),
    });
    let host = host_for(&upstream, "", "bytes = \"1MiB\"");
    for path in ["/large", "/gzip"] {
        let url = upstream.url(path);
        assert_answers(&host, &json!({ "url": url }), 600 << 10);
        assert_fails(&host, &json!({ "url": url, "times": 2 }), "over-limit");
        let sent = json!({ "url": url, "method": "POST", "body": "x".repeat(600 << 10) });
        assert_fails(&host, &sent, "over-limit");
    }
    let sent = json!({ "url": upstream.url("/"), "method": "POST", "body": "x".repeat(600 << 10) });
    assert_answers(&host, &sent, 2);
    let mut twice = sent;
    twice["times"] = json!(2);
    assert_fails(&host, &twice, "over-limit");
}

#[test]
fn response_is_cut_off_at_its_limit_in_every_encoding() {
    let upstream = Upstream::start(|request, exchange| {
        let plain = [b'x'; 4096];
        match request.target() {
            "/length" => exchange.answer(200, &[], vec![b'x'; BOMB_BYTES]),
            "/endless" => {
                exchange.begin(200, &[]);
                while exchange.send(plain) {}
            }
            "/chunked" => {
                exchange.begin(200, &[("transfer-encoding", "chunked")]);
                while exchange.send("1000\r\n") && exchange.send(plain) && exchange.send("\r\n") {}
            }
            "/gzip" => {
                let bomb = gzip(&vec![b'x'; BOMB_BYTES]);
                exchange.answer(200, &[("content-encoding", "gzip")], bomb);
            }
            "/br" => exchange.answer(200, &[("content-encoding", "br")], BROTLI_BOMB),
            "/zstd" => {
                exchange.answer(200, &[("content-encoding", "zstd")], zstandard_bomb());
            }
            _ => exchange.answer(200, &[], vec![b'x'; 1 << 20]),
        }
    });
    let host = host_for(&upstream, "", "response-size = \"1MiB\"");
    for path in ["/length", "/endless", "/chunked", "/gzip", "/br", "/zstd"] {
        assert_fails(&host, &json!({ "url": upstream.url(path) }), "too-large");
    }
    assert_answers(&host, &json!({ "url": upstream.url("/fits") }), 1 << 20);
    // The bombs' content is valid if its size is allowed.
    let host = host_for(&upstream, "", "response-size = \"4MiB\"");
    for path in ["/gzip", "/br", "/zstd"] {
        assert_answers(&host, &json!({ "url": upstream.url(path) }), BOMB_BYTES);
    }
}

#[test]
fn too_large_request_never_arrives_completely() {
    let upstream = Upstream::answering("{}");
    let host = host_for(&upstream, "", "request-size = \"64KiB\"");
    let request = |bytes: usize| json!({ "url": upstream.url("/"), "method": "POST", "body": "x".repeat(bytes) });
    assert_fails(&host, &request((64 << 10) + 1), "invalid");
    assert_fails(&host, &request(900 << 10), "invalid");
    assert!(upstream.received().is_empty());
    assert_answers(&host, &request(64 << 10), 2);
    assert!(
        upstream
            .received()
            .iter()
            .all(|received| received.body.len() == 64 << 10)
    );
}

/// Checks that the request times out by each import, and that the log says which limit was the cause. The guest
/// doesn't learn it, and another limit's default may also be exceeded before the test gives up.
fn assert_times_out(host: &Host, request: &Value, causes: [&str; 2]) {
    for ((import, _), cause) in IMPORTS.into_iter().zip(causes) {
        let row = host.weld(import).good_row("rows", request);
        assert_eq!(row["error"], "timeout", "by {import}: {row}");
        let path = request["url"].as_str().unwrap().rsplit('/').next();
        let call = [
            format!("connector=\"{import}\""),
            format!("path=\"/{}\"", path.unwrap()),
        ];
        host.log()
            .wait_for(&format!("{cause} by {import}"), |line| {
                line.contains("call failed")
                    && call.iter().all(|part| line.contains(part))
                    && line.contains(cause)
            });
    }
}

#[test]
fn upstream_that_never_answers_ends_with_the_first_bytes_timeout() {
    let upstream = Upstream::start(|_, exchange| exchange.wait_for_close());
    let host = host_for(&upstream, "first-byte-timeout = \"150ms\"", "");
    let request = json!({ "url": upstream.url("/") });
    assert_times_out(&host, &request, ["network.first-byte-timeout"; 2]);
}

#[test]
fn guests_own_timeout_applies_if_it_is_shorter() {
    let upstream = Upstream::start(|_, exchange| exchange.wait_for_close());
    let host = host_for(&upstream, "first-byte-timeout = \"1h\"", "");
    let request = json!({ "url": upstream.url("/"), "timeout": 100 });
    // In `wasi:http` each part of the exchange has its own timeout.
    let causes = [
        "the connector's timeout for this request is 100ms",
        "the connector's first-byte timeout for this request is 100ms",
    ];
    assert_times_out(&host, &request, causes);
}

#[test]
fn response_that_stalls_ends_with_the_idle_timeout() {
    let upstream = Upstream::start(|request, exchange| {
        let encoding = request.target().trim_start_matches('/');
        exchange.begin(
            200,
            &[("content-length", "1000"), ("content-encoding", encoding)],
        );
        exchange.send(&gzip(b"a beginning")[..12]);
        exchange.wait_for_close();
    });
    let host = host_for(&upstream, "idle-timeout = \"150ms\"", "");
    for path in ["/identity", "/gzip"] {
        let request = json!({ "url": upstream.url(path) });
        assert_times_out(&host, &request, ["network.idle-timeout"; 2]);
    }
}

#[test]
fn response_that_drips_ends_with_the_total_timeout() {
    let upstream = Upstream::start(|_, exchange| {
        exchange.begin(200, &[]);
        while exchange.send("x") {
            sleep(Duration::from_millis(20));
        }
    });
    // The drops arrive well within the idle timeout.
    let network = "idle-timeout = \"10s\"\ntotal-timeout = \"300ms\"";
    let host = host_for(&upstream, network, "");
    let request = json!({ "url": upstream.url("/") });
    assert_times_out(&host, &request, ["network.total-timeout"; 2]);
}

#[test]
fn redirects_share_one_total_timeout() {
    let upstream = Upstream::start(|_, exchange| {
        sleep(Duration::from_millis(20));
        exchange.answer(302, &[("location", "/")], "");
    });
    let network = "follow-redirects = 20\ntotal-timeout = \"150ms\"";
    let host = host_for(&upstream, network, "");
    let request = json!({ "url": upstream.url("/") });
    assert_times_out(&host, &request, ["network.total-timeout"; 2]);
}
