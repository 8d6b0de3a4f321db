use std::collections::HashSet;

use bytes::Bytes;
use http::HeaderMap;
use http_body_util::Empty;
use hyper_util::rt::TokioIo;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

/// The verdict on a whole head, in pieces of this size: how many headers are left, and which ones are left out or
/// joined.
fn judged(head: &[u8], size: usize) -> Result<(usize, Vec<String>, Vec<String>), HeadFault> {
    let mut lines = HeadLines::default();
    let (mut left_out, mut folded) = (Vec::new(), Vec::new());
    for piece in head.chunks(size) {
        let mut rest = piece;
        while let Some((verdict, after)) = lines.next(rest)? {
            rest = after;
            match verdict {
                LineVerdict::Good => {}
                LineVerdict::LeftOut(name) => left_out.push(name),
                LineVerdict::Folded(name) => folded.push(name),
                LineVerdict::Location(location) => left_out.push(location),
                LineVerdict::Last => return Ok((lines.headers, left_out, folded)),
            }
        }
    }
    panic!("it has no end");
}

/// What the parser reads from it, configured as in the pool.
async fn parsed(head: &[u8]) -> Result<HeaderMap, hyper::Error> {
    let (client, mut server) = tokio::io::duplex(1 << 20);
    let mut builder = hyper::client::conn::http1::Builder::new();
    builder
        .max_headers(MAX_RESPONSE_HEADERS)
        .max_buf_size(MAX_HEAD_BYTES as usize)
        .ignore_invalid_headers_in_responses(true)
        .allow_spaces_after_header_name_in_responses(true)
        .allow_obsolete_multiline_headers_in_responses(true);
    let (mut sender, connection) = builder.handshake(TokioIo::new(client)).await?;
    tokio::spawn(connection);
    let head = head.to_vec();
    tokio::spawn(async move {
        let mut request = [0; 1000];
        let _request = server.read(&mut request).await;
        server.write_all(&head).await.unwrap();
    });
    let request = http::Request::new(Empty::<Bytes>::new());
    let response = sender.send_request(request).await?;
    Ok(response.into_parts().0.headers)
}

fn head(lines: &[&[u8]]) -> Vec<u8> {
    let mut head = b"HTTP/1.1 200 OK\r\n".to_vec();
    for line in lines {
        head.extend_from_slice(line);
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    head
}

#[tokio::test]
async fn lines_are_judged_as_the_parser_judges_them() {
    let none: &[&str] = &[];
    for (lines, headers, left_out, folded) in [
        (
            &[b"x-a: 1".as_slice(), b"x-b:2", b"x-c:", b"X-D:\t4 "][..],
            4,
            none,
            none,
        ),
        (&[b"x-a : 1", b"x-b\t:2"], 2, none, none),
        (
            &[b"x-a: gr\xfc\xdfe", "x-b: gr\u{fc}\u{df}e".as_bytes()],
            2,
            none,
            none,
        ),
        (
            &[b"set-cookie: a=\x7fb", b"x-b: 1"],
            1,
            &["set-cookie"],
            none,
        ),
        (&[b"x-a: \x01", b"x-b: 1", b"x-a: 2"], 2, &["x-a"], none),
        (
            &[b"x-a: 1", b" 2", b"\t3", b"x-b: 1"],
            2,
            none,
            &["x-a", "x-a"],
        ),
        (&[b"x-a:", b" 2"], 1, none, &["x-a"]),
        (&[b"x-a: 1", b" \x01", b" 2", b"x-b: 1"], 1, &["x-a"], none),
        (&[b"x-a\x01: 1", b" 2", b"x-b: 1"], 1, &["x-a\u{1}"], none),
        (&[b" x-a: 1", b"x-b: 1"], 1, &["x-a"], none),
        (&[b"no colon here", b"x-b: 1"], 1, &["no colon here"], none),
        (&[b": 1", b"x-b: 1"], 1, &[""], none),
        (&[b"x a: 1", b"x-b: 1"], 1, &["x a"], none),
        (&[b"x-a\x0c: 1", b"x-b: 1"], 1, &["x-a"], none),
        (
            &["x-\u{e9}: 1".as_bytes(), b"x-b: 1"],
            1,
            &["x-\u{e9}"],
            none,
        ),
        (&[b"Content-Length : 0"], 1, none, none),
        (
            &[b"x-content-length\x01: 0", b"x-b: 1"],
            1,
            &["x-content-length\u{1}"],
            none,
        ),
    ] {
        let head = head(lines);
        for size in [1, 2, 7, head.len()] {
            let judged = judged(&head, size).unwrap();
            let strings = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
            assert_eq!(
                judged,
                (headers, strings(left_out), strings(folded)),
                "{}",
                head.escape_ascii()
            );
        }
        assert_eq!(
            parsed(&head).await.unwrap().len(),
            headers,
            "{}",
            head.escape_ascii()
        );
    }
    let joined = parsed(&head(&[b"x-a: 1", b"  2", b"\t3"])).await.unwrap();
    assert_eq!(joined["x-a"], "1 2 3");
}

#[test]
fn ambiguous_heads_are_refused_with_a_reason() {
    for (line, named) in [
        (&b"x-return: a\r"[..], "`x-return`"),
        (b"Content-Length: 5\x7f", "`Content-Length`"),
        (b"content-length: \x015", "`content-length`"),
        (b"Content-Length\x01: 5", "`Content-Length\u{1}`"),
        (b"Content-Length 5", "`Content-Length 5`"),
        (b"Transfer-Encoding: chun\x01ked", "`Transfer-Encoding`"),
        (b"Transfer\xa0-Encoding: chunked", "Encoding`"),
        (b" Transfer-Encoding: chunked", "`Transfer-Encoding`"),
        (
            b"x\x01: 1\r\n Transfer-Encoding: chunked",
            "`Transfer-Encoding`",
        ),
        (
            b"Transfer-Encoding: gzip,\r\n chun\x01ked",
            "`Transfer-Encoding`",
        ),
        (b"x-zero: a\0b", "`x-zero` contains a zero byte"),
        (
            b"x-return: a\rb",
            "`x-return` contains a zero byte, or a carriage return",
        ),
    ] {
        let head = head(&[line, b"x-b: 1"]);
        for size in [1, head.len()] {
            let fault = judged(&head, size).unwrap_err().to_string();
            assert!(fault.contains(named), "{}: {fault}", line.escape_ascii());
        }
    }
}

fn lines(count: usize, length: usize) -> Vec<u8> {
    let line = format!("x-a: {}", "v".repeat(length));
    head(&vec![line.as_bytes(); count])
}

#[tokio::test]
async fn heads_may_have_their_full_size_with_any_number_of_lines() {
    for (count, length) in [
        (1, 250 << 10),
        (300, 800),
        (MAX_RESPONSE_HEADERS, 10),
        (MAX_RESPONSE_HEADERS, 115),
    ] {
        let head = lines(count, length);
        for size in [1, 8192, head.len()] {
            assert_eq!(judged(&head, size).unwrap().0, count);
        }
        assert_eq!(parsed(&head).await.unwrap().len(), count);
    }
}

#[test]
fn head_with_too_many_headers_is_refused() {
    let fault = judged(&lines(MAX_RESPONSE_HEADERS + 1, 1), 1000).unwrap_err();
    assert!(matches!(fault, HeadFault::TooManyHeaders), "{fault}");
}

#[test]
fn head_that_is_too_long_is_refused() {
    for head in [lines(300, 900), lines(1, 300 << 10)] {
        let fault = judged(&head, 1000).unwrap_err();
        assert!(matches!(fault, HeadFault::TooLong), "{fault}");
    }
}

#[test]
fn header_with_too_long_a_name_is_refused() {
    for length in [MAX_NAME_BYTES + 1, 100_000] {
        let line = format!("{}: 1", "n".repeat(length));
        for size in [1000, 200_000] {
            let fault = judged(&head(&[line.as_bytes()]), size).unwrap_err();
            assert!(matches!(fault, HeadFault::LongName), "{fault}");
        }
    }
    let line = format!("{}: 1", "n".repeat(MAX_NAME_BYTES));
    assert_eq!(judged(&head(&[line.as_bytes()]), 1000).unwrap().0, 1);
}

#[test]
fn only_the_beginning_of_a_long_line_is_kept() {
    let mut lines = HeadLines::default();
    for piece in [&b"HTTP/1.1 200 OK\r\nx-a: "[..], &[b'x'; 100_000]] {
        let mut rest = piece;
        while let Some((_, after)) = lines.next(rest).unwrap() {
            rest = after;
        }
    }
    assert!(lines.begun.capacity() <= 2 * KEPT_BYTES);
}

#[test]
fn interim_heads_are_skipped() {
    let head = b"\r\n\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: \x01\r\n\r\nHTTP/1.1 200\nx-a: 1\n\nbody\n\n";
    for size in [1, head.len()] {
        let (headers, left_out, _) = judged(head, size).unwrap();
        assert_eq!((headers, left_out), (1, vec!["link".to_owned()]));
    }
}

/// Lines of all kinds except those that determine where a body ends.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let name = select(vec![
        "x-a",
        "Set-Cookie",
        "",
        " x",
        "x a",
        "x\t",
        "x\u{7f}",
        "\u{e9}",
        "\t",
        "x-b ",
    ]);
    let colon = select(vec![":", ": ", ":\t", "", " :", ":: "]);
    let value = vec(select((1..=255_u8).collect::<Vec<_>>()), 0..6);
    let good = "[ -~]{0,8}".prop_map(String::into_bytes);
    (name, colon, prop_oneof![good, value]).prop_map(|(name, colon, value)| {
        let mut line = [name.as_bytes(), colon.as_bytes(), &value].concat();
        line.retain(|byte| !matches!(byte, b'\r' | b'\n'));
        line
    })
}

proptest! {
    #[test]
    fn number_of_headers_is_the_same_as_the_parsers(lines in vec(line(), 0..8)) {
        let lines: Vec<&[u8]> = lines.iter().map(Vec::as_slice).filter(|line| !line.is_empty()).collect();
        let head = head(&lines);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let parsed = runtime.block_on(parsed(&head));
        let (headers, left_out, _) = judged(&head, head.len()).unwrap();
        let parsed = parsed.unwrap();
        prop_assert_eq!(parsed.len(), headers, "{}", head.escape_ascii());
        let names: HashSet<&str> = parsed.keys().map(http::HeaderName::as_str).collect();
        prop_assert!(names.len() + left_out.len() <= lines.len());
    }
}
