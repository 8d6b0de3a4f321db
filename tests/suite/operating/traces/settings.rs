//! How the export of traces is set up.

use super::collector::{Collector, resource};
use crate::{guests, host};
use serde_json::json;
use weld_host_tests::host::HostBuilder;
use weld_host_tests::until;

fn echoing() -> HostBuilder {
    host().plugin("guest", guests::ECHOES_STATE)
}

#[test]
fn requests_to_the_collector_are_as_the_variables_say() {
    let collector = Collector::start();
    let host = echoing()
        .variable(
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            format!("{}/base/", collector.url()),
        )
        .variable("OTEL_EXPORTER_OTLP_HEADERS", "x-api-key=a%20secret")
        .variable("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
        .variable("OTEL_SERVICE_NAME", "loads")
        .variable(
            "OTEL_RESOURCE_ATTRIBUTES",
            "deployment.environment.name=test",
        )
        .variable("OTEL_BSP_SCHEDULE_DELAY", "10")
        .start();
    host.weld("guest").good_page("rows", &json!({}));
    until("the collector is asked", || {
        !collector.received().is_empty()
    });
    let request = &collector.received()[0];
    assert_eq!(request.start, "POST /base/v1/traces HTTP/1.1");
    for (name, expected) in [
        ("content-type", "application/x-protobuf"),
        ("content-encoding", "gzip"),
        ("x-api-key", "a secret"),
    ] {
        assert_eq!(request.header(name), Some(expected), "{name}");
    }
    let resource = resource(request);
    for (key, expected) in [
        ("service.name", "loads"),
        ("deployment.environment.name", "test"),
        ("telemetry.sdk.language", "rust"),
    ] {
        assert_eq!(resource[key], json!(expected), "{key}");
    }
    assert!(resource.contains_key("service.instance.id"), "{resource:?}");
    assert!(!host.log().so_far().join("\n").contains("a secret"));
}

#[test]
fn exact_endpoint_is_requested_as_it_is() {
    let collector = Collector::start();
    let host = echoing()
        .variable(
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
            format!("{}/exactly?here=1", collector.url()),
        )
        .variable("OTEL_BSP_SCHEDULE_DELAY", "10")
        .start();
    host.weld("guest").good_page("rows", &json!({}));
    until("the collector is asked", || {
        !collector.received().is_empty()
    });
    assert_eq!(collector.received()[0].target(), "/exactly?here=1");
}

#[test]
fn file_names_a_collector_too() {
    let collector = Collector::start();
    let host = echoing()
        .file(
            "weld-host.toml",
            format!("otlp = \"{}\"\n", collector.url()),
        )
        .variable("OTEL_BSP_SCHEDULE_DELAY", "10")
        .start();
    host.weld("guest").good_page("rows", &json!({}));
    until("the collector is asked", || {
        !collector.received().is_empty()
    });
}

#[test]
fn nothing_is_sent_where_a_variable_turns_it_off() {
    for (variable, value) in [
        ("OTEL_SDK_DISABLED", "true"),
        ("OTEL_TRACES_EXPORTER", "none"),
        ("OTEL_TRACES_SAMPLER", "always_off"),
    ] {
        let collector = Collector::start();
        let mut host = collector.of(echoing()).variable(variable, value).start();
        host.weld("guest").good_page("rows", &json!({}));
        host.terminate();
        assert!(host.wait_for_exit().success());
        assert!(collector.received().is_empty(), "{variable}");
    }
}

#[test]
fn host_refuses_settings_that_it_can_not_honor() {
    for (variable, value, expected) in [
        (
            "OTEL_EXPORTER_OTLP_PROTOCOL",
            "grpc",
            "OTEL_EXPORTER_OTLP_PROTOCOL is `grpc`: the host exports by http/protobuf only",
        ),
        (
            "OTEL_TRACES_SAMPLER",
            "often",
            "OTEL_TRACES_SAMPLER is `often`: write always_on",
        ),
        (
            "OTEL_EXPORTER_OTLP_CERTIFICATE",
            "/nowhere/ca.pem",
            "the file /nowhere/ca.pem in OTEL_EXPORTER_OTLP_CERTIFICATE can't be read",
        ),
    ] {
        let failure = echoing()
            .flag("--otlp", "http://127.0.0.1:4318")
            .variable(variable, value)
            .fail();
        assert_eq!(failure.status.code(), Some(1));
        let stderr = failure.stderr.join("\n");
        assert!(stderr.contains(expected), "{stderr}");
    }
    let failure = echoing().flag("--otlp", "localhost:4318").fail();
    let stderr = failure.stderr.join("\n");
    assert!(
        stderr.contains("begins with http:// or https://"),
        "{stderr}"
    );
}
