//! Token endpoints that give no token, or an unusable one.

use super::endpoint::{Endpoint, KEYS, SECRET, token};
use super::{called, host_for};
use crate::{assert_error, guests, host_with_config};
use serde_json::json;
use weld_host_tests::host::Host;
use weld_host_tests::mark::assert_pending;
use weld_host_tests::upstream::Upstream;

/// An endpoint that always gives this answer.
fn answering(status: u16, body: impl AsRef<[u8]> + Send + Sync + 'static) -> Endpoint {
    Endpoint::scripted(move |_, exchange| exchange.answer(status, &[("retry-after", "0")], &body))
}

/// The message for Weld if the connector does `on_error` about an error.
fn failed(host: &Host, endpoint: &Endpoint, on_error: &str) -> String {
    let state = json!({ "url": endpoint.upstream.url("/beers"), "on_error": on_error });
    assert_error(
        &host.weld("guest").page("rows", &state),
        502,
        "credentials_failed",
    )
}

#[test]
fn refused_token_is_not_worth_a_retry_but_an_endpoint_that_is_down_is() {
    let answer = |status: u16, body: &'static str| {
        Endpoint::scripted(move |_, exchange| exchange.answer(status, &[], body))
    };
    let keys = format!("{KEYS}[rate-limit]\nretries = 0");
    for (case, endpoint, expected) in [
        (
            "a refusal",
            answer(400, r#"{"error": "invalid_grant"}"#),
            false,
        ),
        (
            "a wrong key",
            answer(401, r#"{"error": "invalid_client"}"#),
            false,
        ),
        ("no such page", answer(404, ""), false),
        ("a login page", answer(200, "<html>"), false),
        ("a fault", answer(500, ""), true),
        ("a break", answer(503, ""), true),
        ("too many requests", answer(429, ""), true),
        (
            "the endpoint's own words",
            answer(400, r#"{"error": "temporarily_unavailable"}"#),
            true,
        ),
        ("no answer", Endpoint::scripted(|_, _| {}), true),
    ] {
        for guest in [guests::FETCHES, guests::FETCHES_WASI] {
            let host = host_for(guest, &endpoint, &keys);
            let state = json!({ "url": endpoint.upstream.url("/beers"), "on_error": "fail" });
            let answer = host.weld("guest").page("rows", &state);
            assert_error(&answer, 502, "credentials_failed");
            assert_eq!(answer.json()["error"]["temporary"], expected, "{case}");
        }
    }
}

#[test]
fn the_error_says_what_the_endpoint_answered() {
    for (status, body, expected) in [
        (200, "<html>log in</html>", "answered with HTML, like"),
        (200, "", "sent an empty answer;"),
        (200, "hello world", "answered with neither JSON nor a form;"),
        (
            200,
            "token=abc",
            "answered without `access_token`; set `token-path = \"token\"`",
        ),
        (200, "{}", "answered without `access_token`"),
        (
            200,
            r#"{"access_token": "a-long-token-1", "token_type": "mac"}"#,
            "returned a token of the type `mac`;",
        ),
        (
            200,
            r#"{"access_token": "two\nlines"}"#,
            "returned a token with characters that are not allowed in headers",
        ),
        (302, "", "answered with a redirect,"),
        (
            400,
            r#"{"error": "invalid_client", "error_description": "no \u001b[1m client hunter2/hunter2"}"#,
            "refused: invalid_client, \"no \\u{1b}[1m client [secret auth.api]\" (status 400); it may expect the client's secret in another form: set `client-auth = \"basic-raw\"`",
        ),
        (
            200,
            r#"{"error": "bad_verification_code"}"#,
            "refused: bad_verification_code (status 200);",
        ),
        (
            400,
            r#"{"error": "invalid_grant", "error_description": "Check your iat and exp values"}"#,
            "; check this machine's clock (status 400);",
        ),
        (
            500,
            "",
            "sent an empty answer; check `token-url` (status 500);",
        ),
    ] {
        let endpoint = answering(status, body);
        let host = host_for(guests::FETCHES, &endpoint, KEYS);
        let message = failed(&host, &endpoint, "fail");
        let begin = format!(
            "the credential `api` has no token: {} ",
            endpoint.upstream.origin()
        );
        assert!(message.starts_with(&begin), "{message}");
        assert!(message.contains(expected), "{body}: {message}");
        assert!(
            message.ends_with("see [auth.api] in guest.toml"),
            "{message}"
        );
        let log = host.log().so_far().join("\n");
        for text in [message, log] {
            assert!(
                !text.contains(SECRET) && !text.contains("a-long-token"),
                "{text}"
            );
        }
        assert!(endpoint.calls().is_empty(), "the API is not called without");
    }
}

#[test]
fn page_that_fails_without_its_credential_says_so_however_it_fails() {
    let endpoint = answering(400, "{\"error\": \"invalid_client\"}");
    let host = host_for(guests::FETCHES, &endpoint, KEYS);
    for on_error in ["fail", "trap"] {
        let message = failed(&host, &endpoint, on_error);
        assert!(message.contains("invalid_client"), "{message}");
    }
    host.log().wait_for_text("wasm trap");
    let log = host.log().so_far().join("\n");
    let kinds = log.matches("kind=\"credentials_failed\"").count();
    assert_eq!(kinds, 2, "the crash, too: {log}");
    let waits = json!({ "url": endpoint.upstream.url("/beers"), "on_error": "wait" });
    let answer = host.weld("guest").page("rows", &waits);
    assert_pending(&answer);
    // The connector may continue without the API.
    let row = called(&host, &endpoint);
    assert_eq!(row["error"], "credentials", "{row}");
    assert!(
        row["detail"].as_str().unwrap().contains("invalid_client"),
        "{row}"
    );
    let host = host_for(guests::FETCHES_WASI, &endpoint, KEYS);
    let row = called(&host, &endpoint).to_string();
    assert!(row.contains("invalid_client"), "{row}");
}

#[test]
fn page_that_fails_with_its_credential_reports_the_connectors_message() {
    let endpoint = Endpoint::giving(token);
    let other = Upstream::answering("{}");
    let host = host_for(guests::FETCHES, &endpoint, KEYS);
    for url in [other.url("/"), "ftp://127.0.0.1/".to_owned()] {
        let state = json!({ "url": url, "on_error": "fail" });
        let answer = host.weld("guest").page("rows", &state);
        let message = assert_error(&answer, 502, "upstream_failed");
        assert!(message.contains("no beers"), "{message}");
    }
}

#[test]
fn endless_answer_is_not_read_to_its_end() {
    let endpoint = Endpoint::scripted(|_, exchange| {
        exchange.begin(200, &[]);
        while exchange.send(" ".repeat(1024)) {}
    });
    let host = host_for(guests::FETCHES, &endpoint, KEYS);
    let message = failed(&host, &endpoint, "fail");
    assert!(
        message.contains("answered with more than 64KiB"),
        "{message}"
    );
    let endpoint = answering(200, vec![b' '; 1 << 20]);
    let host = host_for(guests::FETCHES, &endpoint, KEYS);
    let message = failed(&host, &endpoint, "fail");
    assert!(
        message.contains("answered with more than 64KiB"),
        "{message}"
    );
}

#[test]
fn unusable_expiry_is_ignored() {
    for expires_in in [
        "0", "-5", "1e300", "\"3600\"", "3600.5", "\"soon\"", "null", "{}",
    ] {
        let endpoint = Endpoint::giving(move |number| {
            format!("{{\"access_token\": \"a-long-token-{number}\", \"expires_in\": {expires_in}}}")
        });
        let host = host_for(guests::FETCHES, &endpoint, KEYS);
        for _ in 0..2 {
            assert_eq!(called(&host, &endpoint)["status"], 200, "{expires_in}");
        }
        assert_eq!(endpoint.asked(), 1, "{expires_in}");
    }
    let endpoint =
        Endpoint::giving(|number| format!("{{\"access_token\": \"a-long-token-{number}\"}}"));
    let host = host_for(guests::FETCHES, &endpoint, KEYS);
    for _ in 0..2 {
        assert_eq!(called(&host, &endpoint)["status"], 200);
    }
    endpoint.revoke_before(2);
    assert_eq!(called(&host, &endpoint)["status"], 200);
    assert_eq!(endpoint.asked(), 2, "it was used until it was refused");
}

#[test]
fn endpoint_that_fails_temporarily_is_asked_again() {
    for status in [429, 500, 503] {
        let endpoint = Endpoint::scripted(move |number, exchange| match number {
            1 => exchange.answer(status, &[("retry-after", "0")], "{}"),
            // No answer at all.
            2 => {}
            _ => exchange.answer(200, &[], token(1)),
        });
        let host = host_for(guests::FETCHES, &endpoint, KEYS);
        assert_eq!(called(&host, &endpoint)["status"], 200, "{status}");
        assert_eq!(endpoint.asked(), 3, "{status}");
    }
}

#[test]
fn endpoint_that_refuses_is_not_asked_again() {
    let endpoint = answering(400, "{\"error\": \"invalid_client\"}");
    let host = host_for(guests::FETCHES, &endpoint, KEYS);
    let first = failed(&host, &endpoint, "fail");
    assert_eq!(
        failed(&host, &endpoint, "fail"),
        first,
        "the next page gets the same error"
    );
    assert_eq!(endpoint.asked(), 1);
}

#[test]
fn endpoint_that_the_rules_allow_only_other_methods_is_reported_at_load() {
    let config = "[network]\nallow = [\"GET https://api.example.com\"]\n[auth.api]\nurls = [\"https://api.example.com\"]\nkind = \"oauth2\"\ntoken-url = \"https://api.example.com/token\"\n";
    let host = host_with_config(guests::FETCHES, &format!("{config}{KEYS}"));
    let line = host.announcement("guest");
    assert!(
        line.contains("auth.api.token-url: no rule of `allow` under [network] permits a POST there: add \"POST https://api.example.com\""),
        "{line}"
    );
}

#[test]
fn token_endpoint_in_the_hosts_own_network_is_not_called() {
    let endpoint = Endpoint::giving(token);
    let port = endpoint.upstream.address().port();
    let config = endpoint
        .config(KEYS)
        .replace(
            &endpoint.upstream.url("/token"),
            &format!("http://localhost:{port}/token"),
        )
        .replace(
            "allow = [",
            &format!("allow = [\"http://localhost:{port}\", "),
        );
    let host = host_with_config(guests::FETCHES, &config);
    let message = failed(&host, &endpoint, "fail");
    assert!(
        message.contains("could not be reached: ") && message.contains("allow-networks"),
        "{message}"
    );
    assert_eq!(endpoint.asked(), 0);
}

#[test]
fn request_must_name_one_of_two_credentials() {
    let endpoint = Endpoint::giving(token);
    let other = endpoint
        .config(KEYS)
        .split_once("[auth.api]")
        .unwrap()
        .1
        .to_owned();
    let host = host_for(
        guests::FETCHES,
        &endpoint,
        &format!("{KEYS}[auth.other]{other}"),
    );
    let row = called(&host, &endpoint);
    assert_eq!(row["error"], "credentials", "{row}");
    assert_eq!(endpoint.asked(), 0);
    let message = failed(&host, &endpoint, "fail");
    assert!(
        message.contains("the credentials `api`, `other` all apply"),
        "{message}"
    );
}
