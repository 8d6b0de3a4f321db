//! Requests over connections that the other side closes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::super::{Egress, EgressError};
use super::certificates::{AUTHORITY, GOOD};
use super::closing_server::{Closing, ClosingServer};
use super::frames_server::{FramesServer, Refusal};
use super::server::{egress_to, page, request};
use super::tls;
use crate::config::{ConnectorConfig, Limits, NetworkConfig, RateLimitConfig};
use crate::report;

const AT_ONCE: Duration = Duration::ZERO;
const SOON: Duration = Duration::from_millis(1);
const LATER: Duration = Duration::from_millis(50);

/// A connector with the usual retries that calls this server.
fn egress(server: &ClosingServer) -> Egress {
    egress_of(server.address)
}

fn egress_of(address: SocketAddr) -> Egress {
    let network = NetworkConfig {
        allow: ["http://*.example.com", "https://*.example.com"]
            .map(|rule| rule.parse().unwrap())
            .into_iter()
            .collect(),
        ..tls::network(&[AUTHORITY])
    };
    let config = ConnectorConfig {
        network,
        ..ConnectorConfig::default()
    };
    egress_to(address, "shop", &config)
}

/// Sends this many requests one after the other, with bodies that distinguish them. Returns how many failed.
async fn fetch_all(egress: &Egress, scheme: &str, methods: &[&str], count: usize) -> usize {
    let limits = Limits {
        max_calls: 1000,
        ..Limits::default()
    };
    let page = page(&limits);
    let mut failed = 0;
    for (number, method) in (0..count).zip(methods.iter().cycle()) {
        let body = match *method {
            "GET" => String::new(),
            _ => format!("row {number}"),
        };
        let request = request(method, &format!("{scheme}://api.example.com/"), &body);
        match egress.fetch(request, &page).await {
            Ok(response) => assert_eq!(response.body, b"ok"),
            Err(EgressError::Failed { .. }) => failed += 1,
            Err(error) => panic!("{scheme} {number}: {}", report::chain(&error)),
        }
    }
    failed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn posts_reach_a_server_that_closes_unannounced_and_none_twice() {
    for (scheme, closing) in [
        ("http", Closing::Silently(AT_ONCE)),
        ("http", Closing::Silently(SOON)),
        ("http", Closing::Silently(LATER)),
        ("http", Closing::ByReset(AT_ONCE)),
        ("http", Closing::ByReset(SOON)),
        ("https", Closing::Silently(AT_ONCE)),
        ("https", Closing::Silently(SOON)),
        ("https", Closing::Silently(LATER)),
        ("https", Closing::WithNotice(AT_ONCE)),
        ("https", Closing::WithNotice(SOON)),
        ("https", Closing::ByReset(SOON)),
    ] {
        for methods in [&["POST"][..], &["POST", "PATCH", "GET", "PUT"]] {
            let tls = (scheme == "https").then(|| tls::config(GOOD, &["http/1.1"], None));
            let server = ClosingServer::start(closing, tls);
            eprintln!("{scheme} {closing:?} {methods:?}");
            let failed = fetch_all(&egress(&server), scheme, methods, 200).await;
            let (arrived, most) = server.arrived();
            eprintln!("{scheme} {closing:?} {methods:?}: {failed} failed, {arrived} arrived");
            assert!(
                failed <= 2,
                "{scheme} {closing:?} {methods:?}: {failed} failed"
            );
            assert_eq!(most, 1, "{scheme} {closing:?} {methods:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_most_one_of_parallel_posts_finds_out_that_connections_are_not_kept() {
    let server = ClosingServer::start(Closing::Silently(LATER), None);
    let egress = Arc::new(egress(&server));
    for _ in 0..5 {
        let mut posting = tokio::task::JoinSet::new();
        for number in 0..6 {
            let egress = egress.clone();
            posting.spawn(async move {
                let page = page(&Limits::default());
                let mut failed: usize = 0;
                for round in 0..4 {
                    let body = format!("{number} {round}");
                    let request = request("POST", "http://api.example.com/", &body);
                    if let Err(error) = egress.fetch(request, &page).await {
                        eprintln!("{}", report::chain(&error));
                        failed += 1;
                    }
                }
                failed
            });
        }
        let failed: usize = posting.join_all().await.into_iter().sum();
        assert!(failed <= 1, "{failed} failed");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_that_was_read_fails_once_and_says_how_to_repeat_it() {
    for is_reset in [false, true] {
        for scheme in ["http", "https"] {
            let tls = (scheme == "https").then(|| tls::config(GOOD, &["http/1.1"], None));
            let server = ClosingServer::start(Closing::HavingRead { is_reset }, tls);
            let egress = egress(&server);
            let page = page(&Limits::default());
            let url = format!("{scheme}://api.example.com/");
            // A request may be faster than the return of its connection to the pool.
            let (mut number, mut error) = (0, None);
            while error.is_none() && number < 20 {
                number += 1;
                let post = request("POST", &url, &format!("row {number}"));
                error = egress.fetch(post, &page).await.err();
            }
            let text = report::chain(&error.unwrap());
            assert!(
                text.contains("`idempotent`") && text.contains("`rate-limit.retry-methods`"),
                "{text}"
            );
            assert_eq!(server.arrived(), (number, 1), "{scheme} {is_reset}");
            // If it is marked, it is sent again over its own connection.
            let mut marked = request("POST", &url, "third");
            marked.idempotent = Some(true);
            egress.fetch(marked, &page).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kept_connections_are_used_for_posts() {
    for scheme in ["http", "https"] {
        let tls = (scheme == "https").then(|| tls::config(GOOD, &["http/1.1"], None));
        let server = ClosingServer::start(Closing::Never, tls);
        let failed = fetch_all(&egress(&server), scheme, &["POST", "GET", "DELETE"], 30).await;
        let connections = server.connections();
        // A request may be faster than the return of its connection to the pool.
        assert!(failed == 0 && connections <= 5, "{scheme} {connections}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_body_is_requested_again_unless_it_was_passed_on() {
    let url = "http://api.example.com/";
    for closing in [
        Closing::InBody { is_chunked: false },
        Closing::InBody { is_chunked: true },
    ] {
        let server = ClosingServer::start(closing, None);
        let egress = egress(&server);
        let page = page(&Limits::default());
        let response = egress.fetch(request("GET", url, ""), &page).await.unwrap();
        assert_eq!(
            (response.body.as_slice(), server.connections()),
            (&b"ok"[..], 2)
        );
    }
    // A POST has been carried out, and a guest that reads the body itself has its beginning.
    let server = ClosingServer::start(Closing::InBody { is_chunked: false }, None);
    let (page, post) = (page(&Limits::default()), request("POST", url, "row"));
    let cut = egress(&server).fetch(post, &page).await;
    assert!(matches!(cut, Err(EgressError::Failed { .. })));
    assert_eq!(server.arrived(), (1, 1));
    let server = ClosingServer::start(Closing::InBody { is_chunked: false }, None);
    let (_, response) = egress(&server)
        .send(request("GET", url, ""), &page)
        .await
        .unwrap();
    assert!(response.into_body().whole().await.is_err());
    assert_eq!(server.connections(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_that_http2_says_was_not_begun_is_sent_again() {
    for (refusal, is_answered, requests) in [
        (Refusal::Stream, true, (2, 3)),
        (Refusal::GoAway, true, (2, 3)),
        (Refusal::GoAwayWithin, false, (2, 2)),
        (Refusal::Protocol, false, (1, 2)),
    ] {
        let server = FramesServer::start(refusal, tls::config(GOOD, &["h2"], None));
        let egress = egress_of(server.address);
        let page = page(&Limits::default());
        let post = || request("POST", "https://api.example.com/", "row");
        egress.fetch(post(), &page).await.unwrap();
        let second = egress.fetch(post(), &page).await;
        let text = second.map(|_| String::new());
        let text = text.unwrap_or_else(|error| report::chain(&error));
        assert_eq!(text.is_empty(), is_answered, "{refusal:?}: {text}");
        assert_eq!(server.requests(), requests, "{refusal:?}");
        let has_word = text.contains("`idempotent`");
        assert_eq!(has_word, matches!(refusal, Refusal::GoAwayWithin), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_is_never_begun_is_sent_again_at_once_four_times() {
    for (retries, requests) in [(0, 5), (1, 6)] {
        let server = FramesServer::start(Refusal::EveryStream, tls::config(GOOD, &["h2"], None));
        let config = ConnectorConfig {
            network: NetworkConfig {
                allow: ["https://*.example.com".parse().unwrap()]
                    .into_iter()
                    .collect(),
                ..tls::network(&[AUTHORITY])
            },
            rate_limit: RateLimitConfig {
                retries,
                ..RateLimitConfig::default()
            },
            ..ConnectorConfig::default()
        };
        let egress = egress_to(server.address, "shop", &config);
        let post = request("POST", "https://api.example.com/", "row");
        let refused = egress.fetch(post, &page(&Limits::default())).await;
        assert!(refused.is_err());
        assert_eq!(server.requests(), (0, requests));
    }
}

/// The runtime learns of nothing that happens in this time.
fn pause_everything(time: Duration) {
    std::thread::sleep(time);
}

#[tokio::test]
async fn a_post_detects_that_an_idle_connection_is_closed() {
    for (scheme, closing) in [
        ("http", Closing::Silently(LATER)),
        ("http", Closing::ByReset(LATER)),
        ("https", Closing::Silently(LATER)),
        ("https", Closing::WithNotice(LATER)),
    ] {
        let tls = (scheme == "https").then(|| tls::config(GOOD, &["http/1.1"], None));
        let server = ClosingServer::start(closing, tls);
        let egress = egress(&server);
        let limits = Limits::default();
        let url = format!("{scheme}://api.example.com/");
        for number in 1..=3 {
            let post = request("POST", &url, &format!("row {number}"));
            let answer = egress.fetch(post, &page(&limits)).await;
            let text = answer.as_ref().err().map(|error| report::chain(error));
            assert!(answer.is_ok(), "{scheme} {closing:?} {number}: {text:?}");
            // The connection returns to the pool, and is closed while nothing checks it. By then it is known of the
            // server that it keeps connections for a while.
            tokio::time::sleep(LATER / 5).await;
            pause_everything(Duration::from_millis(700));
        }
        assert_eq!(server.arrived(), (3, 1), "{scheme} {closing:?}");
    }
}

#[tokio::test]
async fn a_post_of_which_no_byte_was_accepted_is_sent_again() {
    for scheme in ["http", "https"] {
        let tls = (scheme == "https").then(|| tls::config(GOOD, &["http/1.1"], None));
        let server = ClosingServer::start(Closing::Silently(LATER), tls);
        let egress = egress(&server);
        let scope = page(&Limits::default());
        let url = format!("{scheme}://api.example.com/");
        // The client has this whole answer, and its reader has none of it: it is unknown that the connection is idle,
        // and the close is noticed when the request is about to be written.
        let unread = egress.send(request("GET", &url, ""), &scope).await.unwrap();
        tokio::time::sleep(LATER / 5).await;
        pause_everything(Duration::from_millis(700));
        let post = egress.fetch(request("POST", &url, "row"), &scope).await;
        let text = post.as_ref().err().map(|error| report::chain(error));
        assert!(post.is_ok(), "{scheme}: {text:?}");
        assert_eq!(server.arrived(), (1, 1), "{scheme}");
        drop(unread);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lasting_faults_are_tried_once_and_do_not_put_the_api_out_of_service() {
    for (scheme, answer, word) in [
        ("http", &b"220 mail.example.com ESMTP\r\n"[..], ""),
        (
            "http",
            b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
            "",
        ),
        ("https", b"HTTP/1.1 400 Bad Request\r\n\r\n", "`http://`"),
        // TLS alerts: the version, the ciphers, the name, the certificate.
        ("https", b"\x15\x03\x01\x00\x02\x02\x46", "TLS 1.2 and 1.3"),
        ("https", b"\x15\x03\x01\x00\x02\x02\x28", "ECDHE"),
        (
            "https",
            b"\x15\x03\x01\x00\x02\x02\x70",
            "the host name in the URL",
        ),
        (
            "https",
            b"\x15\x03\x01\x00\x02\x02\x2a",
            "`client-certificate`",
        ),
    ] {
        let server = ClosingServer::start(Closing::With(answer), None);
        let egress = egress(&server);
        let page = page(&Limits::default());
        let url = format!("{scheme}://api.example.com/");
        for number in 1..=8 {
            let error = egress.fetch(request("GET", &url, ""), &page).await;
            let error = error.unwrap_err();
            let text = report::chain(&error);
            let is_reported = matches!(
                error,
                EgressError::Failed { .. } | EgressError::Unreadable { .. }
            );
            assert!(is_reported && text.contains(word), "{text}");
            assert_eq!(server.connections(), number, "{text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn passing_faults_are_tried_again() {
    for (scheme, answer) in [
        ("http", &b""[..]),
        ("http", b"HTTP/1.1 200 OK\r\ncontent-le"),
        ("https", b""),
        ("https", b"\x15\x03\x01\x00\x02\x02\x50"),
    ] {
        let server = ClosingServer::start(Closing::With(answer), None);
        let page = page(&Limits::default());
        let url = format!("{scheme}://api.example.com/");
        let error = egress(&server).fetch(request("GET", &url, ""), &page).await;
        let text = report::chain(&error.unwrap_err());
        assert_eq!(server.connections(), 3, "{text}");
    }
}
