//! Traces: the spans of pages, as a collector gets them.

mod canceled;
mod collector;
mod export;
mod propagation;
mod proxies;
mod settings;

use crate::{guests, held_call, host};
use collector::{Collector, Span, only};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};
use weld_host_tests::held_call::HeldCall;
use weld_host_tests::host::Host;
use weld_host_tests::http::Message;
use weld_host_tests::upstream::{Exchange, Upstream};

/// The names of the spans of a page without a request to an API.
const OF_A_PAGE: [&str; 4] = ["POST /{connector}", "page", "wait for a sandbox", "run"];

/// A host with the connector `guest`, which fetches what its state says from this API.
fn fetching(collector: &Collector, upstream: &Upstream, config: &str) -> Host {
    let config = format!("[network]\nallow = [\"{}\"]\n{config}", upstream.origin());
    let builder = host()
        .plugin("guest", guests::FETCHES)
        .config("guest", &config);
    collector.of(builder).start()
}

/// The values of these attributes; `null` if there is none.
fn values(span: &Span, keys: &[&str]) -> Vec<Value> {
    let value = |key: &&str| span.attributes.get(*key).cloned().unwrap_or_default();
    keys.iter().map(value).collect()
}

#[test]
fn page_is_a_request_with_a_call_whose_run_has_requests_to_apis() {
    let (collector, upstream) = (Collector::start(), Upstream::answering("[]"));
    let host = fetching(&collector, &upstream, "");
    let url = upstream.url("/beers?key=a-secret-in-a-query");
    let answer = host.weld("guest").page("rows", &json!({ "url": url }));
    let spans = collector.spans_with(&[&OF_A_PAGE[..], &["GET"]].concat());
    assert_eq!(spans.len(), 5, "{spans:#?}");
    let [request, call, sandbox, run] = OF_A_PAGE.map(|name| only(&spans, name));
    let client = only(&spans, "GET");
    for (span, parent, kind) in [
        (request, "", 2),
        (call, request.id.as_str(), 1),
        (sandbox, call.id.as_str(), 1),
        (run, call.id.as_str(), 1),
        (client, run.id.as_str(), 3),
    ] {
        assert_eq!(span.parent, parent, "{span:#?}");
        assert_eq!(
            (&span.trace, span.kind, span.flags, &span.failure),
            (&request.trace, kind, 0x101, &None),
            "{span:#?}"
        );
        assert!(span.began <= span.ended, "{span:#?}");
        assert!(span.links.is_empty() && span.state.is_empty(), "{span:#?}");
    }
    assert!(request.began <= call.began && call.began <= run.began);
    assert!(run.began <= client.began && client.ended <= request.ended);
    let id = answer.header("x-request-id").unwrap();
    assert_eq!(
        json!(request.attributes),
        json!({
            "http.request.method": "POST",
            "http.route": "/{connector}",
            "http.response.status_code": 200,
            "url.path": "/guest",
            "url.scheme": "http",
            "network.protocol.version": "1.1",
            "client.address": "127.0.0.1",
            "weld.request_id": id,
            "weld.connector": "guest",
            "weld.table": "rows",
            "weld.rows": 1,
        })
    );
    assert_eq!(
        json!(call.attributes),
        json!({ "weld.connector": "guest", "weld.table": "rows", "weld.rows": 1 })
    );
    assert_eq!(run.attributes.keys().collect::<Vec<_>>(), ["weld.cpu_ms"]);
    let keys = [
        "http.request.method",
        "http.response.status_code",
        "http.response.body.size",
        "server.address",
        "server.port",
        "url.full",
        "http.request.resend_count",
        "error.type",
    ];
    assert_eq!(
        values(client, &keys),
        [
            json!("GET"),
            json!(200),
            json!(2),
            json!("127.0.0.1"),
            json!(upstream.address().port()),
            json!(upstream.url("/beers")),
            Value::Null,
            Value::Null,
        ]
    );
    assert_no_text(&collector, "a-secret-in-a-query");
}

/// Checks that a text is in no request to the collector.
fn assert_no_text(collector: &Collector, text: &str) {
    for request in collector.received() {
        let body = collector::body(&request);
        assert!(
            !String::from_utf8_lossy(&body).contains(text),
            "{text} in {:#?}",
            collector.spans()
        );
    }
}

#[test]
fn schema_has_a_request_with_a_call_too() {
    let collector = Collector::start();
    let host = collector
        .of(host().plugin("guest", guests::ECHOES_STATE))
        .start();
    host.weld("guest").schema();
    let spans = collector.spans_with(&["GET /{connector}/schema", "schema", "run"]);
    let request = only(&spans, "GET /{connector}/schema");
    assert_eq!(only(&spans, "schema").parent, request.id);
    assert_eq!(
        values(request, &["url.path", "weld.connector", "weld.rows"]),
        [json!("/guest/schema"), json!("guest"), Value::Null]
    );
}

#[test]
fn tries_and_the_waits_between_them_are_apart() {
    let tries = AtomicU32::new(0);
    let upstream =
        Upstream::start(
            move |_, exchange| match tries.fetch_add(1, Ordering::Relaxed) {
                0 => exchange.answer(503, &[("retry-after", "0")], ""),
                _ => exchange.answer(200, &[], "[]"),
            },
        );
    let collector = Collector::start();
    let host = fetching(&collector, &upstream, "");
    let state = json!({ "url": upstream.url("/") });
    host.weld("guest").good_page("rows", &state);
    let spans = collector.spans_with(&["GET", "GET", "run"]);
    let run = only(&spans, "run");
    let keys = [
        "http.response.status_code",
        "http.request.resend_count",
        "error.type",
    ];
    let mut clients: Vec<&Span> = spans.iter().filter(|span| span.name == "GET").collect();
    clients.sort_by_key(|span| span.began);
    let [first, second] = clients[..] else {
        panic!("{spans:#?}");
    };
    assert_eq!(
        values(first, &keys),
        [json!(503), Value::Null, json!("503")]
    );
    assert_eq!(first.failure.as_deref(), Some(""));
    assert_eq!(values(second, &keys), [json!(200), json!(1), Value::Null]);
    assert_eq!(second.failure, None);
    assert!(clients.iter().all(|span| span.parent == run.id));
    let wait = only(&spans, "wait before a retry");
    assert_eq!(
        (&wait.parent, &wait.attributes["weld.origin"]),
        (&run.id, &json!(upstream.origin()))
    );
}

#[test]
fn request_for_a_token_is_a_part_of_the_call_that_needs_it_first() {
    let upstream = Upstream::start(|request, exchange| {
        let body = match request.target() {
            "/token" => r#"{"access_token": "a-token-of-the-api", "expires_in": 3600}"#,
            _ => "[]",
        };
        exchange.answer(200, &[], body);
    });
    let collector = Collector::start();
    let origin = upstream.origin();
    let config = format!(
        "traceparent = true\n[auth.api]\nurls = [\"{origin}/v1\"]\nkind = \"oauth2\"\ngrant = \"client-credentials\"\n\
         token-url = \"{origin}/token\"\nclient-id = \"weld\"\nclient-secret = \"a-client-secret\"\n"
    );
    let host = fetching(&collector, &upstream, &config);
    let state = json!({ "url": upstream.url("/v1/beers") });
    host.weld("guest").good_page("rows", &state);
    let spans = collector.spans_with(&["GET", "POST", "obtain a token", "run"]);
    let (run, renewal) = (only(&spans, "run"), only(&spans, "obtain a token"));
    assert_eq!(renewal.parent, run.id);
    assert_eq!(only(&spans, "POST").parent, renewal.id);
    assert_eq!(only(&spans, "wait for a token").parent, run.id);
    assert_eq!(only(&spans, "GET").parent, run.id);
    assert_eq!(renewal.attributes["weld.credential"], "api");
    assert_eq!(
        only(&spans, "POST").attributes["url.full"],
        json!(upstream.url("/token"))
    );
    let state = json!({ "url": upstream.url("/v1/a-token-of-the-api") });
    host.weld("guest").good_page("rows", &state);
    let spans = collector.spans_with(&["GET", "GET", "run", "run"]);
    let renewals = spans.iter().filter(|span| span.name == "obtain a token");
    assert_eq!(renewals.count(), 1, "it is still valid");
    for secret in ["a-token-of-the-api", "a-client-secret"] {
        assert_no_text(&collector, secret);
    }
    let token_request = &upstream.received()[0];
    assert_eq!(token_request.target(), "/token");
    assert_eq!(
        token_request.header("traceparent"),
        None,
        "it belongs to no page"
    );
}

#[test]
fn failure_of_a_page_is_one_of_its_spans() {
    let upstream = Upstream::start(|_, exchange| exchange.answer(404, &[], "{}"));
    let collector = Collector::start();
    let host = fetching(&collector, &upstream, "");
    let state = json!({ "url": upstream.url("/"), "on_answer": "fail" });
    assert_eq!(host.weld("guest").page("rows", &state).status(), 502);
    let spans = collector.spans_with(&["POST /{connector}", "page", "run", "GET"]);
    let request = only(&spans, "POST /{connector}");
    assert_eq!(
        values(request, &["http.response.status_code", "error.type"]),
        [json!(502), json!("upstream_failed")]
    );
    for name in ["POST /{connector}", "run", "GET"] {
        assert_eq!(only(&spans, name).failure.as_deref(), Some(""), "{name}");
    }
    let call = only(&spans, "page").failure.clone().unwrap();
    assert!(call.contains("no beers: 404"), "{call}");
}

#[test]
fn mistake_of_the_client_does_not_fail_its_span() {
    let collector = Collector::start();
    let host = collector
        .of(host().plugin("guest", guests::ECHOES_STATE))
        .start();
    let answer = host
        .weld("guest")
        .request("POST", "/")
        .body("no JSON")
        .send();
    assert_eq!(answer.status(), 400);
    let spans = collector.spans_with(&["POST /{connector}"]);
    let request = only(&spans, "POST /{connector}");
    assert_eq!(
        values(request, &["http.response.status_code", "error.type"]),
        [json!(400), json!("bad_request")]
    );
    assert_eq!(request.failure, None);
}

#[test]
fn refused_request_to_an_api_says_why() {
    let collector = Collector::start();
    let host = fetching(&collector, &Upstream::answering("[]"), "");
    let state = json!({ "url": "https://elsewhere.example.com/", "method": "BREW" });
    host.weld("guest").good_page("rows", &state);
    let spans = collector.spans_with(&["HTTP"]);
    let client = only(&spans, "HTTP");
    let keys = [
        "http.request.method",
        "http.request.method_original",
        "error.type",
    ];
    assert_eq!(
        values(client, &keys),
        [json!("_OTHER"), json!("BREW"), json!("denied")]
    );
    let failure = client.failure.clone().unwrap();
    assert!(failure.contains("elsewhere.example.com"), "{failure}");
}

#[test]
fn request_that_joins_a_call_links_to_it() {
    let collector = Collector::start();
    let HeldCall {
        host,
        page,
        state,
        release,
    } = held_call(collector.of(host().flag("--log", "debug")));
    let second = host.weld("guest").page_request("rows", &state).begin();
    host.log().wait_for_text("joins a call");
    release.open();
    page.answer().unwrap();
    second.unwrap().answer().unwrap();
    let spans = collector.spans_with(&["POST /{connector}", "POST /{connector}", "page"]);
    let call = only(&spans, "page");
    let mut requests = spans.iter().filter(|span| span.kind == 2);
    let (joining, first): (Vec<&Span>, Vec<&Span>) =
        requests.by_ref().partition(|span| !span.links.is_empty());
    let ([joining], [first]) = (&joining[..], &first[..]) else {
        panic!("{spans:#?}");
    };
    assert_eq!((&call.parent, &call.trace), (&first.id, &first.trace));
    assert_ne!(joining.trace, first.trace);
    assert_eq!(joining.links, [(call.trace.clone(), call.id.clone())]);
    assert_eq!(
        values(joining, &["weld.joined", "weld.rows"]),
        [json!(true), json!(1)]
    );
}

#[test]
fn pending_answer_ends_its_request_but_not_the_call() {
    let (collector, upstream) = (Collector::start(), Upstream::start(silence));
    let config = "[limits]\nanswer-within = \"100ms\"\n";
    let host = fetching(&collector, &upstream, config);
    let state = json!({ "url": upstream.url("/") });
    let answer = host.weld("guest").page("rows", &state);
    assert_eq!(answer.header("weld-host-pending"), Some("running"));
    let spans = collector.spans_with(&["POST /{connector}", "wait for a sandbox"]);
    let request = only(&spans, "POST /{connector}");
    assert_eq!(
        values(request, &["weld.pending", "weld.table", "weld.rows"]),
        [json!("running"), json!("rows"), Value::Null]
    );
    assert!(spans.iter().all(|span| span.name != "page"), "{spans:#?}");
}

#[test]
fn page_that_comes_too_early_waits_in_its_request() {
    let collector = Collector::start();
    let builder = host()
        .plugin("guest", guests::WAITS_BETWEEN_PAGES)
        .config("guest", "[env]\nWAIT_MS = \"50\"\n");
    let host = collector.of(builder).start();
    let first = host.weld("guest").good_page("rows", &json!({}));
    host.weld("guest").page("rows", &first["state"]);
    let spans = collector.spans_with(&["POST /{connector}", "wait until the page may begin"]);
    let wait = only(&spans, "wait until the page may begin");
    let request = spans.iter().find(|span| span.id == wait.parent).unwrap();
    assert_eq!(request.kind, 2, "{request:#?}");
}

#[test]
fn client_that_leaves_ends_its_span() {
    let collector = Collector::start();
    let calls = collector
        .of(host())
        .start_with_unanswered_calls(guests::FETCHES, "10m");
    let page = calls.page().begin().unwrap();
    calls.arrived.pass("the call");
    drop(page);
    let spans = collector.spans_with(&["POST /{connector}"]);
    let request = only(&spans, "POST /{connector}");
    assert_eq!(request.attributes["error.type"], "client_gone");
    // The server has not failed.
    assert_eq!(request.failure, None);
}

#[test]
fn methods_that_clients_make_up_do_not_name_spans() {
    let collector = Collector::start();
    let host = collector
        .of(host().plugin("guest", guests::ECHOES_STATE))
        .start();
    let brewed = "BREW".repeat(2_000);
    let answer = host.weld("guest").request(&brewed, "/").send();
    assert_eq!(answer.status(), 405);
    let spans = collector.spans_with(&["HTTP /{connector}"]);
    let request = only(&spans, "HTTP /{connector}");
    let method = ["http.request.method", "http.request.method_original"];
    let [named, original] = method.map(|key| request.attributes[key].as_str().unwrap());
    assert_eq!(named, "_OTHER");
    assert!(
        original.starts_with("BREWBREW") && original.len() < 2_000,
        "{original}"
    );
}

/// Never answers.
fn silence(_: &Message, exchange: &mut Exchange) {
    exchange.wait_for_close();
}
