//! Heads that break the rules of HTTP/1.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::super::message::Response;
use super::super::{Egress, EgressError, Request, RequestBody};
use super::scripted::ScriptedServer;
use super::server::page;
use crate::config::{Limits, NetworkConfig};
use crate::report;

/// Answers each request with the bytes that its path contains, percent-encoded.
fn as_asked(head: &str, _: usize) -> Option<Vec<u8>> {
    let target = head.split(' ').nth(1)?.trim_start_matches('/');
    let mut bytes = target.bytes();
    let mut answer = Vec::new();
    while let Some(byte) = bytes.next() {
        answer.push(match byte {
            b'%' => {
                let digits = [bytes.next()?, bytes.next()?];
                u8::from_str_radix(str::from_utf8(&digits).ok()?, 16).ok()?
            }
            byte => byte,
        });
    }
    Some(answer)
}

fn network() -> NetworkConfig {
    NetworkConfig {
        allow: ["http://api.example.com".parse().unwrap()]
            .into_iter()
            .collect(),
        ..NetworkConfig::default()
    }
}

/// A request that is answered with these bytes, sent with this body.
fn asking_for(answer: &[u8], body: &str) -> Request {
    let escaped: String = answer.iter().map(|byte| format!("%{byte:02X}")).collect();
    Request {
        method: if body.is_empty() { "GET" } else { "POST" }.to_owned(),
        body: RequestBody::Whole(body.as_bytes().to_vec()),
        ..Request::get(&format!("http://api.example.com/{escaped}"))
    }
}

async fn send(egress: &Egress, request: Request) -> Result<Response, EgressError> {
    egress.fetch(request, &page(&Limits::default())).await
}

fn response(lines: &[&[u8]]) -> Vec<u8> {
    let mut answer = b"HTTP/1.1 200 OK\r\n".to_vec();
    for line in lines {
        answer.extend_from_slice(line);
        answer.extend_from_slice(b"\r\n");
    }
    answer.extend_from_slice(b"\r\n");
    answer
}

#[tokio::test]
async fn bad_header_is_left_out_and_the_rest_of_the_response_is_read() {
    let server = ScriptedServer::start(None, as_asked).await;
    let egress = server.egress(network());
    for (line, left) in [
        (&b"set-cookie: a=\x7fb"[..], None),
        (b"x-bad: a\x01b", None),
        (b"no colon here", None),
        (b"x bad: 1", None),
        (b"x-bad : 1", Some(("x-bad", "1"))),
        (b"x-bad: 1\r\n  2", Some(("x-bad", "1 2"))),
        (b"x-bad: gr\xfc\xdfe", Some(("x-bad", "grüße"))),
        (b"x-bad:", Some(("x-bad", ""))),
    ] {
        let mut answer = response(&[b"x-first: 1", line, b"Content-Length : 4", b"x-last: 1"]);
        answer.extend_from_slice(b"rows");
        // Over one connection, with a request body and without: the body must not be taken for a request.
        for body in ["", "GET / HTTP/1.1\r\n\r\n"] {
            let response = send(&egress, asking_for(&answer, body)).await.unwrap();
            let mut expected = vec![("x-first", "1")];
            expected.extend(left);
            expected.extend([("content-length", "4"), ("x-last", "1")]);
            let headers: Vec<(&str, &str)> = response
                .headers
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            assert_eq!(headers, expected, "{}", line.escape_ascii());
            assert_eq!(&*response.body, b"rows", "{}", line.escape_ascii());
        }
    }
}

#[tokio::test]
async fn head_that_cannot_be_read_is_reported_and_not_retried() {
    let server = ScriptedServer::start(None, as_asked).await;
    let egress = server.egress(network());
    let many = vec![&b"x-many: 1"[..]; 2049];
    let long = [b"x-long: ", "x".repeat(256 << 10).as_bytes()].concat();
    for (answer, named) in [
        (
            response(&[b"Content-Length: 4\x7f"]),
            "`Content-Length` can't be read",
        ),
        (
            response(&[b"Transfer-Encoding: chun\x01ked", b"content-length: 4"]),
            "`Transfer-Encoding`",
        ),
        (
            response(&[b"Content-Encoding: gz\x7fip", b"content-length: 4"]),
            "`Content-Encoding` can't be read",
        ),
        (
            response(&[b"content-encoding: g\x01zip"]),
            "the encoding of the body is unknown",
        ),
        (
            response(&[b"content-length: 4", b"content-length: 5"]),
            "two lengths in `Content-Length`, 4 and 5",
        ),
        (
            response(&[b"content-length: 4", b"x-odd : 1", b"content-length : 5"]),
            "two lengths in `Content-Length`, 4 and 5",
        ),
        (
            response(&[b"content-length: 18446744073709551615"]),
            "`Content-Length` is `18446744073709551615`",
        ),
        (
            response(&[b"content-length: 99999999999999999999999"]),
            "`Content-Length` is `99999999999999999999999`",
        ),
        (
            response(&[b"content-length: -1"]),
            "`Content-Length` is `-1`",
        ),
        (response(&[b"content-length:"]), "`Content-Length` is ``"),
        (
            b"HTTP/1.1 200 a\x7fb\r\ncontent-length: 0\r\n\r\n".to_vec(),
            "status line of the response contains a control character",
        ),
        (
            b"HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n".to_vec(),
            "has a `Transfer-Encoding`, which its version, HTTP/1.0",
        ),
        (
            b"HTTP/1.0 200 OK\r\ntransfer-encoding: identity\r\ncontent-length: 0\r\n\r\n".to_vec(),
            "has a `Transfer-Encoding`, which its version, HTTP/1.0",
        ),
        (
            response(&[b"x-zero: a\0b"]),
            "`x-zero` contains a zero byte",
        ),
        (b"this is not HTTP\r\n\r\n".to_vec(), "not valid HTTP"),
        (b"HTTP/1.1 2OO OK\r\n\r\n".to_vec(), "not valid HTTP"),
    ] {
        let before = server.heads().len();
        let error = send(&egress, asking_for(&answer, "")).await.unwrap_err();
        let text = report::chain(&error);
        assert!(
            matches!(error, EgressError::Unreadable { .. }),
            "{named}: {text}"
        );
        assert!(text.contains(named), "{named}: {text}");
        assert_eq!(
            server.heads().len(),
            before + 1,
            "{named}: it is not sent again"
        );
    }
    let next = AtomicUsize::new(0);
    let answers = [
        (response(&many), "more than 2048 headers"),
        (response(&[&long]), "larger than 256KiB"),
    ];
    let named = answers.each_ref().map(|(_, named)| *named);
    let server = ScriptedServer::start(None, move |_, _| {
        let number = next.fetch_add(1, Ordering::SeqCst);
        answers.get(number).map(|(answer, _)| answer.clone())
    })
    .await;
    let egress = server.egress(network());
    for named in named {
        let error = send(&egress, asking_for(b"", "")).await.unwrap_err();
        let text = report::chain(&error);
        assert!(text.contains(named), "{named}: {text}");
    }
    assert_eq!(server.heads().len(), 2);
}

#[tokio::test]
async fn lengths_of_answers_without_a_body_are_ignored() {
    let server = ScriptedServer::start(None, as_asked).await;
    let egress = server.egress(network());
    for lines in [
        &[&b"content-length: 4"[..], b"content-length: 5"][..],
        &[b"content-length: 18446744073709551615"],
        &[b"transfer-encoding: chunked"],
    ] {
        let mut request = asking_for(&response(lines), "");
        request.method = "HEAD".to_owned();
        assert_eq!(send(&egress, request).await.unwrap().status, 200);
        for status in ["204 No Content", "304 Not Modified"] {
            let answer = response(lines).escape_ascii().to_string();
            let answer = answer.replace("200 OK", status).replace("\\r\\n", "\r\n");
            let answered = send(&egress, asking_for(answer.as_bytes(), "")).await;
            assert!(answered.unwrap().body.is_empty(), "{status}");
        }
    }
}

#[tokio::test]
async fn location_with_bytes_that_no_header_may_have_is_followed_as_browsers_do() {
    let server = ScriptedServer::start(None, |head, _| {
        let target = head.split(' ').nth(1)?;
        let location = match target {
            "/del" => &b"/\x7fx"[..],
            "/control" => b"/a\x01b",
            "/ends" => b"\x01/ends2\x02",
            "/tab" => b"/a\tb",
            _ => {
                let answer = format!(
                    "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n",
                    target.len()
                );
                return Some([answer.as_bytes(), target.as_bytes()].concat());
            }
        };
        let head = b"HTTP/1.1 302 Found\r\nlocation: ";
        Some([head, location, b"\r\ncontent-length: 0\r\n\r\n"].concat())
    })
    .await;
    for follow_redirects in [0, 3] {
        let egress = server.egress(NetworkConfig {
            follow_redirects,
            ..network()
        });
        for (path, followed) in [
            ("/del", "/%7Fx"),
            ("/control", "/a%01b"),
            ("/ends", "/ends2"),
            ("/tab", "/ab"),
        ] {
            let request = Request::get(&format!("http://api.example.com{path}"));
            let answer = send(&egress, request).await.unwrap();
            if follow_redirects > 0 {
                assert_eq!(&*answer.body, followed.as_bytes(), "{path}");
                continue;
            }
            let locations: Vec<&str> = answer
                .headers
                .iter()
                .filter(|(name, _)| name == "location")
                .map(|(_, value)| value.as_str())
                .collect();
            let expected = if path == "/tab" { "/a\tb" } else { followed };
            assert_eq!(locations, [expected], "{path}");
        }
    }
}

#[tokio::test]
async fn length_counts_if_the_transfer_encoding_names_no_coding() {
    // The server waits for the next request with its connection open.
    let server = ScriptedServer::start(None, as_asked).await;
    let egress = server.egress(network());
    for value in ["identity", "", "Identity", " identity , ", ","] {
        let line = format!("Transfer-Encoding: {value}");
        for (length, expected) in [("4", "rows"), ("2", "ro"), ("4, 4", "rows")] {
            let length = format!("content-length: {length}");
            let mut answer = response(&[line.as_bytes(), length.as_bytes()]);
            answer.extend_from_slice(b"rows");
            let response = send(&egress, asking_for(&answer, "")).await.unwrap();
            assert_eq!(&*response.body, expected.as_bytes(), "{value}: {length}");
        }
    }
}

#[tokio::test]
async fn truncated_body_is_an_error_whatever_its_transfer_encoding() {
    let server = ScriptedServer::start(None, as_asked).await;
    let egress = server.egress(network());
    for coding in [
        "Transfer-Encoding: identity",
        "Transfer-Encoding:",
        "x-none: 1",
    ] {
        let closed = |line: &str| {
            let lines = [coding.as_bytes(), line.as_bytes(), b"connection: close"];
            let mut answer = response(&lines);
            answer.extend_from_slice(b"rows");
            asking_for(&answer, "")
        };
        let error = send(&egress, closed("content-length: 80"))
            .await
            .unwrap_err();
        let text = report::chain(&error);
        assert!(
            matches!(error, EgressError::Failed { .. }) && !text.contains("can't be determined"),
            "{coding}: {text}"
        );
        let whole = send(&egress, closed("x-no-length: 1")).await.unwrap();
        assert_eq!(&*whole.body, b"rows", "{coding}: to the connection's end");
    }
}

#[tokio::test]
async fn length_with_a_transfer_coding_that_does_not_end_in_chunked_is_refused() {
    let server = ScriptedServer::start(None, as_asked).await;
    let egress = server.egress(network());
    for (value, length) in [
        ("gzip", "4"),
        ("deflate, identity", "4"),
        ("identity", "4, 5"),
    ] {
        let (coding, length) = (
            format!("Transfer-Encoding: {value}"),
            format!("content-length: {length}"),
        );
        let mut answer = response(&[coding.as_bytes(), length.as_bytes()]);
        answer.extend_from_slice(b"rows");
        let before = server.heads().len();
        let error = send(&egress, asking_for(&answer, "")).await.unwrap_err();
        let text = report::chain(&error);
        assert!(text.contains("the end of its body"), "{value}: {text}");
        assert_eq!(server.heads().len(), before + 1, "{value}");
    }
}

#[tokio::test]
async fn head_of_many_lines_passes() {
    let server = ScriptedServer::start(None, |_, _| {
        let line = format!("x-many: {}", "v".repeat(100));
        let mut lines = vec![line.as_bytes(); 2047];
        lines.push(b"content-length: 0");
        Some(response(&lines))
    })
    .await;
    let egress = server.egress(network());
    let response = send(&egress, asking_for(b"", "")).await.unwrap();
    assert_eq!(response.headers.len(), 2048);
}

#[tokio::test]
async fn responses_that_cannot_be_read_do_not_count_as_failures_of_the_api() {
    let server = ScriptedServer::start(None, as_asked).await;
    let egress = server.egress(network());
    let bad = response(&[b"x-zero: a\0b"]);
    for _ in 0..20 {
        let error = send(&egress, asking_for(&bad, "")).await.unwrap_err();
        assert!(matches!(error, EgressError::Unreadable { .. }), "{error}");
    }
    let good = response(&[b"content-length: 0"]);
    assert!(send(&egress, asking_for(&good, "")).await.is_ok());
}
