//! A connector's secrets must not be shown, in whatever way they come back.

use crate::{assert_error, guests, gzip, host};
use serde_json::{Value, json};
use weld_host_tests::host::{Host, HostBuilder};
use weld_host_tests::upstream::Upstream;

/// A key with characters that encoders change.
const SECRET: &str = "s3cr3t/key+of \"beers\"";

/// [`SECRET`] in the forms in which an API could return it.
const FORMS: [&str; 8] = [
    SECRET,
    "s3cr3t%2Fkey%2Bof%20%22beers%22",
    "s3cr3t%2fkey%2bof+%22beers%22",
    "s3cr3t\\/key+of \\\"beers\\\"",
    "s3cr3t\\u002fkey\\u002bof \\u0022beers\\u0022",
    "czNjcjN0L2tleStvZiAiYmVlcnMi",
    "eDpzM2NyM3Qva2V5K29mICJiZWVycyI=",
    "eHg6czNjcjN0L2tleStvZiAiYmVlcnMiOg",
];

/// Pieces of the secret that no answer contains by chance.
const PARTS: [&str; 5] = ["s3cr3t", "beers", "NjcjN0L2", "M2NyM3Qva2", "zNjcjN0L2tl"];

fn assert_nothing_of_it(text: &str) {
    for part in PARTS {
        assert!(!text.contains(part), "{part} in {text}");
    }
}

/// A host whose connector `guest` has the key [`SECRET`] and may call these upstreams.
fn host_with_key(component: &str, upstreams: &[&Upstream], more: &str) -> Host {
    let allow: Vec<String> = upstreams.iter().map(|upstream| upstream.origin()).collect();
    let config = format!(
        "api-key = [{{ file = \"key\" }}, \"another\"]\n[network]\nallow = {allow:?}\n{more}"
    );
    with_secret(component, &config).start()
}

fn with_secret(component: &str, config: &str) -> HostBuilder {
    host()
        .plugin("guest", component)
        .config("guest", config)
        .file("key", SECRET)
}

fn fetched(host: &Host, request: &Value) -> Value {
    host.weld("guest")
        .with_key("another")
        .good_row("rows", request)
}

#[test]
fn key_echoed_by_an_api_in_any_form_is_hidden_from_the_connector() {
    let upstream = Upstream::start(|request, exchange| {
        let form = FORMS[request.header("x-form").unwrap().parse::<usize>().unwrap()];
        let body = format!("before <{form}> after");
        let echoed = ("x-echo", form);
        match request.target() {
            "/gzip" => exchange.answer(
                200,
                &[echoed, ("content-encoding", "gzip")],
                gzip(body.as_bytes()),
            ),
            "/pieces" => {
                exchange.begin(200, &[echoed]);
                for byte in body.bytes() {
                    exchange.send([byte]);
                }
            }
            _ => exchange.answer(200, &[echoed], body),
        }
    });
    for component in [guests::FETCHES, guests::FETCHES_WASI] {
        let host = host_with_key(component, &[&upstream], "");
        for path in ["/", "/gzip", "/pieces"] {
            for form in 0..FORMS.len() {
                let request = json!({
                    "url": upstream.url(path),
                    "headers": [["x-form", form.to_string()]],
                });
                let row = fetched(&host, &request);
                let body = row["body"].as_str().unwrap();
                assert!(body.starts_with("before <"), "{row}");
                assert!(body.contains("[secret api-key[0]]"), "{row}");
                assert!(body.ends_with("> after"), "{row}");
                assert!(row["headers"].to_string().contains("[secret api-key[0]]"));
                assert_nothing_of_it(&row.to_string());
            }
        }
        let log = host.log().so_far().join("\n");
        assert_nothing_of_it(&log);
        assert!(
            !log.contains("in the page's rows"),
            "the connector had it: {log}"
        );
    }
}

#[test]
fn a_redirect_carries_no_key_to_another_host() {
    let other = Upstream::answering("{}");
    let location = other.url("/?key=s3cr3t%2Fkey%2Bof%20%22beers%22");
    let upstream = Upstream::start(move |_, exchange| {
        exchange.answer(302, &[("location", &location)], "");
    });
    let host = host_with_key(
        guests::FETCHES,
        &[&upstream, &other],
        "follow-redirects = 1",
    );
    let row = fetched(&host, &json!({ "url": upstream.url("/") }));
    assert_eq!(row["status"], 200, "{row}");
    assert_nothing_of_it(&row.to_string());
    let received = other.received();
    assert_eq!(received.len(), 1);
    assert_nothing_of_it(received[0].target());
}

#[test]
fn connector_gets_its_own_variable_back_but_shows_it_to_nobody() {
    let upstream = Upstream::start(|_, exchange| exchange.answer(200, &[], SECRET));
    let config = format!(
        "[env]\nTOKEN = {{ file = \"key\" }}\n[network]\nallow = [\"{}\"]",
        upstream.origin()
    );
    let host = with_secret(guests::FETCHES, &config).start();
    let row = host.weld("guest").good_row(
        "rows",
        &json!({ "url": upstream.url("/s3cr3t%2Fkey%2Bof%20%22beers%22") }),
    );
    assert_eq!(row["body"], "[secret env.TOKEN]", "{row}");
    host.log().wait_for_text("in the page's rows");
    assert_nothing_of_it(&host.log().so_far().join("\n"));
}

#[test]
fn variable_that_is_not_secret_is_shown() {
    let upstream = Upstream::start(|_, exchange| exchange.answer(200, &[], SECRET));
    let config = format!(
        "[env]\nREGION = {{ file = \"key\", secret = false }}\n[network]\nallow = [\"{}\"]",
        upstream.origin()
    );
    let host = with_secret(guests::FETCHES, &config).start();
    let row = host
        .weld("guest")
        .good_row("rows", &json!({ "url": upstream.url("/") }));
    assert_eq!(row["body"], SECRET, "{row}");
}

#[test]
fn a_state_with_a_secret_is_refused_unless_the_configuration_allows_it() {
    let config = "[env]\nTOKEN = { file = \"key\" }\n";
    let state = json!({ "url": format!("https://api.example.com/?token={SECRET}") });
    let host = with_secret(guests::ECHOES_STATE, config).start();
    let message = assert_error(
        &host.weld("guest").page("rows", &state),
        500,
        "secret_in_page",
    );
    assert!(message.contains("secret-in-state"), "{message}");
    assert_nothing_of_it(&message);

    let config = format!("{config}[limits]\nsecret-in-state = \"allow\"");
    let host = with_secret(guests::ECHOES_STATE, &config).start();
    let page = host.weld("guest").good_page("rows", &state);
    assert_eq!(page["state"], state, "{page}");
    assert_nothing_of_it(&page["insert"].to_string());
}

#[test]
fn an_error_does_not_show_a_secret() {
    let config = "[env]\nTOKEN = { file = \"key\" }\n";
    let host = with_secret(guests::FAILS_AS_REQUESTED, config).start();
    for (table, status, kind) in [
        ("misconfigured", 500, "misconfigured"),
        ("upstream", 502, "upstream_failed"),
        ("other", 500, "connector_failed"),
    ] {
        let state = json!({ "words": format!("GET /?q=1&token={SECRET} failed") });
        let answer = host.weld("guest").page(table, &state);
        let message = assert_error(&answer, status, kind);
        assert!(
            message.contains("token=[secret env.TOKEN] failed"),
            "{message}"
        );
    }
    host.log().wait_for_text("connector_failed");
    assert_nothing_of_it(&host.log().so_far().join("\n"));
}

#[test]
fn a_schema_does_not_show_a_secret() {
    let host = with_secret(
        guests::REVEALS_ITS_SECRET,
        "[env]\nTOKEN = { file = \"key\" }",
    )
    .start();
    let schema = host.weld("guest").schema();
    assert_eq!(schema.status(), 200);
    let schema = schema.text();
    assert!(schema.contains("[secret env.TOKEN]"), "{schema}");
    assert_nothing_of_it(&schema);
    host.log().wait_for_text("in the schema");
}

#[test]
fn the_log_does_not_show_a_secret_that_a_connector_writes() {
    let host = with_secret(
        guests::REVEALS_ITS_SECRET,
        "[env]\nTOKEN = { file = \"key\" }",
    )
    .start();
    host.weld("guest").good_page("log", &json!({}));
    for way in ["by log", "on stdout", "on stderr", "in pieces"] {
        host.log()
            .wait_for_text(&format!("{way}: [secret env.TOKEN]."));
    }
    let answer = host.weld("guest").page("panic", &json!({}));
    assert_nothing_of_it(&assert_error(&answer, 500, "connector_crashed"));
    host.log().wait_for_text("last words: [secret env.TOKEN].");
    assert_nothing_of_it(&host.log().so_far().join("\n"));
}

#[test]
fn no_line_of_a_key_with_several_lines_is_shown() {
    let lines: Vec<String> = (0..6_u32)
        .map(|line| {
            let letter = |place: u32| char::from_digit((place * (line + 7)) % 36, 36).unwrap();
            (0..64).map(letter).collect()
        })
        .collect();
    let body = lines.join("\n");
    let key = format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n");
    let host = host()
        .plugin("guest", guests::REVEALS_ITS_SECRET)
        .config("guest", "[env]\nTOKEN = { file = \"key\" }")
        .file("key", &key)
        .start();
    let page = host.weld("guest").good_page("lines", &json!({}));
    host.log()
        .wait_for_text("one line on stdout: -----END PRIVATE KEY-----.");
    let log = host.log().so_far().join("\n");
    for text in [&log, &page["insert"].to_string()] {
        assert!(text.contains("[secret env.TOKEN]"), "{text}");
        assert!(text.contains("-----BEGIN PRIVATE KEY-----"), "{text}");
        assert!(!lines.iter().any(|line| text.contains(line)), "{text}");
    }
}

#[test]
fn short_secret_is_not_replaced_and_the_log_says_so() {
    let host = host()
        .plugin("guest", guests::FAILS_AS_REQUESTED)
        .config("guest", "[env]\nTOKEN = { file = \"key\" }")
        .file("key", "hunter2")
        .start();
    let line = host.log().wait_for_text("shorter than 12 bytes");
    assert!(
        line.contains("env.TOKEN") && !line.contains("hunter2"),
        "{line}"
    );
    let state = json!({ "words": "the hunter2 sleeps" });
    let message = assert_error(
        &host.weld("guest").page("other", &state),
        500,
        "connector_failed",
    );
    assert!(message.contains("the hunter2 sleeps"), "{message}");
}
