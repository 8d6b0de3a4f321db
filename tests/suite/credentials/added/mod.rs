//! Credentials that the host adds: where they are sent, and where they are not.

mod accounts;
mod hidden;
mod ranges;

use crate::egress::fetch;
use crate::{guests, host_with_config};
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

/// A host whose connector may call these upstreams, with this `[auth]` and further configuration.
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
fn each_kind_replaces_what_the_guest_sent() {
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

/// Whether a token is signed with this secret and valid now, as an API checks it.
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
fn only_its_own_urls_get_a_credential() {
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
fn redirect_does_not_carry_the_credential_beyond_its_urls() {
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
            // Only a request made by the guest itself gets it.
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
fn retries_carry_the_credential_too() {
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
