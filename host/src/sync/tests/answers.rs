//! The errors for all kinds of answers.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;
use crate::config::Secret;
use crate::sync::KeySource;

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn single(answer: fn() -> Answer) -> impl Future<Output = Server> {
    Server::start(move |_| answer())
}

#[tokio::test]
async fn requests_are_made_as_weld_makes_them() {
    let server = three_pages().await;
    let key = Secret::new("k-1");
    let client = ConnectorClient::new(&format!("{}//", server.url()), Some(&key)).unwrap();
    assert_eq!(client.schema().await.unwrap().len(), 2);
    let state = serde_json::value::RawValue::from_string(r#"{"page": 1}"#.to_owned()).unwrap();
    assert_eq!(client.page("a", &state).await.unwrap().page.insert.len(), 2);
    let requests = server.requests();
    assert_eq!(
        (requests[0].method.as_str(), requests[0].path.as_str()),
        ("get", "/schema")
    );
    assert_eq!(
        (requests[1].method.as_str(), requests[1].path.as_str()),
        ("post", "/")
    );
    for request in &requests {
        for header in [
            "authorization: bearer k-1",
            "content-type: application/json",
            "accept-encoding: gzip",
        ] {
            assert!(request.head.contains(header), "{}", request.head);
        }
    }
}

#[tokio::test]
async fn every_bad_answer_has_its_own_error() {
    type Case = (fn() -> Answer, &'static str);
    let cases: [Case; 15] = [
        (
            || Answer::json("<!doctype html><p>hello"),
            "is not a valid schema: the answer is HTML or XML, not JSON: is this the connector's URL?",
        ),
        (
            || Answer::json(""),
            "is not a valid schema: the answer is empty",
        ),
        (
            || Answer::json("hello"),
            "is not a valid schema: the answer is not JSON, line 1, column 1: expected value",
        ),
        (
            || Answer::with("200 OK", "", b"{\"schema\": {\"\xff\": {}}}"),
            "is not a valid schema: the answer is not UTF-8 at byte 13",
        ),
        (
            || Answer::status("401 Unauthorized", "no"),
            "answered 401 (no key was given: give one with --key or set WELD_API_KEY): no",
        ),
        (
            || Answer::status("404 Not Found", " <html> "),
            "answered 404: an HTML page: is this the connector's URL?",
        ),
        (
            || Answer::status("403 Forbidden", "a\u{1b}[31m\n\n  b"),
            r"answered 403: a\u{1b}[31m b",
        ),
        (
            || Answer::with("302 Found", "Location: https://login.example/\r\n", b""),
            "answered 302: it redirects to https://login.example/",
        ),
        (
            || {
                Answer::status(
                    "500 Internal Server Error",
                    r#"{"error": {"kind": "misconfigured", "message": "TOKEN is missing", "request_id": null}}"#,
                )
            },
            "answered 500: TOKEN is missing",
        ),
        (
            || Answer::status("503 Service Unavailable", ""),
            "answered 503: no message",
        ),
        (
            || Answer::Bytes(Vec::new()),
            "closed the connection without answering",
        ),
        (
            || Answer::with("200 OK", "Content-Encoding: br\r\n", b"x"),
            "could not be decompressed: the content-encoding `br` is not supported",
        ),
        (
            || Answer::with("200 OK", "Content-Encoding: gzip\r\n", b"{}"),
            "could not be decompressed: it is not a complete gzip stream",
        ),
        (
            || Answer::json(r#"{"insert": [], "state": {}, "hasMore": false}"#),
            "is not a valid schema: the answer has no schema",
        ),
        (
            || Answer::Bytes(b"SSH-2.0-OpenSSH_9.6\r\n".to_vec()),
            "/schema failed: ",
        ),
    ];
    for (answer, expected) in cases {
        let server = single(answer).await;
        let client = ConnectorClient::new(&server.url(), None).unwrap();
        let text = error_text(&client.schema().await.unwrap_err());
        assert!(text.contains(expected), "{text}");
        assert!(text.contains(&server.url()), "{text}");
    }
}

#[tokio::test]
async fn a_refused_key_is_named_by_its_source() {
    let server = single(|| Answer::status("401 Unauthorized", "")).await;
    for (key_source, expected) in [
        (KeySource::Flag, "it refused the key given with --key"),
        (
            KeySource::Variable,
            "it refused the key in WELD_API_KEY; --key gives another one",
        ),
        (KeySource::Program, "it refused the key"),
    ] {
        let options = ClientOptions {
            key_source,
            ..ClientOptions::default()
        };
        let key = Secret::new("hunter2");
        let client = ConnectorClient::with_options(&server.url(), Some(&key), options).unwrap();
        let text = error_text(&client.schema().await.unwrap_err());
        let expected = format!("answered 401 ({expected}): no message");
        assert!(text.ends_with(&expected), "{text}");
        assert!(!format!("{client:?}{text}").contains("hunter2"));
    }
}

#[tokio::test]
async fn an_unreachable_server_is_reported_with_the_cause() {
    let server = three_pages().await;
    let url = server.url();
    server.end().await;
    let client = ConnectorClient::new(&url, None).unwrap();
    let error = client.schema().await.unwrap_err();
    assert!(error.is_worth_another_try());
    assert!(
        error_text(&error).contains("refused"),
        "{}",
        error_text(&error)
    );
}

#[tokio::test]
async fn an_incomplete_answer_is_an_error() {
    let server = single(|| {
        Answer::Bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"schema\": {".to_vec())
    })
    .await;
    let client = ConnectorClient::new(&server.url(), None).unwrap();
    let error = client.schema().await.unwrap_err();
    assert!(error.is_worth_another_try());
    assert!(
        error_text(&error).contains("/schema failed: the body is incomplete"),
        "{}",
        error_text(&error)
    );
}

#[tokio::test]
async fn an_answer_that_never_comes_times_out() {
    let server = single(|| Answer::Never).await;
    let options = ClientOptions {
        answer_timeout: Duration::from_millis(20),
        ..ClientOptions::default()
    };
    let client = ConnectorClient::with_options(&server.url(), None, options).unwrap();
    let error = client.schema().await.unwrap_err();
    assert!(error.is_worth_another_try());
    assert!(
        error_text(&error).ends_with("did not answer within 20ms"),
        "{}",
        error_text(&error)
    );
}

#[tokio::test]
async fn gzip_is_read() {
    let server =
        Server::start(|_| Answer::with("200 OK", "Content-Encoding: gzip\r\n", &gzip(SCHEMA)))
            .await;
    let client = ConnectorClient::new(&server.url(), None).unwrap();
    assert_eq!(client.schema().await.unwrap().len(), 2);
}

#[tokio::test]
async fn answers_over_the_limit_are_refused_in_both_forms() {
    let zeros = format!("[{}]", "0,".repeat(50_000));
    let bomb = gzip(&zeros);
    assert!(bomb.len() < 1000);
    for (encoding, body) in [
        ("", zeros.into_bytes()),
        ("Content-Encoding: gzip\r\n", bomb),
    ] {
        let server = Server::start(move |_| Answer::with("200 OK", encoding, &body)).await;
        let options = ClientOptions {
            max_answer_bytes: 1000,
            ..ClientOptions::default()
        };
        let client = ConnectorClient::with_options(&server.url(), None, options).unwrap();
        let text = error_text(&client.schema().await.unwrap_err());
        assert!(text.ends_with("is larger than 1000B"), "{encoding}: {text}");
    }
}

#[tokio::test]
async fn a_page_with_a_row_that_is_not_an_object_is_refused() {
    let server = paging(|_| page(r#"[{"id": 1}, 2]"#, "{}", false)).await;
    let memory = Memory::default();
    let (result, _) = run(&server, &memory, &SyncOptions::default()).await;
    let text = error_text(&result.unwrap_err());
    assert!(
        text.ends_with("is not a valid page: insert[1] is a number, not an object; not reached: b"),
        "{text}"
    );
    assert_eq!(memory.table("a"), memory::Stored::default());
}
