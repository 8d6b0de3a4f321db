//! Requests for a page in every form that Weld and its users' tools send, and in forms that nobody should send.

use crate::{assert_error, guests, gzip, host, host_with};
use serde_json::{Value, json};
use weld_host_tests::host::Host;
use weld_host_tests::http::Message;
use weld_host_tests::weld::Request;

const BODY: &str = r#"{"name": "beers", "state": {"page": 2}}"#;

fn post(host: &Host) -> Request {
    host.request("POST", "/guest/")
}

/// The one row of an answer by `echoes_state`.
fn echo(answer: &Message) -> Value {
    assert_eq!(answer.status(), 200, "{}", answer.text());
    answer.json()["insert"][0].clone()
}

#[test]
fn answer_has_the_three_fields_of_a_page() {
    let host = host_with(guests::FORGETS_ITS_STATE);
    let answer = host.weld("guest").page("last", &json!({}));
    assert_eq!(answer.status(), 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(
        answer.json(),
        json!({ "insert": [{ "id": 1 }], "state": null, "hasMore": false })
    );
}

#[test]
fn body_is_read_in_every_encoding_and_framing() {
    let host = host_with(guests::ECHOES_STATE);
    let length = BODY.len().to_string();
    let requests = [
        (
            "with its type",
            post(&host)
                .header("content-type", "application/json")
                .body(BODY),
        ),
        ("without a type", post(&host).body(BODY)),
        (
            "with a form's type",
            post(&host).header("content-type", "text/plain").body(BODY),
        ),
        ("on a GET", host.request("GET", "/guest/").body(BODY)),
        ("chunked", post(&host).chunked(BODY)),
        (
            "gzipped",
            post(&host)
                .header("content-encoding", "gzip")
                .body(gzip(BODY.as_bytes())),
        ),
        (
            "with spaces around",
            post(&host).body(format!("\r\n {BODY} \n")),
        ),
        (
            "with its length in capitals",
            post(&host).header("Content-Length", &length).tail(BODY),
        ),
    ];
    for (form, request) in requests {
        let row = echo(&request.send());
        assert_eq!(row["table"], "beers", "{form}");
        assert_eq!(parsed(&row["state"]), json!({ "page": 2 }), "{form}");
    }
}

fn parsed(state: &Value) -> Value {
    serde_json::from_str(state.as_str().expect("the state as text")).expect("a state is JSON")
}

#[test]
fn every_form_of_a_first_state_reaches_the_guest_as_an_empty_object() {
    let host = host_with(guests::ECHOES_STATE);
    for body in [
        r#"{"name": "beers"}"#,
        r#"{"name": "beers", "state": null}"#,
        r#"{"name": "beers", "state": {}}"#,
        r#"{"state": { }, "name": "beers"}"#,
    ] {
        let answer = post(&host).body(body).send();
        assert_eq!(parsed(&echo(&answer)["state"]), json!({}), "{body}");
        assert_eq!(answer.json()["state"], json!({}), "{body}");
    }
}

#[test]
fn state_reaches_the_guest_and_comes_back_unchanged() {
    let host = host_with(guests::ECHOES_STATE);
    let state =
        r#"{"cursor":18446744073709551616,"price":1.10,"text":"\u00e9\ud83c\udf7a","deep":[[{}]]}"#;
    let answer = post(&host)
        .body(format!(r#"{{"name":"beers","state":{state}}}"#))
        .send();
    assert_eq!(echo(&answer)["state"], state);
    assert!(answer.text().contains(state), "{}", answer.text());
}

#[test]
fn fields_that_weld_may_add_are_ignored() {
    let host = host_with(guests::ECHOES_STATE);
    let row = echo(
        &post(&host)
            .body(r#"{"name": "beers", "schema": {"x": [1]}, "limit": 5}"#)
            .send(),
    );
    assert_eq!(row["table"], "beers");
}

#[test]
fn last_of_repeated_fields_counts() {
    let host = host_with(guests::ECHOES_STATE);
    let body = r#"{"name": "wines", "state": [], "state": {"page": 2}, "name": "beers"}"#;
    let row = echo(&post(&host).body(body).send());
    assert_eq!(row["table"], "beers");
    assert_eq!(parsed(&row["state"]), json!({ "page": 2 }));
}

#[test]
fn invalid_body_is_refused() {
    let host = host_with(guests::ECHOES_STATE);
    for body in [
        &b""[..],
        b"beers",
        b"{",
        br#"{"name": "beers""#,
        br#"{"name": "beers"} and more"#,
        br#"["beers"]"#,
        br#""beers""#,
        b"{}",
        br#"{"state": {}}"#,
        br#"{"name": null}"#,
        br#"{"name": 5}"#,
        br#"{"name": "beers", "state": []}"#,
        br#"{"name": "beers", "state": "{}"}"#,
        br#"{"name": "beers", "state": 1}"#,
        br#"{"name": "beers", "state": false}"#,
        b"{\"name\": \"beers\xff\"}",
        b"\xff\xfe{\0}\0",
    ] {
        let answer = post(&host).body(body).send();
        let shown = String::from_utf8_lossy(body);
        assert_eq!(answer.status(), 400, "{shown}: {}", answer.text());
        assert_error(&answer, 400, "bad_request");
    }
}

#[test]
fn error_for_a_get_without_a_body_says_what_to_send() {
    let host = host_with(guests::ECHOES_STATE);
    let message = assert_error(&host.request("GET", "/guest/").send(), 400, "bad_request");
    assert!(
        message.contains("name") && message.contains("state"),
        "{message}"
    );
}

#[test]
fn deep_json_does_not_harm_the_host() {
    let host = host_with(guests::ECHOES_STATE);
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        let deep = format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
        let body = format!(r#"{{"name": "beers", "state": {{"deep": {deep}}}}}"#);
        let answer = post(&host).body(body).send();
        assert!([200, 400].contains(&answer.status()), "{}", answer.start);
        assert_eq!(
            post(&host).body(BODY).send().status(),
            200,
            "the host keeps serving"
        );
    }
}

#[test]
fn broken_gzip_is_refused() {
    let host = host_with(guests::ECHOES_STATE);
    let whole = gzip(BODY.as_bytes());
    let cut = whole[..whole.len() / 2].to_vec();
    let mut wrong_sum = whole.clone();
    let last = wrong_sum.len() - 5;
    wrong_sum[last] ^= 0xff;
    for (fault, body) in [
        ("no gzip", BODY.as_bytes().to_vec()),
        ("cut", cut),
        ("sum", wrong_sum),
    ] {
        let answer = post(&host)
            .header("content-encoding", "gzip")
            .body(body)
            .send();
        assert_eq!(answer.status(), 400, "{fault}: {}", answer.text());
        assert_error(&answer, 400, "bad_request");
    }
}

#[test]
fn unknown_content_encoding_is_refused() {
    let host = host_with(guests::ECHOES_STATE);
    for encoding in ["br", "zstd", "deflate", "gzip, gzip", "nonsense"] {
        let answer = post(&host)
            .header("content-encoding", encoding)
            .body(BODY)
            .send();
        assert_error(&answer, 415, "unsupported_encoding");
    }
}

#[test]
fn body_over_the_limit_is_refused_before_and_after_decompression() {
    let host = host()
        .plugin("guest", guests::ECHOES_STATE)
        .flag("--max-body", "64KiB")
        .start();
    let spaces = " ".repeat(10 << 20);
    let bomb = gzip(format!("{spaces}{BODY}").as_bytes());
    assert!(
        bomb.len() < 64 << 10,
        "it must be below the limit while compressed"
    );
    for (form, request) in [
        (
            "announced as long",
            post(&host).header("content-length", "10485760"),
        ),
        (
            "chunked",
            post(&host).chunked(&format!("{}{BODY}", &spaces[..100 << 10])),
        ),
        (
            "gzipped",
            post(&host).header("content-encoding", "gzip").body(bomb),
        ),
    ] {
        let answer = request.send();
        assert_eq!(answer.status(), 413, "{form}: {}", answer.text());
        assert_error(&answer, 413, "body_too_large");
    }
    let fits = format!("{}{BODY}", &spaces[..60 << 10]);
    assert_eq!(post(&host).body(fits).send().status(), 200);
}

#[test]
fn body_that_never_arrives_is_a_timeout() {
    let host = host()
        .plugin("guest", guests::ECHOES_STATE)
        .flag("--body-timeout", "100ms")
        .start();
    let mut pending = post(&host).header("content-length", "100").begin().unwrap();
    pending.send(b"{").unwrap();
    assert_error(&pending.answer().unwrap(), 408, "timeout");
}

#[test]
fn endless_headers_are_refused() {
    let host = host_with(guests::ECHOES_STATE);
    let answer = post(&host)
        .header("x-filler", &"x".repeat(2 << 20))
        .body(BODY)
        .send();
    assert_eq!(answer.status(), 431);
}

#[test]
fn headers_over_the_limit_are_refused_like_other_errors() {
    let host = host_with(guests::ECHOES_STATE);
    let many = (0..8).fold(post(&host), |request, number| {
        request.header(&format!("x-filler-{number}"), &"x".repeat(9_000))
    });
    for (form, request) in [
        ("one", post(&host).header("x-filler", &"x".repeat(70_000))),
        ("many", many),
    ] {
        let answer = request.body(BODY).send();
        assert_eq!(answer.status(), 431, "{form}: {}", answer.text());
        assert_error(&answer, 431, "headers_too_large");
    }
    let fits = post(&host).header("x-filler", &"x".repeat(60_000));
    assert_eq!(fits.body(BODY).send().status(), 200);
}
