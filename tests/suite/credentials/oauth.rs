//! Tokens that the host obtains from a token endpoint, which checks every detail of the requests here.

mod bad_answers;
mod endpoint;
mod grants;
mod real_answers;
mod renewals;
mod request_forms;
mod sharing;

use crate::egress::fetch;
use crate::{guests, host, host_with_config};
use endpoint::{Endpoint, KEYS, SECRET, token};
use serde_json::{Value, json};
use std::fs;
use weld_host_tests::host::Host;
use weld_host_tests::until;
use weld_host_tests::upstream::Upstream;

/// A host whose connector may call this endpoint's server, with the credential `api` of these keys.
fn host_for(guest: &str, endpoint: &Endpoint, keys: &str) -> Host {
    host_with_config(guest, &endpoint.config(keys))
}

/// The guest's report about a request to the API.
fn called(host: &Host, endpoint: &Endpoint) -> Value {
    fetch(host, &json!({ "url": endpoint.upstream.url("/beers") }))
}

#[test]
fn token_is_obtained_once_and_sent_with_each_request() {
    for guest in [guests::FETCHES, guests::FETCHES_WASI] {
        let endpoint = Endpoint::giving(token);
        let host = host_for(guest, &endpoint, KEYS);
        for _ in 0..3 {
            let row = called(&host, &endpoint);
            assert_eq!(row["status"], 200, "{row}");
        }
        assert_eq!(endpoint.asked(), 1);
        let form = &endpoint.forms()[0];
        assert_eq!(form.field("grant_type"), Some("client_credentials"));
        // The client `weld` and its secret, both form-encoded.
        assert_eq!(
            form.authorization.as_deref(),
            Some("Basic d2VsZDpodW50ZXIyJTJGaHVudGVyMg==")
        );
        assert_eq!(form.field("client_secret"), None);
        let line = host.log().wait_for_text("path=\"/token\"");
        assert!(
            !line.contains("held_ms"),
            "it does not wait for a call: {line}"
        );
        let log = host.log().so_far().join("\n");
        for secret in [SECRET, "hunter2%2Fhunter2", "a-long-token"] {
            assert!(!log.contains(secret), "{secret} in {log}");
        }
    }
}

#[test]
fn a_token_goes_where_the_configuration_says() {
    let endpoint = Endpoint::giving(token);
    let keys = format!("{KEYS}header = \"x-token\"\nprefix = \"Token \"");
    let host = host_for(guests::FETCHES, &endpoint, &keys);
    called(&host, &endpoint);
    let calls = endpoint.calls();
    assert_eq!(calls[0].header("x-token"), Some("Token a-long-token-1"));
    assert_eq!(calls[0].header("authorization"), None);
}

#[test]
fn token_about_to_expire_is_renewed() {
    // A fifth of a second before it expires.
    let endpoint = Endpoint::giving(|number| {
        format!("{{\"access_token\": \"a-long-token-{number}\", \"expires_in\": 1}}")
    });
    let host = host_for(guests::FETCHES, &endpoint, KEYS);
    called(&host, &endpoint);
    let first = endpoint.asked();
    until("another token is requested", || {
        assert_eq!(called(&host, &endpoint)["status"], 200);
        endpoint.asked() > first
    });
}

#[test]
fn token_refused_by_the_api_is_renewed_once() {
    for guest in [guests::FETCHES, guests::FETCHES_WASI] {
        let endpoint = Endpoint::giving(token);
        let host = host_for(guest, &endpoint, KEYS);
        assert_eq!(called(&host, &endpoint)["status"], 200);
        endpoint.revoke_before(2);
        let row = called(&host, &endpoint);
        assert_eq!(row["status"], 200, "{row}");
        assert_eq!(endpoint.asked(), 2);
        // A token that was just obtained is not the reason for a second refusal.
        endpoint.revoke_before(1000);
        let row = called(&host, &endpoint);
        assert_eq!(row["status"], 401, "{row}");
        assert_eq!(endpoint.asked(), 3);
        assert_eq!(called(&host, &endpoint)["status"], 401);
        assert_eq!(endpoint.asked(), 3, "the endpoint is not flooded");
        let sent: Vec<String> = endpoint
            .calls()
            .iter()
            .map(|call| call.header("authorization").unwrap_or_default().to_owned())
            .collect();
        let expected = [1, 1, 2, 2, 3, 3].map(|number| format!("Bearer a-long-token-{number}"));
        assert_eq!(sent, expected);
    }
}

#[test]
fn request_is_sent_again_with_another_token_if_its_body_can_be_repeated() {
    for (guest, status) in [(guests::FETCHES, 200), (guests::FETCHES_WASI, 401)] {
        let endpoint = Endpoint::giving(token);
        let host = host_for(guest, &endpoint, KEYS);
        assert_eq!(called(&host, &endpoint)["status"], 200);
        endpoint.revoke_before(2);
        let url = endpoint.upstream.url("/beers");
        let row = fetch(
            &host,
            &json!({ "url": url, "method": "POST", "body": "a beer" }),
        );
        // A stream can't be sent again, but the next request has another token.
        assert_eq!(row["status"], status, "{row}");
        assert_eq!(endpoint.calls().last().unwrap().text(), "a beer");
        assert_eq!(called(&host, &endpoint)["status"], 200);
        assert_eq!(endpoint.asked(), 2);
    }
}

#[test]
fn an_endpoint_may_give_the_same_token_again() {
    let endpoint = Endpoint::giving(|_| token(7));
    let host = host_for(guests::FETCHES, &endpoint, KEYS);
    for asked in 1..=2 {
        endpoint.revoke_before(1);
        assert_eq!(called(&host, &endpoint)["status"], 200);
        assert_eq!(endpoint.asked(), asked);
        endpoint.revoke_before(8);
        assert_eq!(called(&host, &endpoint)["status"], 401);
    }
    for call in endpoint.calls() {
        assert_eq!(call.header("authorization"), Some("Bearer a-long-token-7"));
    }
}

#[test]
fn token_that_expires_before_the_calls_turn_is_renewed() {
    let endpoint = Endpoint::giving(|number| {
        format!("{{\"access_token\": \"a-long-token-{number}\", \"expires_in\": 1}}")
    });
    let api = Upstream::answering("{}");
    let config = endpoint.config(KEYS).replace(
        &format!("[\"{}\"]", endpoint.upstream.origin()),
        &format!("[\"{}\", \"{}\"]", endpoint.upstream.origin(), api.origin()),
    );
    let host = host_with_config(
        guests::FETCHES,
        &format!("{config}[rate-limit]\nrate = \"1/s\""),
    );
    // The second call waits for a second, and its token would expire after four fifths of one.
    fetch(&host, &json!({ "url": api.url("/"), "times": 2 }));
    let tokens: Vec<String> = api
        .received()
        .iter()
        .map(|request| request.header("authorization").unwrap().to_owned())
        .collect();
    assert_eq!(tokens.len(), 2);
    assert_ne!(tokens[0], tokens[1]);
}

#[test]
fn second_try_with_another_token_counts_as_a_call_of_the_page() {
    let endpoint = Endpoint::giving(token);
    let keys = format!("{KEYS}[limits]\ncalls = 1");
    let host = host_for(guests::FETCHES, &endpoint, &keys);
    assert_eq!(
        called(&host, &endpoint)["status"],
        200,
        "the request for a token does not"
    );
    endpoint.revoke_before(2);
    assert_eq!(called(&host, &endpoint)["status"], 401);
    assert_eq!(
        called(&host, &endpoint)["status"],
        200,
        "the next page succeeds"
    );
}

#[test]
fn signed_token_refused_by_the_api_is_replaced_once() {
    let upstream = Upstream::start(|request, exchange| {
        let refused = request.target() == "/refused";
        exchange.answer(if refused { 401 } else { 200 }, &[], "{}");
    });
    let origin = upstream.origin();
    let config = format!(
        "[network]\nallow = [\"{origin}\"]\n[auth.api]\nurls = [\"{origin}\"]\nkind = \"jwt\"\nalgorithm = \"HS256\"\nkey = \"a shared secret\""
    );
    let host = host_with_config(guests::FETCHES, &config);
    for path in ["/", "/", "/refused"] {
        fetch(&host, &json!({ "url": upstream.url(path) }));
    }
    let sent: Vec<String> = upstream
        .received()
        .iter()
        .map(|request| request.header("authorization").unwrap().to_owned())
        .collect();
    assert_eq!(sent.len(), 4);
    assert!(sent[0] == sent[1] && sent[1] == sent[2] && sent[2] != sent[3]);
}

#[test]
fn no_token_is_renewed_for_another_origin() {
    let other = Upstream::start(|_, exchange| exchange.answer(401, &[], "{}"));
    let elsewhere = other.url("/landed");
    let endpoint = Endpoint::answering(
        |number, exchange| exchange.answer(200, &[], token(number)),
        move |_, exchange| exchange.answer(302, &[("location", &elsewhere)], ""),
    );
    let origins = [endpoint.upstream.origin(), other.origin()];
    let config = format!(
        "[network]\nallow = {origins:?}\nfollow-redirects = 3\n[auth.api]\nurls = {origins:?}\nkind = \"oauth2\"\ntoken-url = \"{}\"\n{KEYS}",
        endpoint.upstream.url("/token")
    );
    let host = host_with_config(guests::FETCHES, &config);
    for _ in 0..2 {
        assert_eq!(called(&host, &endpoint)["status"], 401);
    }
    assert_eq!((endpoint.asked(), other.received().len()), (1, 2));
}

#[test]
fn tokens_survive_a_reload_that_does_not_change_the_credential() {
    let endpoint = Endpoint::giving(token);
    let host = host()
        .plugin("guest", guests::FETCHES)
        .config("guest", &endpoint.config(KEYS))
        .flag("--reload", "100ms")
        .start();
    called(&host, &endpoint);
    let reload = |config: &str, times: usize| {
        fs::write(host.plugins().join("guest.toml"), config).unwrap();
        let is_reload = |line: &&String| line.contains("connector reloaded");
        let enough = |lines: &[String]| lines.iter().filter(is_reload).count() >= times;
        assert!(host.log().wait_until(enough));
    };
    reload(&endpoint.config(&format!("{KEYS}[limits]\ncalls = 7")), 1);
    called(&host, &endpoint);
    assert_eq!(endpoint.asked(), 1);
    reload(&endpoint.config(&format!("{KEYS}scopes = [\"more\"]")), 2);
    called(&host, &endpoint);
    assert_eq!(endpoint.asked(), 2);
    assert_eq!(endpoint.forms()[1].field("scope"), Some("more"));
}
