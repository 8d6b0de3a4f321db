//! Requests whose heads can't be parsed are answered like all others.

use crate::{assert_error, guests, host};
use std::io::{BufReader, Read, Write};
use std::net::TcpStream;
use weld_host_tests::PATIENCE;
use weld_host_tests::host::Host;
use weld_host_tests::http::{Kind, Message};

const GOOD: &[u8] = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";

fn started() -> Host {
    host()
        .plugin("echo", guests::ECHOES_STATE)
        .variable("WELD_API_KEY", "correct horse")
        .start()
}

/// The answers to bytes sent over one connection, which the host then closes.
fn answers(host: &Host, sent: &[u8]) -> Vec<Message> {
    let mut stream = TcpStream::connect(host.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(sent).unwrap();
    let mut reader = BufReader::new(stream);
    let mut answers = Vec::new();
    while let Some(answer) = Message::read(&mut reader, Kind::Response).unwrap() {
        answers.push(answer);
    }
    assert_eq!(reader.read(&mut [0; 8]).unwrap(), 0);
    answers
}

#[test]
fn request_that_is_not_http_is_answered_with_an_error_message() {
    let host = started();
    for sent in [
        &b"GET / more HTTP/1.1\r\nhost: localhost\r\n\r\n"[..],
        b"GET / HTTP/9.1\r\nhost: localhost\r\n\r\n",
        b"G\x01T / HTTP/1.1\r\nhost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: localhost\r\nx bad: 1\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: localhost\r\nx-bad: a\0b\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: localhost\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: localhost\r\n x: folded first\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: gzip\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a client that speaks TLS",
    ] {
        let answers = answers(&host, sent);
        let shown = sent.escape_ascii().to_string();
        assert_eq!(answers.len(), 1, "{shown}");
        assert_error(&answers[0], 400, "bad_request");
        assert_eq!(answers[0].header("connection"), Some("close"), "{shown}");
        let id = answers[0].header("x-request-id").unwrap();
        host.log().wait_for_text(id);
    }
}

#[test]
fn too_large_head_of_any_size_is_answered_with_an_error_message() {
    let host = started();
    let with =
        |line: &str, headers: &str| format!("{line} HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n");
    let long = |bytes: usize| "a".repeat(bytes);
    for sent in [
        with("GET /", &format!("x-long: {}\r\n", long(65 << 10))),
        with("GET /", &format!("x-long: {}\r\n", long(95 << 10))),
        with("GET /", &format!("x-long: {}\r\n", long(120 << 10))),
        with("GET /", &format!("x-long: {}\r\n", long(1 << 20))),
        with(&format!("GET /{}", long(66_000)), ""),
        with(&format!("GET /{}", long(200_000)), ""),
        with("GET /", &"x-many: 1\r\n".repeat(1000)),
    ] {
        let answers = answers(&host, sent.as_bytes());
        assert_eq!(answers.len(), 1, "{}", sent.len());
        assert_error(&answers[0], 431, "headers_too_large");
    }
    // As many as allowed, and one more.
    for (count, status) in [(999, 401), (1000, 431)] {
        let many = with("GET /", &"x-many: 1\r\n".repeat(count)).replace(
            "host: localhost\r\n",
            "host: localhost\r\nconnection: close\r\n",
        );
        let many = many.replacen("x-many: 1\r\n", "", 1);
        assert_eq!(
            answers(&host, many.as_bytes())[0].status(),
            status,
            "{count}"
        );
    }
}

#[test]
fn requests_before_an_unreadable_one_are_answered() {
    let host = started();
    let sent = [GOOD, GOOD, b"no request at all\r\n\r\n", GOOD].concat();
    let answers = answers(&host, &sent);
    let statuses: Vec<_> = answers.iter().map(Message::status).collect();
    assert_eq!(statuses, [401, 401, 400]);
    assert_error(&answers[1], 401, "unauthorized");
    assert_error(&answers[2], 400, "bad_request");
}
