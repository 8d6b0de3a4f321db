//! The memory of requests and responses is charged for as long as they exist.

use super::super::EgressError;
use super::certificates::{AUTHORITY, GOOD};
use super::server::{ENDLESS, FLOOD, LONG_HEAD, Server, page, page_of, request};
use super::tls;
use crate::account::{HostAccount, MemoryError};
use crate::config::{Limits, NetworkConfig};

/// The memory of one exchange in addition to its texts and bodies.
const EXCHANGE_BYTES: u64 = 512 << 10;

fn network() -> NetworkConfig {
    NetworkConfig {
        allow: ["http://api.example.com".parse().unwrap()]
            .into_iter()
            .collect(),
        ..NetworkConfig::default()
    }
}

fn url(path: &str) -> String {
    format!("http://api.example.com{path}")
}

#[tokio::test]
async fn request_is_charged_with_its_body_until_it_is_answered() {
    let server = Server::plain().await;
    let egress = server.egress("shop", network(), Limits::default());
    let host = HostAccount::new(EXCHANGE_BYTES + (150 << 10));
    for (body_bytes, is_sent) in [(100 << 10, true), (250 << 10, false)] {
        let page = page_of(&Limits::default(), &host);
        let body = "x".repeat(body_bytes);
        let answer = egress.fetch(request("POST", &url("/"), &body), &page).await;
        let is_refused = matches!(answer, Err(EgressError::OutOfMemory(MemoryError::Total(_))));
        assert_eq!(!is_refused, is_sent, "{body_bytes}: {answer:?}");
    }
    let page = page_of(&Limits::default(), &host);
    let mut long = request("GET", &url("/"), "");
    long.headers = vec![("x-long".to_owned(), vec![b'x'; 60 << 10])];
    let answer = egress.fetch(long, &page).await;
    assert!(
        matches!(answer, Err(EgressError::OutOfMemory(_))),
        "headers are copied for further tries: {answer:?}"
    );
    assert_eq!(server.answered(), 1);
}

#[tokio::test]
async fn exchange_is_charged_while_its_body_is_open_and_a_head_while_it_is_kept() {
    let server = Server::plain().await;
    let egress = server.egress("shop", network(), Limits::default());
    let host = HostAccount::new(u64::MAX);
    let page = page_of(&Limits::default(), &host);
    let sent = egress.send(request("GET", &url(ENDLESS), ""), &page).await;
    let (head, body) = sent.unwrap().1.into_parts();
    assert!(host.used_bytes() > EXCHANGE_BYTES);
    drop(body);
    let used = host.used_bytes();
    assert!(used > 0 && used < EXCHANGE_BYTES, "the head: {used}");
    drop(head);
    assert_eq!(host.used_bytes(), 0);
}

#[tokio::test]
async fn open_responses_are_charged_to_the_call_and_a_whole_one_to_the_host() {
    let server = Server::plain().await;
    let limits = Limits {
        memory_bytes: EXCHANGE_BYTES * 3 / 2,
        ..Limits::default()
    };
    let egress = server.egress("shop", network(), limits);
    let page = page_of(&limits, &HostAccount::new(u64::MAX));
    let send = || egress.send(request("GET", &url(ENDLESS), ""), &page);
    let open = send().await.unwrap();
    let refused = send().await;
    assert!(
        matches!(
            refused,
            Err(EgressError::OutOfMemory(MemoryError::Connector(_)))
        ),
        "a second one is too many"
    );
    let whole = egress.fetch(request("GET", &url("/"), ""), &page).await;
    let (_, charge) = whole.unwrap().body.into_parts();
    assert!(charge.bytes() > 0, "and is charged until the guest has it");
    drop(open);
    assert!(send().await.is_ok());
}

#[tokio::test]
async fn head_past_its_limit_is_refused_by_either_protocol() {
    for protocol in ["http/1.1", "h2"] {
        let server = tls::server(GOOD, &[protocol]).await;
        let egress = server.egress("shop", tls::network(&[AUTHORITY]), Limits::default());
        let page = page(&Limits::default());
        let long = format!("https://api.example.com{LONG_HEAD}");
        let refused = egress.fetch(request("GET", &long, ""), &page).await;
        assert!(
            matches!(
                (protocol, &refused),
                ("http/1.1", Err(EgressError::Unreadable { .. }))
                    | ("h2", Err(EgressError::Failed { .. }))
            ),
            "{protocol}: {refused:?}"
        );
        let short = egress.fetch(request("GET", "https://api.example.com/", ""), &page);
        assert!(short.await.is_ok(), "{protocol}");
    }
}

#[tokio::test]
async fn unread_response_is_sent_no_further_than_its_window() {
    /// The window, and the bytes that the server itself keeps waiting.
    const MOST_BYTES: usize = (384 << 10) + (512 << 10);
    let server = tls::server(GOOD, &["h2"]).await;
    let egress = server.egress("shop", tls::network(&[AUTHORITY]), Limits::default());
    let page = page(&Limits::default());
    let url = |path: &str| format!("https://api.example.com{path}");
    let open = egress.send(request("GET", &url(FLOOD), ""), &page).await;
    // Round trips on the same connection, during which the flood continues as far as it may.
    for _ in 0..50 {
        let answer = egress.fetch(request("GET", &url("/"), ""), &page).await;
        assert_eq!(answer.unwrap().body, b"1", "on the same connection");
    }
    let flooded = server.flooded();
    assert!(flooded > 0 && flooded <= MOST_BYTES, "{flooded} bytes");
    drop(open);
}
