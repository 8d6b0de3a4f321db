//! One exchange with an upstream: what the guest receives, and what ends an exchange that goes wrong.

use crate::egress::{fetch, host_for};
use crate::{assert_error, guests, gzip, host_with_config};
use serde_json::json;
use weld_host_tests::upstream::Upstream;

fn body_of(mebibytes: usize) -> String {
    "x".repeat(mebibytes << 20)
}

#[test]
fn gzipped_response_arrives_decompressed() {
    let upstream = Upstream::start(|_, exchange| {
        exchange.answer(200, &[("content-encoding", "gzip")], gzip(b"plain text"));
    });
    let row = fetch(
        &host_for(&upstream, ""),
        &json!({ "url": upstream.url("/") }),
    );
    assert_eq!(row["body"], "plain text", "{row}");
}

#[test]
fn bytes_that_are_not_text_arrive_as_bytes() {
    let upstream = Upstream::start(|_, exchange| exchange.answer(200, &[], [0xff, 0x00, 0xfe]));
    let row = fetch(
        &host_for(&upstream, ""),
        &json!({ "url": upstream.url("/") }),
    );
    assert_eq!(row["body"], json!([0xff, 0x00, 0xfe]), "{row}");
}

#[test]
fn response_over_the_cap_is_refused_whatever_its_framing() {
    let upstream = Upstream::start(|request, exchange| match request.target() {
        "/length" => exchange.answer(200, &[], body_of(2)),
        "/gzip" => {
            exchange.answer(
                200,
                &[("content-encoding", "gzip")],
                gzip(body_of(2).as_bytes()),
            );
        }
        "/endless" => {
            exchange.begin(200, &[]);
            while exchange.send([b'x'; 4096]) {}
        }
        _ => exchange.answer(200, &[], body_of(1)),
    });
    let host = host_for(&upstream, "[limits]\nresponse-size = \"1MiB\"");
    for path in ["/length", "/gzip", "/endless"] {
        let row = fetch(&host, &json!({ "url": upstream.url(path) }));
        assert_eq!(row["error"], "too-large", "{path}: {row}");
    }
    let row = fetch(&host, &json!({ "url": upstream.url("/fits") }));
    assert_eq!(row["body"].as_str().map(str::len), Some(1 << 20));
}

#[test]
fn request_over_the_cap_is_never_sent() {
    let upstream = Upstream::answering("{}");
    let host = host_for(&upstream, "[limits]\nrequest-size = \"1KiB\"");
    let request = |bytes: usize| json!({ "url": upstream.url("/"), "method": "POST", "body": "x".repeat(bytes) });
    let row = fetch(&host, &request(1025));
    assert_eq!(row["error"], "invalid", "{row}");
    assert!(
        row["detail"].as_str().unwrap().contains("request-size"),
        "{row}"
    );
    assert!(upstream.received().is_empty());
    assert_eq!(fetch(&host, &request(1024))["status"], 200);
}

#[test]
fn exchange_ends_with_the_guests_own_timeout() {
    let upstream = Upstream::start(|_, exchange| exchange.wait_for_close());
    let row = fetch(
        &host_for(&upstream, ""),
        &json!({ "url": upstream.url("/"), "timeout": 50 }),
    );
    assert_eq!(row["error"], "timeout", "{row}");
}

#[test]
fn response_that_stalls_ends_with_the_timeout_too() {
    let upstream = Upstream::start(|_, exchange| {
        exchange.begin(200, &[("content-length", "1000")]);
        exchange.send("a beginning");
        exchange.wait_for_close();
    });
    let row = fetch(
        &host_for(&upstream, ""),
        &json!({ "url": upstream.url("/"), "timeout": 50 }),
    );
    assert_eq!(row["error"], "timeout", "{row}");
}

#[test]
fn broken_exchange_is_an_error_that_the_guest_can_handle() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let upstream = Upstream::start(|request, exchange| match request.target() {
        "/nonsense" => drop(exchange.send("this is not HTTP\r\n\r\n")),
        "/cut" => {
            exchange.begin(200, &[("content-length", "1000")]);
            exchange.send("a beginning");
        }
        _ => {}
    });
    let config = format!(
        "[network]\nallow = [\"{}\", \"http://{gone}\"]",
        upstream.origin()
    );
    let host = host_with_config(guests::FETCHES, &config);
    for url in [
        upstream.url("/nonsense"),
        upstream.url("/cut"),
        upstream.url("/silent"),
        format!("http://{gone}/"),
    ] {
        let row = fetch(&host, &json!({ "url": url }));
        assert_eq!(row["error"], "failed", "{url}: {row}");
    }
}

#[test]
fn upstream_that_hangs_ends_with_the_pages_time() {
    let upstream = Upstream::start(|_, exchange| exchange.wait_for_close());
    let host = host_for(&upstream, "[limits]\npage-timeout = \"300ms\"");
    let answer = host
        .weld("guest")
        .page("rows", &json!({ "url": upstream.url("/") }));
    // Either the guest learns of it in time to report it, or the page's own end comes first.
    match answer.status() {
        200 => assert_eq!(
            answer.json()["insert"][0]["error"],
            "timeout",
            "{}",
            answer.text()
        ),
        _ => drop(assert_error(&answer, 504, "deadline_exceeded")),
    }
}

#[test]
fn compressed_response_without_a_body_is_an_empty_one() {
    let upstream = Upstream::start(|request, exchange| match request.target() {
        "/204" => exchange.begin(204, &[("content-encoding", "gzip")]),
        "/304" => exchange.begin(304, &[("content-encoding", "gzip")]),
        "/head" => exchange.begin(
            200,
            &[("content-encoding", "gzip"), ("content-length", "1000")],
        ),
        "/chunked" => {
            exchange.begin(
                200,
                &[
                    ("content-encoding", "gzip"),
                    ("transfer-encoding", "chunked"),
                ],
            );
            exchange.send("0\r\n\r\n");
        }
        _ => exchange.answer(200, &[("content-encoding", "gzip")], ""),
    });
    let host = host_for(&upstream, "");
    for (method, path, status) in [
        ("GET", "/204", 204),
        ("GET", "/304", 304),
        ("GET", "/200", 200),
        ("GET", "/chunked", 200),
        ("HEAD", "/head", 200),
    ] {
        let row = fetch(
            &host,
            &json!({ "url": upstream.url(path), "method": method }),
        );
        assert_eq!(row["status"], status, "{path}: {row}");
        assert_eq!(row["body"], "", "{path}: {row}");
    }
}

#[test]
fn name_of_an_encoding_is_case_insensitive() {
    let upstream = Upstream::start(|request, exchange| {
        let encoding = request.target().trim_start_matches('/');
        exchange.answer(200, &[("content-encoding", encoding)], gzip(b"plain text"));
    });
    let host = host_for(&upstream, "");
    for encoding in ["gzip", "GZIP", "Gzip", "x-gzip", "X-GZip"] {
        let row = fetch(
            &host,
            &json!({ "url": upstream.url(&format!("/{encoding}")) }),
        );
        assert_eq!(row["body"], "plain text", "{encoding}: {row}");
    }
}

#[test]
fn unrequested_or_broken_encoding_fails() {
    let upstream = Upstream::start(|request, exchange| {
        let encoding = request.target().trim_start_matches('/');
        exchange.answer(200, &[("content-encoding", encoding)], "squeezed");
    });
    let host = host_for(&upstream, "");
    for encoding in ["br", "zstd", "deflate", "BR"] {
        let row = fetch(
            &host,
            &json!({ "url": upstream.url(&format!("/{encoding}")) }),
        );
        assert_eq!(row["error"], "failed", "{encoding}: {row}");
    }
}
