//! Credentials that the host adds: where they go, and where they don't.

use crate::egress::fetch;
use crate::{guests, host, host_with_config};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use serde_json::{Value, json};
use std::time::SystemTime;
use weld_host_tests::host::Host;
use weld_host_tests::http::Message;
use weld_host_tests::upstream::Upstream;

/// The two ways to the network.
const GUESTS: [&str; 2] = [guests::FETCHES, guests::FETCHES_WASI];

/// A host whose connector may call these upstreams, with `[auth]` and more.
fn host_for(guest: &str, upstreams: &[&Upstream], more: &str) -> Host {
    let allow: Vec<String> = upstreams.iter().map(|upstream| upstream.origin()).collect();
    host_with_config(guest, &format!("[network]\nallow = {allow:?}\n{more}"))
}

/// `[auth.NAME]` for an upstream.
fn auth(name: &str, upstream: &Upstream, path: &str, keys: &str) -> String {
    format!(
        "[auth.{name}]\nurls = [\"{}\"]\n{keys}\n",
        upstream.url(path)
    )
}

fn only(upstream: &Upstream) -> Message {
    let received = upstream.received();
    assert_eq!(received.len(), 1, "{received:?}");
    received[0].clone()
}

#[test]
fn each_kind_arrives_in_place_of_what_the_guest_sent() {
    let api_key = "kind = \"api-key\"\nvalue = \"hunter2\"\n";
    for (keys, header, target) in [
        (
            format!("{api_key}header = \"x-api-key\""),
            ("x-api-key", "hunter2"),
            "/beers?page=2&api_token=guess",
        ),
        (
            format!("{api_key}query = \"api_token\""),
            ("x-api-key", "guess"),
            "/beers?page=2&api_token=hunter2",
        ),
        (
            format!("{api_key}cookie = \"session\""),
            ("cookie", "a=1; session=hunter2"),
            "/beers?page=2&api_token=guess",
        ),
        (
            "kind = \"basic\"\nusername = \"Aladdin\"\npassword = \"open sesame\"".to_owned(),
            ("authorization", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
            "/beers?page=2&api_token=guess",
        ),
        (
            "kind = \"bearer\"\ntoken = \"hunter2\"".to_owned(),
            ("authorization", "Bearer hunter2"),
            "/beers?page=2&api_token=guess",
        ),
    ] {
        for guest in GUESTS {
            let upstream = Upstream::answering("{}");
            let host = host_for(guest, &[&upstream], &auth("api", &upstream, "", &keys));
            let row = fetch(
                &host,
                &json!({
                    "url": upstream.url("/beers?page=2&api_token=guess"),
                    "headers": [
                        ["x-api-key", "guess"],
                        ["authorization", "guess"],
                        ["cookie", "session=guess; a=1"],
                    ],
                }),
            );
            assert_eq!(row["status"], 200, "{row}");
            assert!(!row.to_string().contains("hunter2"), "{row}");
            let received = only(&upstream);
            let (name, value) = header;
            assert_eq!(received.header(name), Some(value), "{guest}: {keys}");
            assert_eq!(received.target(), target, "{guest}: {keys}");
        }
    }
}

/// Whether a token is signed with this secret and holds now, as an API looks at it.
fn is_valid(authorization: Option<&str>, secret: &str) -> bool {
    let token = authorization.and_then(|value| value.strip_prefix("Bearer "));
    let Some((signed, signature)) = token.and_then(|token| token.rsplit_once('.')) else {
        return false;
    };
    let decoded = |text: &str| URL_SAFE_NO_PAD.decode(text).expect("base64url");
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let (_, claims) = signed.split_once('.').expect("two parts");
    let claims: Value = serde_json::from_slice(&decoded(claims)).expect("JSON");
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    hmac::verify(&key, signed.as_bytes(), &decoded(signature)).is_ok()
        && claims["iss"] == "weld"
        && claims["iat"].as_u64().is_some_and(|begin| begin <= now)
        && claims["exp"].as_u64().is_some_and(|end| end > now)
}

#[test]
fn api_accepts_the_token_that_the_host_signs() {
    for guest in GUESTS {
        for (secret, status) in [("the right secret", 200), ("another secret", 401)] {
            let upstream = Upstream::start(|request, exchange| {
                let valid = is_valid(request.header("authorization"), "the right secret");
                exchange.answer(if valid { 200 } else { 401 }, &[], "{}");
            });
            let keys = format!(
                "kind = \"jwt\"\nalgorithm = \"HS256\"\nkey = \"{secret}\"\nclaims = {{ iss = \"weld\" }}"
            );
            let host = host_for(guest, &[&upstream], &auth("api", &upstream, "", &keys));
            let row = fetch(&host, &json!({ "url": upstream.url("/") }));
            assert_eq!(row["status"], status, "{row}");
        }
    }
}

#[test]
fn nothing_but_its_urls_gets_a_credential() {
    let keys = "kind = \"bearer\"\ntoken = \"hunter2\"";
    for guest in GUESTS {
        let (upstream, other) = (Upstream::answering("{}"), Upstream::answering("{}"));
        let config = auth("api", &upstream, "/v1", keys);
        let host = host_for(guest, &[&upstream, &other], &config);
        for url in [
            upstream.url("/v10"),
            upstream.url("/v1/..%2fv2"),
            other.url("/v1"),
        ] {
            let row = fetch(&host, &json!({ "url": url }));
            assert_eq!(row["status"], 200, "{url}: {row}");
        }
        for request in [upstream.received(), other.received()].concat() {
            assert_eq!(
                request.header("authorization"),
                None,
                "{}",
                request.target()
            );
        }
    }
}

#[test]
fn redirect_takes_the_credential_no_further_than_its_urls() {
    let keys = "kind = \"api-key\"\nvalue = \"hunter2\"\n";
    for guest in GUESTS {
        let other = Upstream::answering("{}");
        let elsewhere = other.url("/landed");
        let upstream = Upstream::start(move |request, exchange| match request.target() {
            "/within" => exchange.answer(302, &[("location", "/landed")], ""),
            "/away" => exchange.answer(302, &[("location", &elsewhere)], ""),
            _ => exchange.answer(200, &[], "{}"),
        });
        let config = [
            "follow-redirects = 5\n".to_owned(),
            auth("api", &upstream, "", &format!("{keys}header = \"x-key\"")),
            // Only a request that the guest makes itself gets it.
            auth("other", &other, "", &format!("{keys}header = \"x-other\"")),
        ]
        .concat();
        let host = host_for(guest, &[&upstream, &other], &config);
        for path in ["/within", "/away"] {
            let row = fetch(&host, &json!({ "url": upstream.url(path) }));
            assert_eq!(row["status"], 200, "{row}");
        }
        for request in upstream.received() {
            assert_eq!(
                request.header("x-key"),
                Some("hunter2"),
                "{}",
                request.target()
            );
        }
        assert_eq!(upstream.received().len(), 3);
        let landed = only(&other);
        assert_eq!(
            (landed.header("x-key"), landed.header("x-other")),
            (None, None)
        );
    }
}

#[test]
fn further_tries_carry_the_credential_too() {
    for guest in GUESTS {
        let upstream = Upstream::start(|request, exchange| match request.header("x-key") {
            Some("hunter2") => exchange.answer(503, &[("retry-after", "0")], ""),
            _ => exchange.answer(401, &[], ""),
        });
        let keys = "kind = \"api-key\"\nvalue = \"hunter2\"\nheader = \"x-key\"";
        let config = [
            "[rate-limit]\nretries = 2\n".to_owned(),
            auth("api", &upstream, "", keys),
        ]
        .concat();
        let host = host_for(guest, &[&upstream], &config);
        let row = fetch(&host, &json!({ "url": upstream.url("/") }));
        assert_eq!(row["status"], 503, "{row}");
        assert_eq!(upstream.received().len(), 3);
    }
}

#[test]
fn request_names_one_of_several_accounts() {
    let upstream = Upstream::answering("{}");
    let other = Upstream::answering("{}");
    let config = [
        auth("one", &upstream, "", "kind = \"bearer\"\ntoken = \"first\""),
        auth(
            "two",
            &upstream,
            "",
            "kind = \"bearer\"\ntoken = \"second\"",
        ),
    ]
    .concat();
    let host = host_for(guests::FETCHES, &[&upstream, &other], &config);
    for (name, value) in [("one", "Bearer first"), ("two", "Bearer second")] {
        let row = fetch(
            &host,
            &json!({ "url": upstream.url("/"), "credential": name }),
        );
        assert_eq!(row["status"], 200, "{row}");
        let received = upstream.received();
        assert_eq!(
            received.last().unwrap().header("authorization"),
            Some(value)
        );
    }
    for (request, detail) in [
        (
            json!({ "url": upstream.url("/") }),
            "the credentials `one`, `two` hold for",
        ),
        (
            json!({ "url": upstream.url("/"), "credential": "three" }),
            "there is no credential `three` in guest.toml; it has `one`, `two`",
        ),
        (
            json!({ "url": other.url("/"), "credential": "one" }),
            "the credential `one` doesn't hold for this URL",
        ),
    ] {
        let row = fetch(&host, &request);
        assert_eq!(row["error"], "credentials", "{row}");
        assert!(row["detail"].as_str().unwrap().contains(detail), "{row}");
    }
    assert_eq!(upstream.received().len(), 2);
    assert!(other.received().is_empty());
}

#[test]
fn request_of_wasi_http_names_an_account_in_a_header() {
    let upstream = Upstream::answering("{}");
    let keys = |token: &str| format!("kind = \"bearer\"\ntoken = \"{token}\"");
    let config = [
        auth("one", &upstream, "", &keys("first")),
        auth("two", &upstream, "", &keys("second")),
    ]
    .concat();
    let host = host_for(guests::FETCHES_WASI, &[&upstream], &config);
    let request = |name: &str| json!({ "url": upstream.url("/"), "headers": [["Weld-Host-Credential", name]] });
    let row = fetch(&host, &request("two"));
    assert_eq!(row["status"], 200, "{row}");
    let received = only(&upstream);
    assert_eq!(received.header("authorization"), Some("Bearer second"));
    assert_eq!(received.header("weld-host-credential"), None);
    let row = fetch(&host, &request("three"));
    assert!(
        row["detail"]
            .as_str()
            .unwrap()
            .contains("there is no credential `three`"),
        "{row}"
    );
    assert_eq!(upstream.received().len(), 1);
}

#[test]
fn secret_whose_file_changes_is_sent_anew_and_neither_is_shown() {
    const OLD: &str = "the-old-secret-of-the-api";
    const NEW: &str = "the-new-secret-of-the-api";
    let upstream = Upstream::start(|request, exchange| {
        let got = request.header("x-key").unwrap_or_default();
        exchange.answer(200, &[], format!("{got} {OLD} {NEW}"));
    });
    let config = [
        format!("[network]\nallow = [\"{}\"]\n", upstream.origin()),
        auth(
            "api",
            &upstream,
            "",
            "kind = \"api-key\"\nheader = \"x-key\"\nvalue = { file = \"key\" }",
        ),
    ]
    .concat();
    let host = host()
        .plugin("guest", guests::FETCHES)
        .config("guest", &config)
        .file("key", OLD)
        .start();
    let sent = || {
        let row = fetch(&host, &json!({ "url": upstream.url("/") }));
        let request = upstream.received().last().unwrap().clone();
        (request.header("x-key").unwrap().to_owned(), row.to_string())
    };
    let (key, row) = sent();
    assert_eq!(key, OLD);
    assert!(!row.contains(OLD), "{row}");
    std::fs::write(host.plugins().join("key"), format!("{NEW}\n")).unwrap();
    host.log().wait_for_text("connector reloaded");
    let (key, row) = sent();
    assert_eq!(key, NEW);
    // What was sent a moment ago may still come back.
    assert!(!row.contains(OLD) && !row.contains(NEW), "{row}");
}

/// Every way in which a connector could look for what the host adds: its environment, an API that helps it, redirects
/// to another permitted host, errors, and headers of its own beside the host's.
#[test]
fn connector_that_looks_for_its_credential_everywhere_finds_nothing() {
    const SECRET: &str = "a long enough secret";
    let accomplice = Upstream::start(|request, exchange| {
        exchange.answer(200, &[("x-got", request.target())], request.target());
    });
    let away = accomplice.url("/stolen?");
    for (keys, forms) in [
        ("header = \"x-key\"", vec![SECRET]),
        (
            "query = \"key\"",
            vec![SECRET, "a%20long%20enough%20secret"],
        ),
    ] {
        for guest in GUESTS {
            let away = away.clone();
            let upstream = Upstream::start(move |request, exchange| {
                let target = request.target();
                let key = request.header("x-key").unwrap_or(target).to_owned();
                let got = format!("{key} {target}");
                match target.split('?').next().unwrap() {
                    "/echo" => exchange.answer(200, &[("x-got", &got)], &got),
                    "/status" => {
                        exchange.send(format!("HTTP/1.1 200 {key}\r\nx-{key}\r\n\r\n"));
                    }
                    "/length" => exchange.begin(200, &[("content-length", &key)]),
                    "/coding" => exchange.answer(200, &[("content-encoding", &key)], &got),
                    "/away" => {
                        let escaped = key.replace(' ', "%20").replace(['/', '?', '='], "_");
                        let location = format!("{away}{escaped}");
                        exchange.answer(302, &[("location", &location)], &got);
                    }
                    _closed_without_an_answer => {}
                }
            });
            let config = [
                "follow-redirects = 3\n[rate-limit]\nretries = 0\n".to_owned(),
                auth(
                    "api",
                    &upstream,
                    "",
                    &format!("kind = \"api-key\"\nvalue = \"{SECRET}\"\n{keys}"),
                ),
            ]
            .concat();
            let host = host_for(guest, &[&upstream, &accomplice], &config);
            for path in ["/echo", "/status", "/length", "/coding", "/away", "/closed"] {
                let row = fetch(
                    &host,
                    &json!({
                        "url": upstream.url(&format!("{path}?key=a")),
                        "headers": [["x-key", "a"], ["x-key", "b"]],
                    }),
                );
                let row = row.to_string();
                for form in &forms {
                    assert!(!row.contains(form), "{path}: {form} in {row}");
                }
            }
            let own_values_beside_it = upstream
                .received()
                .iter()
                .filter(|request| {
                    let is_own = |value: &str| matches!(value, "a" | "b");
                    keys.starts_with("header") && request.header("x-key").is_some_and(is_own)
                })
                .count();
            assert_eq!(own_values_beside_it, 0);
            let log = host.log().so_far().join("\n");
            for form in &forms {
                assert!(!log.contains(form), "{form} in {log}");
            }
        }
    }
    let stolen = accomplice.received();
    assert_eq!(stolen.len(), 4, "one of each way and guest");
    for request in stolen {
        assert!(!request.target().contains("enough"), "{}", request.target());
        assert_eq!(request.header("x-key"), None);
    }
    let config = auth(
        "api",
        &accomplice,
        "",
        &format!("kind = \"basic\"\nusername = \"weld\"\npassword = \"{SECRET}\""),
    );
    let host = host_for(guests::ECHOES_STATE, &[&accomplice], &config);
    let row = host.weld("guest").good_row("rows", &json!({}));
    assert_eq!(row["environment"], json!({}), "{row}");
    assert!(!row.to_string().contains(SECRET), "{row}");
}

#[test]
fn api_that_tells_what_it_got_tells_the_connector_nothing_of_it() {
    for keys in [
        "kind = \"api-key\"\nquery = \"api_token\"\nvalue = \"a long secret\"",
        "kind = \"basic\"\nusername = \"weld\"\npassword = \"a long secret\"",
        "kind = \"bearer\"\ntoken = \"a-long-secret\"",
        "kind = \"jwt\"\nalgorithm = \"HS256\"\nkey = \"a long secret\"",
    ] {
        for guest in GUESTS {
            let upstream = Upstream::start(|request, exchange| {
                let got = request.header("authorization").unwrap_or_default();
                let got = format!("{got} {}", request.target());
                exchange.answer(200, &[("x-got", &got)], &got);
            });
            let host = host_for(guest, &[&upstream], &auth("api", &upstream, "", keys));
            let row = fetch(&host, &json!({ "url": upstream.url("/") })).to_string();
            let request = only(&upstream);
            let sent = request.header("authorization").map_or_else(
                || request.target().rsplit('=').next().unwrap().to_owned(),
                |value| value.rsplit(' ').next().unwrap().to_owned(),
            );
            assert!(sent.len() > 12, "{sent}");
            assert!(!row.contains(&sent), "{sent} in {row}");
            assert!(row.contains("[secret auth.api"), "{row}");
        }
    }
}
