//! Bodies in chunks, and the bytes after the last chunk.

use super::super::EgressError;
use super::scripted::ScriptedServer;
use super::server::page;
use crate::config::{Limits, NetworkConfig};
use crate::egress::message::Response;
use crate::egress::{Egress, Request};

/// A server that sends these answers one after the other, and a connector for it.
async fn answering(answers: Vec<Vec<u8>>) -> (ScriptedServer, Egress) {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let server = ScriptedServer::start(None, move |_, _| {
        let number = next.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        answers.get(number).cloned()
    })
    .await;
    let egress = egress(&server);
    (server, egress)
}

fn egress(server: &ScriptedServer) -> Egress {
    server.egress(NetworkConfig {
        allow: ["http://api.example.com".parse().unwrap()]
            .into_iter()
            .collect(),
        ..NetworkConfig::default()
    })
}

async fn get(egress: &Egress) -> Result<Response, EgressError> {
    let request = Request::get("http://api.example.com/");
    egress.fetch(request, &page(&Limits::default())).await
}

fn chunked(lines: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n{lines}\r\n");
    [head.as_bytes(), body].concat()
}

const ROWS: &[u8] = b"4;a=b\r\nrows\r\n0\r\n";

#[tokio::test]
async fn trailers_never_fail_a_complete_body() {
    let long = format!("x-long: {}\r\n", "a".repeat(100_000));
    for trailers in [
        &b""[..],
        b"x-sum: 1\r\n",
        b"x-sum : 1\r\n folded\r\n",
        b"x-sum: a\x7fb\r\n",
        b"x-sum: a\x01b\r\n",
        b"x-sum: a\0b\r\n",
        b"x-sum: a\rb\r\n",
        b"x sum: 1\r\n",
        b"x-sum\xfc: 1\r\n",
        b"no colon\r\n",
        b": 1\r\n",
        b"Content-Length: 3\r\n",
        b"Transfer-Encoding: \x01\r\n",
        b"x-sum: 1\nx-b: 2\n",
        long.as_bytes(),
        &b"x-many: 1\r\n".repeat(3000),
    ] {
        let body = [ROWS, trailers, b"\r\n"].concat();
        // The next request uses the same connection.
        let answers = vec![chunked("", &body), chunked("x-second: 1\r\n", &body)];
        let (server, egress) = answering(answers).await;
        let shown = trailers[..trailers.len().min(40)]
            .escape_ascii()
            .to_string();
        for _ in 0..2 {
            let answer = get(&egress).await.unwrap();
            assert_eq!(&*answer.body, b"rows", "{shown}");
        }
        assert_eq!(server.heads().len(), 2, "{shown}");
    }
}

#[tokio::test]
async fn body_ends_with_its_last_chunk_however_the_connection_ends() {
    let endless = [ROWS, &b"x-many: 1\r\n".repeat(30_000)].concat();
    for body in [
        // Cut off within the bytes after the last chunk.
        ROWS,
        &[ROWS, b"\r"].concat(),
        &[ROWS, b"x-sum: "].concat(),
        &[ROWS, b"x-sum: 1\r\n"].concat(),
        // More than trailers may have, and more than belongs to the response.
        &endless,
        &[ROWS, b"\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"].concat(),
    ] {
        let answers = vec![
            chunked("connection: close\r\n", body),
            chunked("", &[ROWS, b"\r\n"].concat()),
        ];
        let (server, egress) = answering(answers).await;
        for _ in 0..2 {
            let answer = get(&egress).await.unwrap();
            assert_eq!(&*answer.body, b"rows", "{}", body.len());
        }
        assert_eq!(server.heads().len(), 2, "{}", body.len());
    }
}

#[tokio::test]
async fn connection_is_not_reused_if_more_arrives_than_the_answer() {
    let stray = b"\r\nHTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nstray";
    let endless = b"x-many: 1\r\n".repeat(30_000);
    for (behind, is_used_again) in [(&b"\r\n"[..], true), (stray, false), (&endless, false)] {
        let answer = chunked("", &[ROWS, behind].concat());
        // The second argument is the number of the request on its connection.
        let server = ScriptedServer::start(None, move |_, number| {
            Some(match number {
                0 => answer.clone(),
                _ => chunked("", b"5\r\nagain\r\n0\r\n\r\n"),
            })
        })
        .await;
        let egress = egress(&server);
        assert_eq!(&*get(&egress).await.unwrap().body, b"rows");
        // The connection returns to the pool first.
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        let expected = if is_used_again { "again" } else { "rows" };
        let second = get(&egress).await.unwrap();
        assert_eq!(&*second.body, expected.as_bytes(), "{}", behind.len());
    }
}

#[tokio::test]
async fn body_without_its_last_chunk_is_an_error() {
    for body in [
        &b"4\r\nrows\r\n"[..],
        b"4\r\nro",
        b"4\r\nrows\r\n0",
        b"4\r\nrows\r\nx\r\n\r\n",
        b"4\r\nrowsx\r\n0\r\n\r\n",
    ] {
        let answer = chunked("connection: close\r\n", body);
        let (server, egress) = answering(vec![answer.clone(), answer]).await;
        let error = get(&egress).await.unwrap_err();
        let shown = body.escape_ascii();
        assert!(
            matches!(error, EgressError::Failed { .. }),
            "{shown}: {error}"
        );
        assert_eq!(server.heads().len(), 2, "{shown}");
    }
}
