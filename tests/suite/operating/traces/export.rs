//! Collectors that are down, slow or full, and what is lost then: spans, never pages.

use super::collector::{Collector, spans};
use super::{OF_A_PAGE, silence};
use crate::operating::{get, with_admin};
use crate::{guests, host};
use serde_json::json;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU32, Ordering};
use weld_host_tests::host::{Host, HostBuilder};
use weld_host_tests::until;

fn echoing() -> HostBuilder {
    host().plugin("guest", guests::ECHOES_STATE)
}

/// Requests this many different pages, all of which must succeed.
fn pages(host: &Host, count: u32) {
    for page in 0..count {
        host.weld("guest")
            .good_page("rows", &json!({ "page": page }));
    }
}

/// The value of a series of the host's metrics; 0 if it is not there.
fn metric(admin: SocketAddr, series: &str) -> f64 {
    let text = get(admin, "/metrics").text();
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    value.map_or(0.0, |value| value.parse().unwrap())
}

fn dropped(admin: SocketAddr, reason: &str) -> f64 {
    let series = format!("weld_host_trace_spans_dropped_total{{reason=\"{reason}\"}}");
    metric(admin, &series)
}

fn lines_with(host: &Host, text: &str) -> usize {
    let lines = host.log().so_far();
    lines.iter().filter(|line| line.contains(text)).count()
}

#[test]
fn collector_that_is_down_costs_spans_and_one_line() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let builder = echoing()
        .flag("--otlp", &format!("http://{address}"))
        .variable("OTEL_BSP_SCHEDULE_DELAY", "1")
        .variable("OTEL_BSP_EXPORT_TIMEOUT", "1");
    let (host, admin) = with_admin(builder);
    pages(&host, 3);
    until("all spans are dropped", || {
        dropped(admin, "collector") >= 12.0
    });
    pages(&host, 3);
    until("all spans are dropped", || {
        dropped(admin, "collector") >= 24.0
    });
    assert_eq!(metric(admin, "weld_host_trace_spans_sent_total"), 0.0);
    let line = host.log().wait_for_text("traces can't be sent");
    assert!(
        line.contains("WARN") && line.contains(&address.to_string()),
        "{line}"
    );
    assert!(line.contains("Connection refused"), "{line}");
    assert_eq!(lines_with(&host, "traces can't be sent"), 1);
}

#[test]
fn queue_is_bounded_while_the_collector_is_silent() {
    let collector = Collector::answering(silence);
    let builder = collector
        .of(echoing())
        .variable("OTEL_BSP_MAX_QUEUE_SIZE", "10");
    let (host, admin) = with_admin(builder);
    pages(&host, 20);
    until("spans are dropped", || {
        dropped(admin, "queue") >= 80.0 - 20.0
    });
    assert!(dropped(admin, "queue") < 80.0, "a batch is under way");
}

#[test]
fn host_ends_while_the_collector_is_silent() {
    let collector = Collector::answering(silence);
    let mut host = collector.of(echoing()).flag("--grace", "1s").start();
    pages(&host, 1);
    until("the collector is asked", || {
        !collector.received().is_empty()
    });
    pages(&host, 1);
    host.terminate();
    assert!(host.wait_for_exit().success());
    host.log()
        .wait_for_text("the collector did not take the last spans in time");
}

#[test]
fn last_spans_are_sent_at_the_end() {
    let collector = Collector::start();
    let mut host = collector
        .of(echoing())
        .variable("OTEL_BSP_SCHEDULE_DELAY", "3600000")
        .start();
    pages(&host, 2);
    assert!(collector.received().is_empty());
    host.terminate();
    assert!(host.wait_for_exit().success());
    assert_eq!(collector.spans().len(), 2 * OF_A_PAGE.len());
}

#[test]
fn batch_is_sent_as_soon_as_it_is_complete() {
    let collector = Collector::start();
    let host = collector
        .of(echoing())
        .variable("OTEL_BSP_SCHEDULE_DELAY", "3600000")
        .variable("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "8")
        .start();
    pages(&host, 2);
    collector.spans_with(&["run", "run"]);
    assert_eq!(spans(&collector.received()[0]).len(), 8);
}

#[test]
fn collector_that_asks_for_it_gets_a_batch_again() {
    for status in [429, 502, 503, 504] {
        let requests = AtomicU32::new(0);
        let collector = Collector::answering(move |_, exchange| {
            match requests.fetch_add(1, Ordering::Relaxed) {
                0 => exchange.answer(status, &[("retry-after", "0")], ""),
                _ => exchange.answer(200, &[], ""),
            }
        });
        let (host, admin) = with_admin(collector.of(echoing()));
        pages(&host, 1);
        until("all spans are sent", || {
            metric(admin, "weld_host_trace_spans_sent_total") >= 4.0
        });
        let received = collector.received();
        assert_eq!(received[0].body, received[1].body, "{status}");
        assert_eq!(dropped(admin, "collector"), 0.0, "{status}");
        let line = host
            .log()
            .wait_for_text("traces are sent to the collector again");
        assert!(line.contains("lost=0"), "{line}");
        let line = host.log().wait_for_text("traces can't be sent");
        assert!(line.contains(&format!("status {status}")), "{line}");
    }
}

#[test]
fn batch_that_the_collector_refuses_is_not_sent_again() {
    for status in [302, 400, 401, 500] {
        let collector = Collector::answering(move |_, exchange| {
            exchange.answer(status, &[("location", "/elsewhere")], "");
        });
        let (host, admin) = with_admin(collector.of(echoing()));
        pages(&host, 1);
        until("all spans are dropped", || {
            dropped(admin, "collector") >= 4.0
        });
        let sent: usize = collector
            .received()
            .iter()
            .map(|request| spans(request).len())
            .sum();
        assert_eq!(sent, 4, "each span once, for {status}");
    }
}

#[test]
fn spans_that_a_collector_rejects_are_counted() {
    // `partial_success { rejected_spans: 3, error_message: "too old" }`
    let body = b"\x0a\x0b\x08\x03\x12\x07too old";
    let collector = Collector::answering(move |_, exchange| exchange.answer(200, &[], body));
    let builder = collector
        .of(echoing())
        .variable("OTEL_BSP_SCHEDULE_DELAY", "3600000")
        .variable("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "4");
    let (host, admin) = with_admin(builder);
    pages(&host, 1);
    until("some spans are rejected", || {
        dropped(admin, "collector") == 3.0
    });
    assert_eq!(metric(admin, "weld_host_trace_spans_sent_total"), 1.0);
    let line = host.log().wait_for_text("the collector refuses spans");
    assert!(line.contains("too old"), "{line}");
}

#[test]
fn answers_in_another_format_do_no_harm() {
    for body in ["<html>", "\u{ff}\u{ff}"] {
        let collector = Collector::answering(move |_, exchange| exchange.answer(200, &[], body));
        let (host, admin) = with_admin(collector.of(echoing()));
        pages(&host, 1);
        until("all spans are sent", || {
            metric(admin, "weld_host_trace_spans_sent_total") >= 4.0
        });
    }
}
