//! What is said about a proxy that fails, and that nothing else fails with it.

use super::proxy::Proxy;
use super::{assert_hidden, behind, connectors, counting, fetched};
use crate::operating::with_admin;
use crate::{assert_error, guests};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpListener;
use weld_host_tests::host::Host;
use weld_host_tests::upstream::Upstream;
use weld_host_tests::weld::Request;

const HTTP: &str = "http://api.example.com/";
const HTTPS: &str = "https://api.example.com/";

/// The message of a page that fails because of its request, and its `temporary`.
fn failure(host: &Host, connector: &str, url: &str) -> (String, Value) {
    let state = json!({ "url": url, "on_error": "fail" });
    let answer = host.weld(connector).page("rows", &state);
    let message = assert_error(&answer, 502, "upstream_failed");
    assert_hidden(&message);
    (message, answer.json()["error"]["temporary"].clone())
}

#[test]
fn proxy_that_fails_is_named_without_its_password() {
    for (answer, url, expected, temporary) in [
        ("", HTTPS, "the proxy closed the connection", true),
        (
            "HTTP/1.1 403 Forbidden\r\ncontent-type: text/html\r\n\r\n<html>",
            HTTPS,
            "ask its operator to permit CONNECT to api.example.com:443",
            false,
        ),
        (
            "HTTP/1.1 502 Bad Gateway\r\n\r\n",
            HTTPS,
            "it could not reach api.example.com:443",
            true,
        ),
        (
            "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
            HTTPS,
            "the proxy refused the user and password in its URL (407)",
            false,
        ),
        (
            "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n",
            HTTP,
            "the proxy refused the user and password in its URL (407)",
            false,
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n<html>log in</html>",
            HTTPS,
            "the proxy answered with a page instead of a connection",
            false,
        ),
        (
            "<html>log in</html>",
            HTTPS,
            "the proxy's answer is not HTTP, but begins with",
            false,
        ),
        (
            "HTTP/1.1 503 Unavailable\r\nx-squid-error: ERR_DNS_FAIL 0\r\ncontent-length: 0\r\n\r\n",
            HTTP,
            "it could not reach api.example.com:80",
            true,
        ),
        ("", HTTP, "http://api.example.com through the proxy", true),
    ] {
        let proxy = Proxy::answering(answer);
        let host = behind(&proxy.url_with_password()).start();
        for connector in ["fetch", "wasi"] {
            let (message, told) = failure(&host, connector, url);
            assert!(
                message.contains(&format!("the proxy {}", proxy.url())),
                "{message}"
            );
            assert!(message.contains(expected), "{message}");
            assert_eq!(told, Value::Bool(temporary), "{message}");
        }
        let line = host.log().wait_for_text("upstream call failed");
        assert!(line.contains(&proxy.url()), "{line}");
        assert_hidden(&host.log().so_far().join("\n"));
    }
}

#[test]
fn proxy_that_is_not_there_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let host = behind(&nobody).start();
    for url in [HTTP, HTTPS] {
        let (message, temporary) = failure(&host, "fetch", url);
        let expected = format!("failed at the proxy {nobody}: could not connect to the proxy");
        assert!(message.contains(&expected), "{message}");
        assert_eq!(temporary, true, "{message}");
    }
    let host = behind("http://proxy.invalid:3128").start();
    let (message, _) = failure(&host, "fetch", HTTPS);
    assert!(
        message.contains("could not resolve the proxy's host name"),
        "{message}"
    );
}

#[test]
fn proxy_that_fails_puts_no_api_out_of_service() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let closing = Proxy::answering("");
    for proxy in [nobody, closing.url()] {
        let host = counting("", 2)
            .flag("--http-proxy", &proxy)
            .flag("--https-proxy", &proxy)
            .switch("--proxy-resolves")
            .start();
        for _ in 0..5 {
            let (message, _) = failure(&host, "fetch", HTTPS);
            let expected = format!("failed at the proxy {proxy}");
            assert!(message.contains(&expected), "{message}");
        }
    }
    // An API that the proxy does not reach is out of service.
    let proxy = Proxy::answering("HTTP/1.1 502 Bad Gateway\r\n\r\n");
    let host = counting("", 2)
        .flag("--https-proxy", &proxy.url())
        .switch("--proxy-resolves")
        .start();
    for expected in ["502", "502", "HttpError::Unavailable"] {
        let detail = fetched(&host, "fetch", HTTPS)["detail"].to_string();
        assert!(detail.contains(expected), "{detail}");
    }
    assert_eq!(proxy.lines().len(), 2);
}

#[test]
fn endless_head_ends_the_request_and_not_the_host() {
    let proxy = Proxy::start(|mut client, _| {
        client.write_all(b"HTTP/1.1 200 OK\r\n")?;
        loop {
            client.write_all(b"x-more: and more and more and more\r\n")?;
        }
    });
    let host = behind(&proxy.url()).start();
    let before = host.peak_memory();
    for _ in 0..20 {
        let (message, _) = failure(&host, "fetch", HTTPS);
        assert!(message.contains("is longer than 16KiB"), "{message}");
    }
    assert!(host.peak_memory() < before + (64 << 20));
}

#[test]
fn hanging_proxy_is_named_and_other_connectors_go_on() {
    let proxy = Proxy::start(|mut client, _| client.read(&mut [0]).map(drop));
    let api = Upstream::answering("{}");
    let times = "connect-timeout = \"200ms\"\nfirst-byte-timeout = \"200ms\"";
    let direct = format!("[network]\nallow = [\"{}\"]\n", api.origin());
    let host = connectors(times)
        .plugin("direct", guests::FETCHES)
        .config("direct", &direct)
        .flag("--http-proxy", &proxy.url())
        .flag("--https-proxy", &proxy.url())
        .switch("--proxy-resolves")
        .start();
    for (url, phase) in [
        (HTTPS, "the proxy's answer to CONNECT"),
        (HTTP, "the head of the response"),
    ] {
        let row = fetched(&host, "fetch", url);
        assert_eq!(row["error"], "timeout", "{row}");
        let expected = format!("for {phase}, through the proxy {}", proxy.url());
        host.log().wait_for_text(&expected);
        let row = fetched(&host, "direct", &api.url("/"));
        assert_eq!(row["status"], 200, "{row}");
    }
}

#[test]
fn failures_of_proxies_are_counted_by_themselves() {
    let proxy = Proxy::answering("HTTP/1.1 407 Who\r\n\r\n");
    let (host, admin) = with_admin(behind(&proxy.url()));
    failure(&host, "fetch", HTTPS);
    let text = Request::new(admin, "GET", "/metrics").send().text();
    let counted = text.lines().any(|line| {
        line.starts_with("weld_host_upstream_calls_total") && line.contains("outcome=\"proxy\"")
    });
    assert!(counted, "{text}");
}
