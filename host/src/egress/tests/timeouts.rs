//! The error of a timeout: what the call was waiting for, for how long, and which setting ended the wait.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame};
use http_body_util::BodyExt;

use super::super::outgoing::TransferError;
use super::super::{Egress, EgressError, Request, RequestBody, StreamedBody};
use super::scripted::ScriptedServer;
use super::server::{CLOSED, ENDLESS, MUTE, SILENT, Server, page, request};
use crate::config::{Limits, NetworkConfig};
use crate::scope::CallScope;

/// A body that its guest never writes.
struct Unwritten;

impl Body for Unwritten {
    type Data = Bytes;
    type Error = TransferError;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransferError>>> {
        Poll::Pending
    }
}

/// Long enough for the steps of a test before its wait.
const SHORT: Duration = Duration::from_millis(300);

fn config() -> NetworkConfig {
    NetworkConfig {
        allow: ["http://*.example.com", "https://*.example.com"]
            .map(|rule| rule.parse().unwrap())
            .into_iter()
            .collect(),
        ..NetworkConfig::default()
    }
}

/// The phase and the setting in the error of a request that is sent with this configuration.
async fn timeout(network: NetworkConfig, request: Request) -> (String, String) {
    let server = Server::plain().await;
    let egress = server.egress("shop", network, Limits::default());
    of(&egress, request).await
}

async fn of(egress: &Egress, request: Request) -> (String, String) {
    let page = page(&Limits::default());
    let error = egress.fetch(request, &page).await.unwrap_err();
    assert!(matches!(error, EgressError::Timeout { .. }), "{error}");
    let text = error.to_string();
    let named = text.strip_prefix("the request timed out after waiting ");
    let (spent, rest) = named.unwrap().split_once(" for ").unwrap();
    assert!(spent.ends_with('s'), "{text}");
    let (phase, setting) = rest.rsplit_once(" (").unwrap();
    let (setting, value) = setting.rsplit_once(" is ").unwrap();
    assert_eq!(value, "300ms)", "the configured value: {text}");
    (phase.to_owned(), setting.to_owned())
}

#[tokio::test]
async fn timeout_names_the_phase_and_the_setting() {
    let connect = || NetworkConfig {
        connect_timeout: SHORT,
        ..config()
    };
    let first_byte = || NetworkConfig {
        first_byte_timeout: SHORT,
        ..config()
    };
    let idle = || NetworkConfig {
        idle_timeout: SHORT,
        ..config()
    };
    let total = || NetworkConfig {
        total_timeout: SHORT,
        ..config()
    };
    for (network, url, phase, setting) in [
        (
            connect(),
            format!("http://{SILENT}/"),
            "the DNS lookup",
            "`network.connect-timeout`",
        ),
        (
            connect(),
            format!("http://{CLOSED}/"),
            "the TCP connection",
            "`network.connect-timeout`",
        ),
        (
            connect(),
            format!("https://{MUTE}/"),
            "the TLS handshake",
            "`network.connect-timeout`",
        ),
        (
            total(),
            format!("https://{MUTE}/"),
            "the TLS handshake",
            "`network.total-timeout`",
        ),
        (
            first_byte(),
            format!("http://{MUTE}/"),
            "the head of the response",
            "`network.first-byte-timeout`",
        ),
        (
            idle(),
            format!("http://api.example.com{ENDLESS}"),
            "the rest of the response's body",
            "`network.idle-timeout`",
        ),
        (
            total(),
            format!("http://api.example.com{ENDLESS}"),
            "the rest of the response's body",
            "`network.total-timeout`",
        ),
    ] {
        let named = timeout(network, request("GET", &url, "")).await;
        assert_eq!(named, (phase.to_owned(), setting.to_owned()), "{url}");
    }
}

/// Answers this many requests with a body that stalls, and all others completely.
async fn stalling(first: usize) -> (ScriptedServer, Egress) {
    let answered = AtomicUsize::new(0);
    let server = ScriptedServer::start(None, move |_, _| {
        let stalls = answered.fetch_add(1, Ordering::SeqCst) < first;
        let length = if stalls { 9 } else { 4 };
        Some(format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\nrows").into_bytes())
    })
    .await;
    let egress = server.egress(NetworkConfig {
        idle_timeout: SHORT,
        ..config()
    });
    (server, egress)
}

#[tokio::test]
async fn body_that_stalls_is_requested_again_like_one_that_breaks() {
    let url = "http://api.example.com/";
    let limits = Limits::default();
    let (server, egress) = stalling(1).await;
    let response = egress.fetch(request("GET", url, ""), &page(&limits)).await;
    assert_eq!(*response.unwrap().body, b"rows");
    assert_eq!(server.heads().len(), 2);
    // The request's own timeout works the same way, and the tries are bounded.
    let (server, egress) = stalling(9).await;
    let mut impatient = request("GET", url, "");
    impatient.timeouts.idle = Some(SHORT / 2);
    let error = egress.fetch(impatient, &page(&limits)).await.unwrap_err();
    let text = error.to_string();
    assert!(
        text.ends_with("(the connector's idle timeout for this request is 150ms)"),
        "{text}"
    );
    assert_eq!(server.heads().len(), 2);
}

#[tokio::test]
async fn body_that_stalls_is_not_requested_again_if_that_may_do_harm_or_time_is_up() {
    let url = "http://api.example.com/";
    let limits = Limits::default();
    let (server, egress) = stalling(1).await;
    let post = egress
        .fetch(request("POST", url, "row"), &page(&limits))
        .await;
    assert!(matches!(post, Err(EgressError::Timeout { .. })), "{post:?}");
    assert_eq!(server.heads().len(), 1, "it was carried out");
    let (server, egress) = stalling(1).await;
    let scope = page(&limits);
    let (_, response) = egress.send(request("GET", url, ""), &scope).await.unwrap();
    assert!(response.into_body().whole().await.is_err());
    assert_eq!(server.heads().len(), 1, "the guest has its beginning");
    let (server, egress) = stalling(1).await;
    let mut hurried = request("GET", url, "");
    hurried.timeouts.total = Some(SHORT / 2);
    let error = egress.fetch(hurried, &page(&limits)).await.unwrap_err();
    assert!(matches!(error, EgressError::Timeout { .. }), "{error}");
    assert_eq!(server.heads().len(), 1, "its time is up");
}

#[tokio::test]
async fn timeout_of_the_request_names_the_phase_too() {
    let mut request = request("GET", &format!("https://{MUTE}/"), "");
    request.timeouts.total = Some(SHORT);
    let named = timeout(config(), request).await;
    let expected = (
        "the TLS handshake",
        "the connector's timeout for this request",
    );
    assert_eq!((&*named.0, &*named.1), expected);
}

#[tokio::test]
async fn timeout_while_all_connections_are_in_use_names_their_limit() {
    let server = Server::plain().await;
    let network = NetworkConfig {
        connections: 1,
        total_timeout: SHORT,
        ..config()
    };
    let egress = server.egress("shop", network, Limits::default());
    let url = format!("http://api.example.com{ENDLESS}");
    let page = page(&Limits::default());
    let _held = egress.send(request("GET", &url, ""), &page).await.unwrap();
    let named = of(&egress, request("GET", &url, "")).await;
    let expected = (
        "a free connection (`network.connections`)",
        "`network.total-timeout`",
    );
    assert_eq!((&*named.0, &*named.1), expected);
}

#[tokio::test]
async fn call_that_waits_for_a_free_connection_shows_that_until_it_has_one() {
    let server = Server::plain().await;
    let network = NetworkConfig {
        connections: 1,
        ..config()
    };
    let egress = server.egress("shop", network, Limits::default());
    let url = format!("http://api.example.com{ENDLESS}");
    let first = page(&Limits::default());
    let held = egress.send(request("GET", &url, ""), &first).await.unwrap();
    let second = page(&Limits::default());
    let mut waiting = std::pin::pin!(egress.send(request("GET", &url, ""), &second));
    let shown = |scope: &CallScope| scope.waits.current().map(|wait| wait.to_string());
    let expected = "a free connection to http://api.example.com (`network.connections`)";
    tokio::select! {
        _ = &mut waiting => panic!("there is no connection for it"),
        () = async {
            while shown(&second).is_none_or(|shown| shown != expected) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        } => {}
    }
    drop(held);
    waiting.await.unwrap();
    assert_eq!(shown(&second), None);
}

#[tokio::test]
async fn timeout_while_the_guest_writes_its_body_names_the_body() {
    let mut request = request("POST", &format!("http://{MUTE}/"), "");
    request.body = RequestBody::Streamed(StreamedBody {
        body: Unwritten.boxed_unsync(),
        length: None,
    });
    request.timeouts.first_byte = Some(SHORT);
    let named = timeout(config(), request).await;
    let expected = (
        "the rest of the request's body",
        "the connector's first-byte timeout for this request",
    );
    assert_eq!((&*named.0, &*named.1), expected);
}
