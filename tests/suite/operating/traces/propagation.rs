//! Traces that begin in a client, or continue in an API.

use super::collector::{Collector, Span, only};
use super::{OF_A_PAGE, fetching};
use crate::{guests, host};
use serde_json::{Value, json};
use weld_host_tests::host::{Host, HostBuilder};
use weld_host_tests::http::Message;
use weld_host_tests::upstream::Upstream;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

fn traceparent(flags: &str) -> String {
    format!("00-{TRACE}-{PARENT}-{flags}")
}

fn echoing(collector: &Collector) -> HostBuilder {
    collector.of(host().plugin("guest", guests::ECHOES_STATE))
}

/// A page of this table with these headers.
fn page(host: &Host, table: &str, headers: &[(&str, &str)]) -> Message {
    let request = host.weld("guest").page_request(table, &json!({}));
    let request = headers.iter().fold(request, |request, (name, value)| {
        request.header(name, value)
    });
    request.send()
}

/// The spans of requests, once the one for this table has come.
fn requests_up_to(collector: &Collector, table: &str) -> Vec<Span> {
    weld_host_tests::until_some(&format!("the span of {table}"), || {
        let spans = collector.spans();
        let requests: Vec<Span> = spans.into_iter().filter(|span| span.kind == 2).collect();
        let is_there = requests
            .iter()
            .any(|span| span.attributes["weld.table"] == table);
        is_there.then_some(requests)
    })
}

#[test]
fn trace_of_a_client_is_continued() {
    let collector = Collector::start();
    let host = echoing(&collector).start();
    let parent = traceparent("01");
    page(
        &host,
        "rows",
        &[("traceparent", &parent), ("tracestate", "a=1,b=2")],
    );
    let spans = collector.spans_with(&OF_A_PAGE);
    let request = only(&spans, "POST /{connector}");
    assert_eq!(
        (request.trace.as_str(), request.parent.as_str()),
        (TRACE, PARENT)
    );
    assert_eq!(request.flags, 0x301, "the parent is remote");
    for span in &spans {
        assert_eq!(
            (span.trace.as_str(), span.state.as_str()),
            (TRACE, "a=1,b=2")
        );
    }
}

#[test]
fn invalid_parent_begins_a_new_trace() {
    let collector = Collector::start();
    let host = echoing(&collector).start();
    page(&host, "rows", &[("traceparent", &traceparent("1"))]);
    let spans = requests_up_to(&collector, "rows");
    assert_ne!(spans[0].trace, TRACE);
    assert_eq!(spans[0].parent, "");
}

#[test]
fn client_decides_whether_its_trace_is_recorded() {
    for (sampler, recorded) in [
        ("parentbased_always_on", &["yes", "none"][..]),
        ("parentbased_always_off", &["yes"]),
        ("always_on", &["yes", "no", "none"]),
    ] {
        let collector = Collector::start();
        let host = echoing(&collector)
            .variable("OTEL_TRACES_SAMPLER", sampler)
            .start();
        page(&host, "no", &[("traceparent", &traceparent("00"))]);
        page(&host, "none", &[]);
        page(&host, "yes", &[("traceparent", &traceparent("01"))]);
        let mut tables: Vec<Value> = requests_up_to(&collector, "yes")
            .iter()
            .map(|span| span.attributes["weld.table"].clone())
            .collect();
        tables.sort_by_key(Value::to_string);
        let mut expected: Vec<Value> = recorded.iter().map(|table| json!(table)).collect();
        expected.sort_by_key(Value::to_string);
        assert_eq!(tables, expected, "{sampler}");
    }
}

#[test]
fn client_without_the_right_key_leaves_no_span() {
    let collector = Collector::start();
    let host = echoing(&collector)
        .variable("WELD_API_KEY", "a-key-of-the-host")
        .start();
    let parent = traceparent("01");
    for key in [None, Some("Bearer wrong")] {
        let key = key.map(|key| ("authorization", key));
        let headers: Vec<(&str, &str)> = key
            .into_iter()
            .chain([("traceparent", parent.as_str())])
            .collect();
        assert_eq!(page(&host, "stranger", &headers).status(), 401);
    }
    let right = ("authorization", "Bearer a-key-of-the-host");
    assert_eq!(page(&host, "friend", &[right]).status(), 200);
    let spans = requests_up_to(&collector, "friend");
    assert_eq!(spans.len(), 1, "{spans:#?}");
    assert_ne!(spans[0].trace, TRACE);
}

#[test]
fn propagators_decide_whether_traces_are_continued() {
    let collector = Collector::start();
    let host = echoing(&collector)
        .variable("OTEL_PROPAGATORS", "none")
        .start();
    page(&host, "rows", &[("traceparent", &traceparent("01"))]);
    assert_ne!(requests_up_to(&collector, "rows")[0].trace, TRACE);
}

#[test]
fn api_learns_of_the_trace_if_the_connector_permits_it() {
    let other = Upstream::answering("[]");
    let elsewhere = other.url("/landed");
    let upstream = Upstream::start(move |request, exchange| match request.target() {
        "/here" => exchange.answer(302, &[("location", "/landed")], ""),
        "/there" => exchange.answer(302, &[("location", &elsewhere)], ""),
        _ => exchange.answer(200, &[], "[]"),
    });
    let collector = Collector::start();
    let sent = |permits: bool, path: &str, headers: &Value| {
        let (before, before_there) = (upstream.received().len(), other.received().len());
        let config = format!(
            "[network]\nallow = [\"{}\", \"{}\"]\nfollow-redirects = 2\ntraceparent = {permits}\n",
            upstream.origin(),
            other.origin()
        );
        let builder = host()
            .plugin("guest", guests::FETCHES)
            .config("guest", &config);
        let host = collector.of(builder).start();
        let state = json!({ "url": upstream.url(path), "headers": headers });
        host.weld("guest").good_page("rows", &state);
        let parents = |received: Vec<Message>, before: usize| -> Vec<Option<String>> {
            let new = received[before..].iter();
            new.map(|request| request.header("traceparent").map(str::to_owned))
                .collect()
        };
        (
            parents(upstream.received(), before),
            parents(other.received(), before_there),
        )
    };
    assert_eq!(sent(false, "/", &json!([])).0, [None]);
    let (here, _) = sent(true, "/here", &json!([]));
    assert_eq!(here.len(), 2, "with the redirect");
    for parent in here {
        let parent = parent.expect("a parent");
        let [version, trace, span, flags] = parent.split('-').collect::<Vec<_>>()[..] else {
            panic!("{parent}");
        };
        assert_eq!((version, flags), ("00", "01"));
        let client = weld_host_tests::until_some("the span of the request", || {
            let spans = collector.spans().into_iter();
            spans.into_iter().find(|found| found.id == span)
        });
        assert_eq!((client.trace.as_str(), client.kind), (trace, 3));
    }
    let (here, there) = sent(true, "/there", &json!([]));
    assert!(here.len() == 1 && here[0].is_some(), "{here:?}");
    assert_eq!(there, [None], "another origin");
    let own = json!([["traceparent", traceparent("00")]]);
    let (here, there) = sent(true, "/there", &own);
    assert_eq!(here, [Some(traceparent("00"))], "the connector's own");
    assert_eq!(there, [None]);
}

#[test]
fn api_learns_nothing_of_a_page_that_is_not_recorded() {
    let (collector, upstream) = (Collector::start(), Upstream::answering("[]"));
    let host = fetching(&collector, &upstream, "traceparent = true\n");
    let state = json!({ "url": upstream.url("/") });
    let request = host.weld("guest").page_request("rows", &state);
    request.header("traceparent", &traceparent("00")).send();
    assert_eq!(upstream.received()[0].header("traceparent"), None);
}

#[test]
fn wasi_http_carries_the_trace_as_well() {
    let (collector, upstream) = (Collector::start(), Upstream::answering("[]"));
    let config = format!(
        "[network]\nallow = [\"{}\"]\ntraceparent = true\n",
        upstream.origin()
    );
    let builder = host()
        .plugin("guest", guests::FETCHES_WASI)
        .config("guest", &config);
    let host = collector.of(builder).start();
    let state = json!({ "url": upstream.url("/") });
    host.weld("guest").good_page("rows", &state);
    let spans = collector.spans_with(&["GET"]);
    let client = only(&spans, "GET");
    let expected = format!("00-{}-{}-01", client.trace, client.id);
    assert_eq!(
        upstream.received()[0].header("traceparent"),
        Some(expected.as_str())
    );
}
