//! The log in the form that a platform reads: severity, trace and request under the platform's own names.

use crate::{assert_error, guests, host};
use serde_json::{Value, json};
use std::net::TcpListener;
use weld_host_tests::host::{Host, HostBuilder};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// A host with a connector that logs, and with a log for Google.
fn google() -> HostBuilder {
    host()
        .plugin("guest", guests::LOGS_AT_EVERY_LEVEL)
        .flag("--log", "debug")
        .flag("--log-format", "google")
}

/// Requests a page with this header.
fn request(host: &Host, header: (&str, &str)) {
    let answer = host
        .weld("guest")
        .page_request("rows", &json!({}))
        .header(header.0, header.1)
        .send();
    assert_eq!(answer.status(), 200, "{}", answer.text());
}

/// All events so far, once there is one with this message.
fn events(host: &Host, message: &str) -> Vec<Value> {
    host.log()
        .wait_for_text(&format!("\"message\":\"{message}\""));
    let lines = host.log().so_far();
    let object = |line: &String| {
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
    };
    lines.iter().map(object).collect()
}

/// The event with this message.
fn event<'e>(events: &'e [Value], message: &str) -> &'e Value {
    let found = events.iter().find(|event| event["message"] == message);
    found.unwrap_or_else(|| panic!("no {message} in {events:#?}"))
}

#[test]
fn every_event_has_the_members_that_cloud_logging_reads() {
    let host = google().file("broken.wasm", "no component").start();
    request(&host, ("traceparent", PARENT));
    let broken = host.weld("broken").page("rows", &json!({}));
    assert_error(&broken, 503, "connector_unavailable");
    host.log().wait_for_text("failed to load");
    let events = events(&host, "page");
    for event in &events {
        let severity = event["severity"].as_str().unwrap();
        assert!(
            ["DEBUG", "INFO", "WARNING", "ERROR"].contains(&severity),
            "{event}"
        );
        assert!(event["time"].as_str().unwrap().ends_with('Z'), "{event}");
        assert!(event["message"].is_string(), "{event}");
        for other in ["level", "timestamp", "trace_id", "http_method", "http_path"] {
            assert!(event.get(other).is_none(), "{event}");
        }
    }
    for (message, severity) in [
        ("a debug line", "DEBUG"),
        ("an info line", "INFO"),
        ("a warn line", "WARNING"),
        ("an error line", "ERROR"),
    ] {
        assert_eq!(event(&events, message)["severity"], severity);
    }
}

#[test]
fn lines_of_a_request_belong_to_its_trace() {
    let host = google()
        .variable("GOOGLE_CLOUD_PROJECT", "my-project")
        .start();
    request(&host, ("traceparent", PARENT));
    let events = events(&host, "page");
    for message in ["an info line", "a line on stdout", "page"] {
        let event = event(&events, message);
        assert_eq!(
            event["logging.googleapis.com/trace"],
            format!("projects/my-project/traces/{TRACE}"),
            "{event}"
        );
        assert_eq!(event["logging.googleapis.com/spanId"], "b7ad6b7169203331");
        assert_eq!(event["logging.googleapis.com/trace_sampled"], true);
    }
    let page = event(&events, "page");
    let request = &page["httpRequest"];
    assert_eq!(request["requestMethod"], "POST", "{page}");
    assert_eq!(request["requestUrl"], "/guest", "{page}");
    assert_eq!(request["status"], 200, "{page}");
    assert_eq!(request["remoteIp"], "127.0.0.1", "{page}");
    let size: u64 = request["responseSize"].as_str().unwrap().parse().unwrap();
    assert!(size > 0, "{page}");
    let latency = request["latency"].as_str().unwrap().strip_suffix('s');
    assert!(latency.unwrap().parse::<f64>().unwrap() > 0.0, "{page}");
    assert!(event(&events, "an info line").get("httpRequest").is_none());
}

#[test]
fn googles_own_header_names_the_trace() {
    let host = google().start();
    let header = format!("{TRACE}/11;o=1");
    request(&host, ("x-cloud-trace-context", &header));
    let events = events(&host, "page");
    let page = event(&events, "page");
    assert_eq!(page["logging.googleapis.com/trace"], TRACE, "no project");
    assert_eq!(page["logging.googleapis.com/spanId"], "000000000000000b");
    assert_eq!(page["logging.googleapis.com/trace_sampled"], true);
}

#[test]
fn request_without_a_valid_trace_has_none() {
    let host = google().start();
    request(&host, ("x-cloud-trace-context", "what/ever;o=1"));
    let events = events(&host, "page");
    for event in &events {
        assert!(
            event.get("logging.googleapis.com/trace").is_none(),
            "{event}"
        );
    }
}

#[test]
fn failed_request_is_a_request_of_its_status() {
    let host = google().variable("WELD_API_KEY", "key").start();
    let answer = host.weld("guest").page("rows", &json!({}));
    assert_error(&answer, 401, "unauthorized");
    let line = host.log().wait_for_text("\"kind\":\"unauthorized\"");
    let event: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(event["httpRequest"]["status"], 401, "{event}");
}

#[test]
fn cloud_run_logs_requests_itself() {
    let host = google().variable("K_SERVICE", "shop").start();
    request(&host, ("traceparent", PARENT));
    let events = events(&host, "page");
    let page = event(&events, "page");
    assert!(page.get("httpRequest").is_none(), "{page}");
    assert_eq!(page["status"], 200);
}

#[test]
fn knative_on_kubernetes_logs_no_requests() {
    let host = google()
        .variable("K_SERVICE", "shop")
        .variable("KUBERNETES_SERVICE_HOST", "10.0.0.1")
        .start();
    request(&host, ("traceparent", PARENT));
    let events = events(&host, "page");
    assert_eq!(event(&events, "page")["httpRequest"]["status"], 200);
}

#[test]
fn error_that_ends_the_host_has_its_severity() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let failure = google().flag("--listen", &address).fail();
    let last = failure.stderr.last().unwrap();
    let event: Value = serde_json::from_str(last).unwrap_or_else(|_| panic!("{failure:?}"));
    assert_eq!(event["severity"], "ERROR");
    assert!(event["message"].as_str().unwrap().contains(&address));
}

#[test]
fn json_log_has_the_trace_and_the_log_for_people_has_not() {
    let json = host()
        .plugin("guest", guests::LOGS_AT_EVERY_LEVEL)
        .flag("--log-format", "json")
        .start();
    request(&json, ("traceparent", PARENT));
    let events = events(&json, "page");
    let page = event(&events, "page");
    assert_eq!(page["trace_id"], TRACE);
    assert_eq!(page["span_id"], "b7ad6b7169203331");
    assert_eq!(page["trace_sampled"], true);
    assert!(page.get("http_path").is_none(), "{page}");

    let text = host().plugin("guest", guests::LOGS_AT_EVERY_LEVEL).start();
    request(&text, ("traceparent", PARENT));
    text.log().wait_for_text("page status=200");
    let log = text.log().so_far().join("\n");
    assert!(!log.contains(TRACE) && !log.contains("http_"), "{log}");
}
