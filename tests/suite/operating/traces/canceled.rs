//! Calls that end before they have a page: their spans say so.

use super::collector::{Collector, Span, only};
use super::values;
use crate::{guests, host};
use serde_json::{Value, json};
use weld_host_tests::host::HostBuilder;

/// The spans of a call whose client leaves after the call has reached the API.
fn left_call(builder: HostBuilder, collector: &Collector) -> Vec<Span> {
    let calls = collector
        .of(builder)
        .start_with_unanswered_calls(guests::FETCHES, "100ms");
    let page = calls.page().begin().unwrap();
    calls.arrived.pass("the call");
    drop(page);
    collector.spans_with(&["POST /{connector}", "page", "run", "GET"])
}

#[test]
fn call_that_nobody_waits_for_is_canceled() {
    let collector = Collector::start();
    let spans = left_call(host(), &collector);
    let keys = ["weld.connector", "weld.table", "error.type", "weld.rows"];
    let call = only(&spans, "page");
    assert_eq!(
        values(call, &keys),
        [
            json!("guest"),
            json!("rows"),
            json!("canceled"),
            Value::Null
        ]
    );
    for name in ["run", "GET"] {
        let span = only(&spans, name);
        assert_eq!(span.attributes["error.type"], "canceled", "{span:#?}");
    }
    for name in ["page", "run", "GET"] {
        assert_eq!(only(&spans, name).failure.as_deref(), Some(""), "{name}");
    }
}

#[test]
fn call_that_makes_room_for_another_is_canceled() {
    let collector = Collector::start();
    let builder = host().flag("--slots", "1").flag("--queue-wait", "10m");
    let calls = collector
        .of(builder)
        .start_with_unanswered_calls(guests::FETCHES, "10m");
    let page = calls.page().begin().unwrap();
    calls.arrived.pass("the call");
    drop(page);
    assert_eq!(calls.host.weld("guest").schema().status(), 200);
    let spans = collector.spans_with(&["page", "schema"]);
    let keys = ["weld.connector", "weld.table", "error.type"];
    assert_eq!(
        values(only(&spans, "page"), &keys),
        [json!("guest"), json!("rows"), json!("canceled")]
    );
    let schema = only(&spans, "schema");
    assert_eq!(
        values(schema, &keys),
        [json!("guest"), Value::Null, Value::Null]
    );
    assert_eq!(schema.failure, None);
}
