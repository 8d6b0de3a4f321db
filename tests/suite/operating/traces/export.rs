//! Collectors that are down, slow or full, and what is lost then: spans, never pages.

use super::collector::{Collector, spans};
use super::{OF_A_PAGE, silence};
use crate::operating::{get, with_admin};
use crate::{guests, host};
use serde_json::json;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU32, Ordering};
use weld_host_tests::gate::Gate;
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
fn last_spans_are_sent_within_a_short_grace() {
    let collector = Collector::start();
    let builder = collector
        .of(host().flag("--drain", "0s").flag("--grace", "1s"))
        .variable("OTEL_BSP_SCHEDULE_DELAY", "3600000");
    let mut calls = builder.start_with_unanswered_calls(guests::FETCHES, "10m");
    assert_eq!(calls.host.weld("guest").schema().status(), 200);
    let page = calls.page().begin().unwrap();
    calls.arrived.pass("the call");
    calls.host.terminate();
    assert!(calls.host.wait_for_exit().success());
    drop(page);
    let names: Vec<String> = collector
        .spans()
        .into_iter()
        .map(|span| span.name)
        .collect();
    assert!(names.iter().any(|name| name == "schema"), "{names:?}");
    assert_eq!(lines_with(&calls.host, "last spans"), 0);
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
fn collector_that_wants_a_batch_again_at_once_gets_it_after_a_pause() {
    let collector =
        Collector::answering(|_, exchange| exchange.answer(503, &[("retry-after", "0")], ""));
    let builder = collector
        .of(echoing())
        .variable("OTEL_BSP_SCHEDULE_DELAY", "3600000")
        .variable("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "4")
        .variable("OTEL_BSP_EXPORT_TIMEOUT", "3000");
    let (host, admin) = with_admin(builder);
    pages(&host, 1);
    until("all spans are dropped", || {
        dropped(admin, "collector") >= 4.0
    });
    // The third would come after 1 s and 2 s, when the time is over.
    let tries = collector.received().len();
    assert!(tries <= 2, "{tries}");
}

#[test]
fn collector_that_wants_a_long_pause_has_it_until_the_host_ends() {
    let requests = AtomicU32::new(0);
    let collector =
        Collector::answering(
            move |_, exchange| match requests.fetch_add(1, Ordering::Relaxed) {
                0 => exchange.answer(429, &[("retry-after", "3600")], ""),
                _ => exchange.answer(200, &[], ""),
            },
        );
    let builder = collector
        .of(echoing())
        .variable("OTEL_BSP_SCHEDULE_DELAY", "3600000")
        .variable("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "4")
        .variable("OTEL_BSP_MAX_QUEUE_SIZE", "10");
    let (mut host, admin) = with_admin(builder);
    pages(&host, 1);
    until("the batch is dropped", || {
        dropped(admin, "collector") >= 4.0
    });
    pages(&host, 10);
    until("the queue is full", || dropped(admin, "queue") >= 30.0);
    assert_eq!(collector.received().len(), 1);
    host.terminate();
    assert!(host.wait_for_exit().success());
    let later: usize = collector.received()[1..]
        .iter()
        .map(|request| spans(request).len())
        .sum();
    assert_eq!(later, 10, "those that waited");
}

#[test]
fn collector_that_is_too_slow_for_many_batches_costs_two_lines() {
    let gates = [Gate::shut(), Gate::shut(), Gate::shut()];
    let (requests, held) = (AtomicU32::new(0), gates.clone());
    let collector = Collector::answering(move |_, exchange| {
        let number = requests.fetch_add(1, Ordering::Relaxed) as usize;
        if let Some(gate) = held.get(number) {
            gate.pass("the test to let the collector answer");
        }
        exchange.answer(200, &[], "");
    });
    let builder = collector
        .of(echoing())
        .variable("OTEL_BSP_MAX_QUEUE_SIZE", "10");
    let (host, admin) = with_admin(builder);
    for (number, gate) in gates.iter().enumerate() {
        until("a batch is under way", || {
            // Its first span begins the first batch.
            if number == 0 {
                pages(&host, 1);
            }
            collector.received().len() > number
        });
        let before = dropped(admin, "queue");
        pages(&host, 10);
        // The queue has ten places.
        until("spans are dropped", || {
            dropped(admin, "queue") >= before + 30.0
        });
        gate.open();
    }
    let line = host
        .log()
        .wait_for_text("traces are sent to the collector again");
    let lost = dropped(admin, "queue");
    assert!(line.contains(&format!("lost={lost}")), "{line}");
    assert_eq!(lines_with(&host, "more spans are recorded"), 1);
    assert_eq!(lines_with(&host, "to the collector again"), 1);
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
