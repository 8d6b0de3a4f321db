use super::*;
use crate::paging::Cursor;
use crate::testing::{FakeHost, Reply};
use serde_json::json;
use std::time::Duration;

const URL: &str = "https://api.example.com/beers";

fn answer(reply: Reply) -> Response {
    let host = FakeHost::new().at("2026-10-21T07:27:30Z").reply(reply);
    let request = host.get(URL).query("api_token", "s3cret");
    request.send().unwrap()
}

fn error(reply: Reply) -> Error {
    answer(reply).ok().unwrap_err()
}

fn message(error: Error) -> String {
    match error {
        Error::Upstream(message) | Error::Unauthorized(message) => message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_success_is_returned() {
    for status in [200, 204, 299] {
        assert_eq!(answer(Reply::new(status)).ok().unwrap().status(), status);
    }
}

#[test]
fn refused_credentials_are_unauthorized() {
    for status in [401, 403] {
        assert_eq!(
            error(Reply::new(status).text("no such token")),
            Error::Unauthorized(format!("GET {URL} answered {status}: no such token"))
        );
    }
}

#[test]
fn a_rate_limit_keeps_the_wait_that_the_api_gives() {
    let seconds = Duration::from_secs;
    for (given, expected) in [
        (Some("30"), Some(seconds(30))),
        (Some("Wed, 21 Oct 2026 07:28:00 GMT"), Some(seconds(30))),
        (Some("Wed, 21 Oct 2026 07:00:00 GMT"), Some(seconds(0))),
        (Some("soon"), None),
        (None, None),
    ] {
        let reply = Reply::new(429);
        let reply = match given {
            Some(value) => reply.header("Retry-After", value),
            None => reply,
        };
        assert_eq!(error(reply), Error::RateLimited(expected), "{given:?}");
    }
}

#[test]
fn a_refusal_because_of_a_quota_is_a_rate_limit_with_any_status() {
    let limited = Reply::new(403).header("Retry-After", "30");
    let wait = Some(Duration::from_secs(30));
    assert_eq!(error(limited), Error::RateLimited(wait));
    let left = Reply::new(403).header("X-RateLimit-Remaining", "4000");
    assert!(matches!(error(left), Error::Unauthorized(_)));
}

#[test]
fn other_statuses_are_upstream_errors_that_quote_the_response_in_part() {
    for status in [302, 400, 404, 500, 503] {
        let reply = Reply::new(status).text("<h1>\n  Out of order\n</h1>");
        let expected = format!("GET {URL} answered {status}: <h1> Out of order </h1>");
        assert_eq!(error(reply), Error::Upstream(expected));
    }
    let long = message(error(Reply::new(500).text("ö".repeat(10_000))));
    assert!(
        long.ends_with(&format!(": {}…", "ö".repeat(EXCERPT))),
        "{long}"
    );
}

#[test]
fn a_refused_cursor_is_an_invalid_state() {
    let host = FakeHost::new().route("GET", URL, Reply::new(410));
    let with = host.get(URL).cursor("cursor", Some("c2")).send().unwrap();
    assert!(matches!(with.ok(), Err(Error::InvalidState(_))));
    let without = host.get(URL).cursor("cursor", None).send().unwrap();
    assert!(matches!(without.ok(), Err(Error::Upstream(_))));
}

#[test]
fn an_error_of_json_names_url_and_place_but_no_secret() {
    let good = answer(Reply::json(&json!({"total": 7})));
    #[derive(Debug, serde::Deserialize)]
    struct Total {
        total: u32,
    }
    assert_eq!(good.json::<Total>().unwrap().total, 7);
    for body in ["later", r#"{"total": "no"}"#, "{"] {
        let error = answer(Reply::new(200).text(body))
            .json::<Total>()
            .unwrap_err();
        let message = message(error);
        for words in [URL, "line 1 column"] {
            assert!(message.contains(words), "{body}: {message}");
        }
        assert_eq!(
            message.contains("it begins with"),
            body == "later",
            "{message}"
        );
        assert!(!message.contains("s3cret"), "{message}");
    }
    for (body, words) in [
        ("", "is not JSON: its body is empty"),
        (" \r\n ", "is not JSON: its body is empty"),
        ("<h1>\n Sorry </h1>", "is HTML, not JSON: <h1> Sorry </h1>"),
        (
            "\n<!DOCTYPE HTML><x>",
            "is HTML, not JSON: <!DOCTYPE HTML><x>",
        ),
        (
            "<?xml version='1.0'?><error/>",
            "is XML, not JSON: <?xml version='1.0'?><error/>",
        ),
        ("<htmlx/>", "is XML, not JSON: <htmlx/>"),
    ] {
        let refused = answer(Reply::new(200).text(body)).json::<Total>();
        let expected = format!("the response to GET {URL} {words}");
        assert_eq!(message(refused.unwrap_err()), expected);
    }
    let bytes = answer(Reply::new(200).bytes([0xff]));
    assert!(message(bytes.json::<Total>().unwrap_err()).contains("UTF-8"));
    assert_eq!(bytes.bytes(), [0xff]);
}

#[test]
fn rows_are_read_from_the_body_or_one_of_its_fields() {
    let plain = answer(Reply::new(200).text(r#"[{"id": 1.50}]"#));
    assert_eq!(plain.rows().unwrap().len(), 1);
    let within =
        answer(Reply::new(200).text(r#"{"n": {"data": 0}, "data": [{"id": 1.50}], "x": []}"#));
    let page = crate::Page::new(within.rows_in("data").unwrap()).unwrap();
    assert_eq!(page.rows_json(), r#"[{"id": 1.50}]"#);
    assert!(message(within.rows_in("items").unwrap_err()).contains("items"));
    for body in [
        "[]",
        r#"{"data": {}}"#,
        r#"{"data": []"#,
        r#"{"data": []} x"#,
    ] {
        let response = answer(Reply::new(200).text(body));
        assert!(
            matches!(response.rows_in("data"), Err(Error::Upstream(_))),
            "{body}"
        );
    }
}

#[test]
fn header_names_ignore_case_and_values_are_parsed() {
    let response = answer(
        Reply::new(200)
            .header("X-RateLimit-Remaining", " 3595 ")
            .header(
                "Link",
                "<https://x/?page=2>; rel=\"next\"; results=\"false\"",
            ),
    );
    assert_eq!(
        response.header_as::<u32>("x-ratelimit-remaining"),
        Some(3595)
    );
    assert_eq!(response.header_as::<u8>("x-ratelimit-remaining"), None);
    assert_eq!(response.header("x-other"), None);
    let next = response.link("next").unwrap();
    assert_eq!(next.url(), "https://x/?page=2");
    assert_eq!(next.attribute("Results"), Some("false"));
    let cursor = Cursor::next(response.link("next"));
    assert_eq!(cursor.state.cursor(), Some("https://x/?page=2"));
    assert_eq!(response.link("prev"), None);
}

#[test]
fn the_quota_is_read_from_the_usual_headers() {
    for prefix in ["X-RateLimit-", "X-Rate-Limit-", "RateLimit-"] {
        let reply = Reply::new(200)
            .header(&format!("{prefix}Remaining"), 5)
            .header(&format!("{prefix}Limit"), 60);
        let quota = answer(reply).quota();
        assert_eq!(
            (quota.remaining, quota.limit),
            (Some(5), Some(60)),
            "{prefix}"
        );
    }
    let silent = answer(Reply::new(200).header("x-ratelimit-limit", "many"));
    assert_eq!(silent.quota(), crate::Quota::default());
}

#[test]
fn a_message_names_the_url_that_a_redirect_led_to() {
    let reply = Reply::new(404)
        .text("gone")
        .from("https://other.example.com/new?key=s3cret");
    let message = message(error(reply));
    assert!(
        message.ends_with("gone (from https://other.example.com/new)"),
        "{message}"
    );
}

#[derive(serde::Deserialize)]
struct TextCase {
    what: String,
    #[serde(rename = "type")]
    content_type: Option<String>,
    bytes: String,
    text: Option<String>,
}

#[test]
fn text_is_read_by_mark_then_as_utf_8_then_by_the_declared_charset() {
    let cases = include_str!("../../../../text.json");
    let cases: Vec<TextCase> = serde_json::from_str(cases).unwrap();
    for case in cases {
        let (pairs, _) = case.bytes.as_bytes().as_chunks::<2>();
        let hex = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16);
        let bytes: Vec<u8> = pairs.iter().map(|pair| hex(pair).unwrap()).collect();
        // The host hands over a body as text or bytes in the same way.
        let reply = match String::from_utf8(bytes) {
            Ok(text) => Reply::new(200).text(text),
            Err(error) => Reply::new(200).bytes(error.into_bytes()),
        };
        let response = answer(match case.content_type {
            Some(content_type) => reply.header("Content-Type", content_type),
            None => reply,
        });
        match case.text {
            Some(text) => assert_eq!(response.text(), Ok(text.as_str()), "{}", case.what),
            None => assert!(
                matches!(response.text(), Err(Error::Upstream(_))),
                "{}",
                case.what
            ),
        }
    }
}
