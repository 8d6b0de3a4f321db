//! HTTP/2: many requests on one connection, each of which is treated like a connection of its own.

use super::client::encrypted;
use super::http2_client::{Http2Client, request};
use crate::{assert_error, guests, host};
use h2::Reason;
use serde_json::json;
use weld_host_tests::host::{Host, HostBuilder};
use weld_host_tests::until;

/// A table of `makes_rows` whose page has some megabytes.
const MANY: &str = "4000";

fn started(guest: &str) -> Host {
    encrypted(host()).plugin("guest", guest).start()
}

fn with_rows(builder: HostBuilder) -> Host {
    encrypted(builder)
        .plugin("guest", guests::MAKES_ROWS)
        .flag("--log", "debug")
        .start()
}

/// How many calls have ended for requests, according to the log of a host that logs everything.
fn calls(host: &Host, client: &Http2Client) -> usize {
    let marked = format!("nobody-{}", host.log().so_far().len());
    client.get(&format!("/{marked}")).unwrap();
    host.log().wait_for_text(&marked);
    let has_ended = |line: &&String| line.contains("call ended") && line.contains("request_id");
    host.log().so_far().iter().filter(has_ended).count()
}

#[test]
fn requests_of_one_connection_are_answered_at_once() {
    let host = started(guests::ECHOES_STATE);
    let client = Http2Client::open(host.address());
    let states: Vec<_> = (0..50).map(|number| json!({ "number": number })).collect();
    let streams: Vec<_> = states
        .iter()
        .map(|state| client.page("rows", state))
        .collect();
    for (state, stream) in states.iter().zip(streams) {
        let answer = stream.answer().unwrap();
        assert_eq!(answer.status(), 200, "{}", answer.text());
        assert_eq!(answer.json()["state"], *state);
        assert!(answer.header("x-request-id").is_some());
        let length = answer.body.len().to_string();
        assert_eq!(answer.header("content-length"), Some(length.as_str()));
    }
}

#[test]
fn errors_are_those_of_http_1() {
    let host = encrypted(host())
        .plugin("guest", guests::ECHOES_STATE)
        .variable("WELD_API_KEY", "correct horse")
        .flag("--body-timeout", "300ms")
        .start();
    let client = Http2Client::open(host.address());
    let with_key = |method: &str, path: &str| {
        request(method, path).header("authorization", "Bearer correct horse")
    };
    let ask = |request: http::request::Builder, body: Option<&[u8]>| {
        let stream = client.begin(request.body(()).unwrap(), body.map(<[u8]>::to_vec));
        stream.unwrap().answer().unwrap()
    };
    let page = br#"{"name": "rows"}"#;
    for (request, body, status, kind) in [
        (request("GET", "/guest/schema"), None, 401, "unauthorized"),
        (with_key("GET", "/guest/no/path"), None, 404, "not_found"),
        (
            with_key("GET", "/nobody/schema"),
            None,
            404,
            "unknown_connector",
        ),
        (with_key("PUT", "/guest/"), None, 405, "method_not_allowed"),
        (
            with_key("POST", "/guest/"),
            Some(&b"no JSON"[..]),
            400,
            "bad_request",
        ),
        (
            with_key("POST", "/guest/").header("content-encoding", "br"),
            Some(page),
            415,
            "unsupported_encoding",
        ),
        (
            with_key("GET", "/guest/schema").header("x-long", "a".repeat(65 << 10)),
            None,
            431,
            "headers_too_large",
        ),
        (
            (0..1_000).fold(with_key("GET", "/guest/schema"), |request, _| {
                request.header("x-many", "1")
            }),
            None,
            431,
            "headers_too_large",
        ),
    ] {
        assert_error(&ask(request, body), status, kind);
    }
    // A body that is announced but never comes, and one that is too large.
    let endless = with_key("POST", "/guest/").header("content-length", "99999999");
    let answer = client.without_body(endless.body(()).unwrap()).answer();
    assert_error(&answer.unwrap(), 413, "body_too_large");
    let slow = with_key("POST", "/guest/").header("content-length", "10");
    let answer = client.without_body(slow.body(()).unwrap()).answer();
    assert_error(&answer.unwrap(), 408, "timeout");
    let head = ask(with_key("HEAD", "/guest/"), None);
    assert_eq!((head.status(), head.body.len()), (405, 0));
    assert_ne!(head.header("content-length"), Some("0"));
    // More than HTTP/2 itself reads: the connection stays.
    let huge = with_key("GET", "/guest/schema").header("x-long", "a".repeat(200 << 10));
    assert_eq!(ask(huge, None).status(), 431);
    assert_eq!(ask(with_key("GET", "/guest/schema"), None).status(), 200);
    assert_eq!(ask(with_key("POST", "/guest/"), Some(page)).status(), 200);
}

#[test]
fn without_a_key_only_this_machine_may_be_named() {
    let host = started(guests::ECHOES_STATE);
    let client = Http2Client::open(host.address());
    let foreign = http::Request::builder()
        .uri("https://pages.example.com/guest/schema")
        .body(())
        .unwrap();
    let answer = client.begin(foreign, None).unwrap().answer().unwrap();
    assert_error(&answer, 401, "unauthorized");
    let two = request("GET", "/guest/schema").header("host", "pages.example.com");
    let answer = client
        .begin(two.body(()).unwrap(), None)
        .unwrap()
        .answer()
        .unwrap();
    assert_error(&answer, 400, "bad_request");
    assert_eq!(client.get("/guest/schema").unwrap().status(), 200);
}

#[test]
fn client_that_gives_up_a_request_is_noticed() {
    type GiveUp = fn(&Http2Client, &serde_json::Value, &dyn Fn());
    let ways: [(&str, GiveUp); 2] = [
        ("resetting its stream", |client, state, arrived| {
            let stream = client.page("rows", state);
            arrived();
            stream.reset();
        }),
        ("dropping its stream", |client, state, arrived| {
            let stream = client.page("rows", state);
            arrived();
            drop(stream);
        }),
    ];
    for (what, give_up) in ways {
        let unanswered = encrypted(host()).start_with_unanswered_calls(guests::FETCHES, "0s");
        let client = Http2Client::open(unanswered.host.address());
        give_up(&client, &unanswered.state, &|| {
            unanswered.arrived.pass("the page's call")
        });
        unanswered
            .closed
            .pass(&format!("the call to end after {what}"));
        unanswered.host.log().wait_for_text("disconnected");
        // The connection goes on.
        assert_eq!(client.get("/nobody/schema").unwrap().status(), 404);
    }
    let unanswered = encrypted(host()).start_with_unanswered_calls(guests::FETCHES, "0s");
    let client = Http2Client::open(unanswered.host.address());
    let stream = client.page("rows", &unanswered.state);
    unanswered.arrived.pass("the page's call");
    let _ = stream;
    drop(client);
    unanswered
        .closed
        .pass("the call to end with the connection");
}

#[test]
fn page_of_a_stream_that_is_reset_goes_to_the_next_request() {
    for encoding in ["identity", "gzip", "zstd", "br"] {
        let host = with_rows(host());
        // So much that the host has more to send, whatever its encoding.
        let client = Http2Client::with_window(host.address(), 10_000);
        let page = || {
            let body = json!({ "name": MANY, "state": {} }).to_string();
            let request = request("POST", "/guest/").header("accept-encoding", encoding);
            let stream = client.begin(request.body(()).unwrap(), Some(body.into_bytes()));
            stream.unwrap().head().unwrap()
        };
        let mut given_up = page();
        if encoding != "identity" {
            assert_eq!(given_up.header("content-encoding"), Some(encoding));
        }
        given_up.part().unwrap().expect("a part of the page");
        given_up.reset();
        let whole = page().read().unwrap();
        assert_eq!(whole.status(), 200);
        assert_eq!(calls(&host, &client), 1, "{encoding}: the page was kept");
        page().read().unwrap();
        assert_eq!(
            calls(&host, &client),
            2,
            "{encoding}: it was delivered, so it is made again"
        );
    }
}

#[test]
fn page_whose_last_byte_was_not_sent_is_kept() {
    let host = with_rows(host());
    let whole = Http2Client::open(host.address())
        .page(MANY, &json!({}))
        .answer();
    let bytes = u32::try_from(whole.unwrap().body.len()).unwrap();
    let client = Http2Client::with_window(host.address(), bytes - 1);
    let mut given_up = client.page(MANY, &json!({})).head().unwrap();
    let mut received = 0;
    while received < bytes as usize - 1 {
        received += given_up.part().unwrap().expect("more").len();
    }
    given_up.reset();
    let before = calls(&host, &client);
    assert_eq!(
        client.page(MANY, &json!({})).answer().unwrap().body.len(),
        bytes as usize
    );
    assert_eq!(calls(&host, &client), before, "the page was kept");
}

#[test]
fn pages_of_a_connection_that_breaks_are_kept() {
    let host = with_rows(host());
    let client = Http2Client::open(host.address());
    let tables = ["3000", "3001", "3002"];
    for table in tables {
        let mut answer = client.page(table, &json!({})).head().unwrap();
        answer.part().unwrap().expect("a part of the page");
        std::mem::forget(answer);
    }
    drop(client);
    let client = Http2Client::open(host.address());
    for table in tables {
        assert_eq!(
            client.page(table, &json!({})).answer().unwrap().status(),
            200
        );
    }
    assert_eq!(calls(&host, &client), tables.len());
}

#[test]
fn stream_that_is_not_read_is_reset_and_the_others_go_on() {
    let host = with_rows(host().flag("--write-timeout", "600ms"));
    let client = Http2Client::open(host.address());
    let mut stalled = client.page(MANY, &json!({})).head().unwrap();
    host.log().wait_for_text("--write-timeout");
    let error = loop {
        match stalled.part() {
            Ok(part) => assert!(part.is_some(), "the answer is complete"),
            Err(error) => break error,
        }
    };
    assert_eq!(error.reason(), Some(Reason::CANCEL), "{error}");
    assert_eq!(
        client.page(MANY, &json!({})).answer().unwrap().status(),
        200
    );
    assert_eq!(calls(&host, &client), 1, "the page was kept");
}

#[test]
fn stream_whose_last_byte_is_not_read_is_reset() {
    let host = with_rows(host().flag("--write-timeout", "600ms"));
    let whole = Http2Client::open(host.address())
        .page(MANY, &json!({}))
        .answer();
    let bytes = u32::try_from(whole.unwrap().body.len()).unwrap();
    let client = Http2Client::with_window(host.address(), bytes - 1);
    let mut stalled = client.page(MANY, &json!({})).head().unwrap();
    let error = loop {
        match stalled.part() {
            Ok(part) => assert!(part.is_some(), "the answer is complete"),
            Err(error) => break error,
        }
    };
    assert_eq!(error.reason(), Some(Reason::CANCEL), "{error}");
    let before = calls(&host, &client);
    assert_eq!(
        client.page(MANY, &json!({})).answer().unwrap().status(),
        200
    );
    assert_eq!(calls(&host, &client), before, "the page was kept");
}

#[test]
fn connection_ends_if_the_end_of_a_small_answer_is_not_read() {
    let host = with_rows(host().flag("--write-timeout", "600ms"));
    let whole = Http2Client::open(host.address())
        .page("5", &json!({}))
        .answer();
    let bytes = u32::try_from(whole.unwrap().body.len()).unwrap();
    let client = Http2Client::with_window(host.address(), bytes - 1);
    let stalled = client.page("5", &json!({})).head().unwrap();
    host.log().wait_for_text("an answer's end was not read");
    drop(stalled);
    let _ended = client.ended();
    let client = Http2Client::open(host.address());
    let before = calls(&host, &client);
    assert_eq!(client.page("5", &json!({})).answer().unwrap().status(), 200);
    assert_eq!(calls(&host, &client), before, "the page was kept");
}

#[test]
fn client_that_only_resets_its_requests_is_cut_off() {
    let unanswered = encrypted(host()).start_with_unanswered_calls(guests::FETCHES, "0s");
    let host = &unanswered.host;
    let client = Http2Client::open(host.address());
    let mut begun = 0;
    for _ in 0..2_000 {
        let body = json!({ "name": "rows", "state": unanswered.state }).to_string();
        let request = request("POST", "/guest/").body(()).unwrap();
        match client.begin(request, Some(body.into_bytes())) {
            Ok(stream) => stream.reset(),
            Err(_) => break,
        }
        begun += 1;
    }
    assert!(begun < 2_000, "it was not cut off");
    let _ended = client.ended();
    assert_eq!(
        Http2Client::open(host.address())
            .get("/nobody/schema")
            .unwrap()
            .status(),
        404
    );
}

#[test]
fn requests_count_like_connections() {
    let host = encrypted(host())
        .after("ulimit -n 160")
        .plugin("guest", guests::SLEEPS_INSIDE)
        .config("guest", "[env]\nSLEEP_MS = \"3600000\"")
        .start();
    // Three quarters of its files are for clients; one connection may have a hundred requests.
    let (first, second) = (
        Http2Client::open(host.address()),
        Http2Client::open(host.address()),
    );
    let held: Vec<_> = (0..100).map(|_| first.page("rows", &json!({}))).collect();
    let more: Vec<_> = (0..50).map(|_| second.page("rows", &json!({}))).collect();
    host.log().wait_for("the refusal", |line| {
        line.contains("the host is full") && line.contains("status=503")
    });
    assert_eq!(second.get("/healthz").unwrap().status(), 200);
    drop((held, more));
    until("there is room again", || {
        second.get("/nobody/schema").unwrap().status() == 404
    });
}

#[test]
fn requests_in_progress_are_answered_when_the_host_stops() {
    let mut unanswered = encrypted(host()).start_with_unanswered_calls(guests::FETCHES, "0s");
    let client = Http2Client::open(unanswered.host.address());
    let stream = client.page("rows", &unanswered.state);
    unanswered.arrived.pass("the page's call");
    unanswered.host.terminate();
    let answer = stream.answer().unwrap();
    assert_eq!(
        answer.header("weld-host-pending"),
        Some("running"),
        "{}",
        answer.text()
    );
    let _ended = client.ended();
    assert!(unanswered.host.wait_for_exit().success());
}
