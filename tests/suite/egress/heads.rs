//! Responses from servers that violate HTTP: what the guest receives, and what the log says.

use crate::egress::{fetch, host_for};
use crate::gzip;
use serde_json::json;
use weld_host_tests::upstream::Upstream;

#[test]
fn bad_header_is_left_out_and_named_in_the_log_once() {
    let upstream = Upstream::start(|_, exchange| {
        exchange.send(
            b"HTTP/1.1 200 OK\r\nset-cookie: a=\x7fb\r\nX-Total : 5\r\nx-long: a\r\n b\r\ncontent-length: 4\r\n\r\nrows",
        );
    });
    let host = host_for(&upstream, "");
    let request = json!({ "url": upstream.url("/"), "times": 3 });
    let row = fetch(&host, &request);
    assert_eq!(row["body"], "rows", "{row}");
    assert_eq!(
        row["headers"],
        json!([["x-total", "5"], ["x-long", "a b"], ["content-length", "4"]]),
        "{row}"
    );
    for name in ["`set-cookie`", "`x-long`"] {
        host.log().wait_for_text(name);
        let lines = host.log().so_far();
        let warnings: Vec<_> = lines.iter().filter(|line| line.contains(name)).collect();
        assert!(
            warnings.len() == 1 && warnings[0].contains(&upstream.origin()),
            "{warnings:?}"
        );
    }
}

#[test]
fn unreadable_response_is_reported_and_not_requested_again() {
    let upstream = Upstream::start(|_, exchange| {
        exchange.send(b"HTTP/1.1 200 OK\r\ncontent-length: 4\x01\r\n\r\nrows");
    });
    let host = host_for(&upstream, "");
    let row = fetch(&host, &json!({ "url": upstream.url("/") }));
    assert_eq!(row["error"], "failed", "{row}");
    let detail = row["detail"].as_str().unwrap();
    assert!(
        detail.contains("`content-length` can't be read"),
        "{detail}"
    );
    assert_eq!(upstream.received().len(), 1);
}

#[test]
fn content_types_of_real_servers_are_read_as_intended() {
    let upstream = Upstream::start(|request, exchange| match request.target() {
        "/charset" => exchange.answer(200, &[("content-encoding", "utf-8")], "rows"),
        "/wrong" => exchange.answer(200, &[("content-encoding", "gzip")], "rows"),
        "/s3" => exchange.answer(
            200,
            &[("content-encoding", "aws-chunked,gzip")],
            gzip(b"rows"),
        ),
        "/twice" => {
            exchange.answer(
                200,
                &[("content-encoding", "gzip, gzip")],
                gzip(&gzip(b"rows")),
            );
        }
        "/transfer" => {
            let body = gzip(b"rows");
            exchange.begin(200, &[("transfer-encoding", "gzip, chunked")]);
            exchange.send(format!("{:x}\r\n", body.len()));
            exchange.send(body);
            exchange.send("\r\n0\r\n\r\n");
        }
        _ => exchange.answer(200, &[("content-encoding", "compress")], "\u{1f}\u{9d}rows"),
    });
    let host = host_for(&upstream, "");
    for path in ["/charset", "/wrong", "/s3", "/twice", "/transfer"] {
        let row = fetch(&host, &json!({ "url": upstream.url(path) }));
        assert_eq!(row["body"], "rows", "{path}: {row}");
    }
    let row = fetch(&host, &json!({ "url": upstream.url("/other") }));
    assert!(
        row["detail"].as_str().unwrap().contains("`compress`"),
        "{row}"
    );
}
