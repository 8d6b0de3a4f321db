//! Traces on their way through a proxy.

use super::collector::Collector;
use crate::egress::proxies::{AUTHORITY, Proxy, encrypted_api};
use crate::operating::{get, with_admin};
use crate::{guests, host};
use serde_json::json;
use weld_host_tests::host::{Host, HostBuilder};
use weld_host_tests::until;

/// A host that sends the spans of each page soon to this collector.
fn sending_to(endpoint: &str) -> HostBuilder {
    host()
        .plugin("guest", guests::ECHOES_STATE)
        .file("authority.pem", AUTHORITY)
        .flag("--otlp", endpoint)
        .variable("OTEL_BSP_SCHEDULE_DELAY", "10")
        .variable("OTEL_EXPORTER_OTLP_CERTIFICATE", "authority.pem")
}

fn make_page(host: &Host) {
    host.weld("guest").good_page("rows", &json!({}));
}

fn assert_hidden(host: &Host) {
    let log = host.log().so_far().join("\n");
    for secret in ["hunter2", "d2VsZDpodW50ZXIy"] {
        assert!(!log.contains(secret), "{log}");
    }
}

#[test]
fn collector_by_http_gets_its_requests_from_the_proxy() {
    let collector = Collector::start();
    let proxy = Proxy::to(collector.address());
    let host = sending_to("http://collector.example.com:4318")
        .flag("--http-proxy", &proxy.url_with_password())
        .start();
    make_page(&host);
    until("the spans arrive", || !collector.spans().is_empty());
    let request = &collector.received()[0];
    assert_eq!(
        request.target(),
        "http://collector.example.com:4318/v1/traces"
    );
    assert_eq!(request.header("host"), Some("collector.example.com:4318"));
    assert_eq!(
        request.header("proxy-authorization"),
        Some("Basic d2VsZDpodW50ZXIy")
    );
    let line = host
        .log()
        .wait_for_text("sent to the collector through a proxy");
    assert!(
        line.contains("collector") && line.contains(&proxy.url()),
        "{line}"
    );
    assert_hidden(&host);
}

#[test]
fn collector_by_https_is_reached_by_a_tunnel() {
    let proxy = Proxy::to(encrypted_api());
    let builder =
        sending_to("https://api.example.com").variable("HTTPS_PROXY", proxy.url_with_password());
    let (host, admin) = with_admin(builder);
    make_page(&host);
    until("the spans are sent", || {
        let metrics = get(admin, "/metrics").text();
        metrics.contains("weld_host_trace_spans_sent_total 4")
    });
    let heads = proxy.heads();
    assert!(
        heads[0].starts_with("CONNECT api.example.com:443 HTTP/1.1\r\n"),
        "{heads:?}"
    );
    assert!(heads[0].contains("proxy-authorization: Basic d2VsZDpodW50ZXIy\r\n"));
    assert_hidden(&host);
}

#[test]
fn collector_on_this_machine_is_reached_directly() {
    let (collector, proxy) = (
        Collector::start(),
        Proxy::answering("HTTP/1.1 500 No\r\n\r\n"),
    );
    let host = sending_to(&collector.url())
        .flag("--http-proxy", &proxy.url())
        .flag("--https-proxy", &proxy.url())
        .start();
    make_page(&host);
    until("the spans arrive", || !collector.spans().is_empty());
    assert_eq!(proxy.lines(), [""; 0]);
    let log = host.log().so_far().join("\n");
    assert!(!log.contains("sent to the collector through"), "{log}");
}

#[test]
fn proxy_that_does_not_connect_is_named_with_its_answer() {
    for (answer, expected) in [
        (
            "HTTP/1.1 403 Forbidden\r\n\r\n",
            "does not connect to api.example.com:443: it answered `HTTP/1.1 403 Forbidden`",
        ),
        (
            "<html>Log in</html>",
            "does not connect to api.example.com:443: it answered `<html>Log in</html>`",
        ),
        ("", "closed the connection"),
    ] {
        let proxy = Proxy::answering(answer);
        let host = sending_to("https://api.example.com")
            .flag("--https-proxy", &proxy.url_with_password())
            .start();
        make_page(&host);
        let line = host.log().wait_for_text("traces can't be sent");
        assert!(
            line.contains(expected) && line.contains(&proxy.url()),
            "{answer:?}: {line}"
        );
        assert_hidden(&host);
    }
}
