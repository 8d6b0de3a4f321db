//! Requests that are answered before their body is read, from clients that read only after sending everything.

use crate::{assert_error, guests, host};
use std::io::{BufReader, Write};
use std::net::TcpStream;
use weld_host_tests::PATIENCE;
use weld_host_tests::host::Host;
use weld_host_tests::http::{Kind, Message};

const KEY: &str = "Authorization: Bearer correct horse\r\n";

fn connected(host: &Host) -> TcpStream {
    let stream = TcpStream::connect(host.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// The answer to a request with this head, whose body is sent completely before anything is read.
fn answer(host: &Host, line: &str, headers: &str, bytes: usize, is_chunked: bool) -> Message {
    let mut stream = connected(host);
    let framing = if is_chunked {
        "transfer-encoding: chunked".to_owned()
    } else {
        format!("content-length: {bytes}")
    };
    let head = format!("{line} HTTP/1.1\r\nhost: localhost\r\n{headers}{framing}\r\n\r\n");
    let piece = vec![b' '; 50 << 10];
    let mut sending = || {
        stream.write_all(head.as_bytes())?;
        for _ in 0..bytes / piece.len() {
            if is_chunked {
                write!(stream, "{:x}\r\n", piece.len())?;
            }
            stream.write_all(&piece)?;
            if is_chunked {
                stream.write_all(b"\r\n")?;
            }
        }
        stream.write_all(if is_chunked { b"0\r\n\r\n" } else { b"" })
    };
    sending().unwrap_or_else(|error| panic!("{line} {bytes}: {error}"));
    let answer = Message::read(&mut BufReader::new(stream), Kind::Response);
    answer
        .unwrap_or_else(|error| panic!("{line} {bytes}: {error}"))
        .expect("an answer")
}

#[test]
fn early_answer_reaches_a_client_that_sends_everything_before_it_reads() {
    let host = host()
        .plugin("echo", guests::ECHOES_STATE)
        .variable("WELD_API_KEY", "correct horse")
        .flag("--max-body", "64KiB")
        .start();
    let gzip = format!("{KEY}content-encoding: br\r\n");
    let two_hosts = format!("{KEY}host: localhost\r\n");
    for (line, headers, status, kind) in [
        ("POST /echo", "", 401, "unauthorized"),
        (
            "POST /echo",
            "Authorization: Bearer wrong\r\n",
            401,
            "unauthorized",
        ),
        ("POST /a/b/c", KEY, 404, "not_found"),
        ("POST /other", KEY, 404, "unknown_connector"),
        ("PUT /echo", KEY, 405, "method_not_allowed"),
        ("POST /echo", KEY, 413, "body_too_large"),
        ("POST /echo", &gzip, 415, "unsupported_encoding"),
        ("POST /echo", &two_hosts, 400, "bad_request"),
    ] {
        for bytes in [100 << 10, 6000 << 10, 8200 << 10] {
            for is_chunked in [false, true] {
                let answer = answer(&host, line, headers, bytes, is_chunked);
                assert_error(&answer, status, kind);
            }
        }
    }
    // An invalid request is answered, too.
    let answer = answer(&host, "POST /echo more", "", 8200 << 10, false);
    assert_error(&answer, 400, "bad_request");
}

#[test]
fn client_that_never_stops_sending_is_cut_off() {
    let host = host()
        .plugin("echo", guests::ECHOES_STATE)
        .variable("WELD_API_KEY", "correct horse")
        .start();
    let mut stream = connected(&host);
    stream
        .write_all(b"POST /echo HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n")
        .unwrap();
    let mut chunk = b"10000\r\n".to_vec();
    chunk.resize(chunk.len() + 0x10000, b' ');
    chunk.extend(b"\r\n");
    let taken = (0..10_000).find(|_| stream.write_all(&chunk).is_err());
    // The host reads this much, in addition to what the system buffers.
    assert!(taken.is_some_and(|chunks| chunks >= 256), "{taken:?}");
    // Other clients are not affected.
    let other = host.weld("echo").with_key("correct horse").schema();
    assert_eq!(other.status(), 200);
}

#[test]
fn connection_is_kept_after_an_answer_to_a_request_that_was_read() {
    let host = host().plugin("echo", guests::ECHOES_STATE).start();
    let mut stream = connected(&host);
    for _ in 0..3 {
        stream
            .write_all(b"POST /none HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n")
            .unwrap();
        let answer = Message::read(&mut BufReader::new(&stream), Kind::Response).unwrap();
        assert_eq!(answer.map(|answer| answer.status()), Some(404));
    }
}
