//! Answers of token endpoints as real APIs give them, each next to the answer of the RFC.

use super::endpoint::{Endpoint, KEYS};
use super::{called, host_for};
use crate::{assert_error, guests, host};
use serde_json::{Value, json};
use std::sync::Mutex;
use weld_host_tests::host::Host;
use weld_host_tests::upstream::Upstream;

/// An endpoint that always gives this answer.
fn answering(status: u16, content_type: &'static str, body: &'static str) -> Endpoint {
    Endpoint::scripted(move |_, exchange| {
        exchange.answer(status, &[("content-type", content_type)], body);
    })
}

/// The error message of a page without a token.
fn error_message(host: &Host, endpoint: &Endpoint) -> String {
    let state = json!({ "url": endpoint.upstream.url("/beers"), "on_error": "fail" });
    let answer = host.weld("guest").page("rows", &state);
    assert_error(&answer, 502, "credentials_failed")
}

#[test]
fn token_is_used_whatever_other_fields_the_answer_has() {
    let json = "application/json";
    for (content_type, body) in [
        (
            json,
            r#"{"access_token":"a-long-token-1","token_type":"Bearer","expires_in":7199}"#,
        ),
        (
            json,
            r#"{"access_token":"a-long-token-1","token_type":"Bearer","expires_in":7199,"error":""}"#,
        ),
        (
            json,
            r#"{"access_token":"a-long-token-1","error":null,"error_description":null}"#,
        ),
        (
            json,
            r#"{"access_token":"a-long-token-1","token_type":"User Access Token"}"#,
        ),
        (
            json,
            r#"{"access_token":"a-long-token-1","token_type":"Application Access Token"}"#,
        ),
        (
            json,
            r#"{"access_token":"a-long-token-1","token_type":"BearerToken","expires_in":"60"}"#,
        ),
        (
            json,
            r#"{"access_token":"a-long-token-1","token_type":"bearer "}"#,
        ),
        (json, r#"{"access_token":"a-long-token-1","token_type":""}"#),
        (
            json,
            r#"{"access_token":"a-long-token-1","token_type":null}"#,
        ),
        (json, "\u{FEFF}{\"access_token\":\"a-long-token-1\"}"),
        (
            "text/plain",
            "access_token=a-long-token-1&expires_in=60&token_type=bearer",
        ),
        (
            "application/x-www-form-urlencoded",
            "access_token=a-long-token-1&scope=",
        ),
    ] {
        let endpoint = answering(200, content_type, body);
        let host = host_for(guests::FETCHES, &endpoint, KEYS);
        let row = called(&host, &endpoint);
        assert_eq!(row["status"], 200, "{body}: {row}");
    }
    for token_type in ["mac", "DPoP"] {
        let endpoint = Endpoint::giving(move |number| {
            format!(r#"{{"access_token":"a-long-token-{number}","token_type":"{token_type}"}}"#)
        });
        let host = host_for(guests::FETCHES, &endpoint, KEYS);
        let message = error_message(&host, &endpoint);
        assert!(
            message.contains(&format!("of the type `{token_type}`")),
            "{message}"
        );
    }
}

#[test]
fn nested_token_is_named_by_its_path_and_a_refusal_says_why() {
    let body = r#"{"code":0,"message":"success","data":{"access_token":"a-long-token-1","expires_in":86400}}"#;
    let endpoint = answering(200, "application/json", body);
    let host = host_for(guests::FETCHES, &endpoint, KEYS);
    let message = error_message(&host, &endpoint);
    assert!(
        message.contains("set `token-path = \"data.access_token\"`"),
        "{message}"
    );
    let keys = format!("{KEYS}token-path = \"data.access_token\"\n");
    let host = host_for(guests::FETCHES, &endpoint, &keys);
    assert_eq!(called(&host, &endpoint)["status"], 200);

    for (body, expected) in [
        (
            r#"{"code":40001,"message":"client_key hunter2/hunter2 wrong","data":{}}"#,
            "refused: 40001, \"client_key [secret auth.api] wrong\" (status 200)",
        ),
        (
            r#"{"ok":false,"error":"invalid_auth"}"#,
            "refused: invalid_auth (status 200)",
        ),
    ] {
        let endpoint = answering(200, "application/json", body);
        let host = host_for(guests::FETCHES, &endpoint, &keys);
        let message = error_message(&host, &endpoint);
        assert!(message.contains(expected), "{message}");
    }
}

/// An API whose endpoint accepts each refresh token once, and gives this answer to the first renewal.
struct Rotation {
    upstream: Upstream,
    tokens: tempfile::TempDir,
}

impl Rotation {
    fn answering(first: &'static str, content_type: &'static str) -> Self {
        let renewals = Mutex::new(0);
        let upstream = Upstream::start(move |request, exchange| {
            if request.target() != "/token" {
                return exchange.answer(200, &[], "{}");
            }
            let mut renewals = renewals.lock().unwrap();
            let current = format!("refresh_token=refresh-token-{}", *renewals + 1);
            if !request.text().split('&').any(|field| field == current) {
                return exchange.answer(400, &[], r#"{"error":"invalid_grant"}"#);
            }
            *renewals += 1;
            if *renewals == 1 {
                return exchange.answer(200, &[("content-type", content_type)], first);
            }
            let refresh = format!("refresh-token-{}", *renewals + 1);
            let answer = json!({ "access_token": "a-long-token-2", "refresh_token": refresh, "expires_in": 3600 });
            exchange.answer(200, &[], answer.to_string());
        });
        Self {
            upstream,
            tokens: tempfile::tempdir().unwrap(),
        }
    }

    /// A host that begins with the first refresh token, or with the one that was kept.
    fn host(&self, more: &str) -> Host {
        let origin = self.upstream.origin();
        let config = format!(
            "[network]\nallow = [\"{origin}\"]\n[rate-limit]\nretries = 0\n[auth.api]\nurls = [\"{origin}/beers\"]\nkind = \"oauth2\"\ngrant = \"refresh-token\"\ntoken-url = \"{origin}/token\"\nclient-id = \"weld\"\nrefresh-token = \"refresh-token-1\"\n{more}"
        );
        let key = self.tokens.path().join("key");
        std::fs::write(
            &key,
            "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        )
        .unwrap();
        host()
            .plugin("guest", guests::FETCHES)
            .config("guest", &config)
            .flag(
                "--tokens",
                &self.tokens.path().join("tokens").display().to_string(),
            )
            .flag("--token-key-file", &key.display().to_string())
            .start()
    }

    fn called(&self, host: &Host) -> Value {
        crate::egress::fetch(host, &json!({ "url": self.upstream.url("/beers") }))
    }
}

#[test]
fn replaced_refresh_token_is_kept_in_whatever_form_it_arrived() {
    for (content_type, first) in [
        (
            "application/json",
            r#"{"access_token":"a-long-token-1","refresh_token":"refresh-token-2","expires_in":1}"#,
        ),
        (
            "text/plain",
            "access_token=a-long-token-1&refresh_token=refresh-token-2&expires_in=1&token_type=bearer",
        ),
        // The access token can't be used, but the next refresh token is kept.
        (
            "application/json",
            r#"{"access_token":"a-long-token-1","token_type":"mac","refresh_token":"refresh-token-2"}"#,
        ),
        (
            "application/json",
            r#"{"access_token":"two\nlines","refresh_token":"refresh-token-2"}"#,
        ),
        ("application/json", r#"{"refresh_token":"refresh-token-2"}"#),
        // A strict parser refuses these answers, but their token is used all the same.
        (
            "application/json",
            r#"{"access_token":"a-long-token-1","refresh_token":"refresh-token-2","name":"Bob \ud83d"}"#,
        ),
        (
            "application/json",
            "{\"access_token\":\"a-long-token-1\",\"refresh_token\":\"refresh-token-2\",\"note\":\"one\ntwo\"}",
        ),
        (
            "text/html",
            "<br />\n<b>Notice</b>: Undefined index in /a.php\n{\"access_token\":\"a-long-token-1\",\"refresh_token\":\"refresh-token-2\"}",
        ),
        (
            "application/json",
            r#""{\"access_token\":\"a-long-token-1\",\"refresh_token\":\"refresh-token-2\"}""#,
        ),
    ] {
        let api = Rotation::answering(first, content_type);
        api.called(&api.host(""));
        // With the second token, which the previous host has left.
        let row = api.called(&api.host(""));
        assert_eq!(row["status"], 200, "{first}: {row}");
    }
}

#[test]
fn token_of_a_renewal_may_be_at_another_path_than_that_of_a_login() {
    let first = r#"{"ok":true,"authed_user":{"access_token":"a-long-token-1","token_type":"user","refresh_token":"refresh-token-2","expires_in":1}}"#;
    let api = Rotation::answering(first, "application/json");
    let keys = "token-path = \"authed_user.access_token\"\n";
    for _ in 0..2 {
        // The second answer has all its fields at the top level.
        let row = api.called(&api.host(keys));
        assert_eq!(row["status"], 200, "{row}");
    }
}

#[test]
fn possible_loss_of_a_refresh_token_is_reported() {
    let api = Rotation::answering("<html>", "text/html");
    let host = api.host("");
    let state = json!({ "url": api.upstream.url("/beers"), "on_error": "fail" });
    let answer = host.weld("guest").page("rows", &state);
    let message = assert_error(&answer, 502, "credentials_failed");
    assert!(
        message.contains("if the answer contained a new refresh token, it is lost"),
        "{message}"
    );
    assert!(
        message.contains("configure a new `refresh-token`"),
        "{message}"
    );
    // The control: an answer that is not a renewal has nothing to lose.
    let endpoint = answering(200, "text/html", "<html>");
    let host = host_for(guests::FETCHES, &endpoint, KEYS);
    let message = error_message(&host, &endpoint);
    assert!(!message.contains("is lost"), "{message}");
}

#[test]
fn lost_answer_is_reported_when_the_next_try_is_refused() {
    let keys =
        "grant = \"refresh-token\"\nclient-id = \"weld\"\nrefresh-token = \"a-refresh-token\"\n";
    for is_lost in [true, false] {
        let endpoint = Endpoint::scripted(move |number, exchange| {
            // The first connection closes, so it is unknown whether the token was granted.
            if !is_lost || number > 1 {
                exchange.answer(400, &[], r#"{"error":"invalid_grant"}"#);
            }
        });
        let host = host_for(guests::FETCHES, &endpoint, keys);
        let message = error_message(&host, &endpoint);
        assert_eq!(
            message.contains("an earlier answer was lost"),
            is_lost,
            "{message}"
        );
        assert!(
            message.contains("configure a new `refresh-token`"),
            "{message}"
        );
    }
}

#[test]
fn secret_in_an_endpoints_message_is_replaced_even_where_the_message_is_cut() {
    let long = "rt-0123456789".repeat(100);
    let keys = |token: &str| {
        format!(
            "grant = \"refresh-token\"\nclient-id = \"weld\"\nrefresh-token = \"{token}\"\nheaders = {{ X-Api-Key = \"a-literal-header-key\" }}\nextra = {{ app_secret = \"a-literal-app-secret\" }}\n"
        )
    };
    let plain = |text: &str| (400, text.to_owned());
    let said = |text: &str| {
        (
            400,
            json!({ "error": "bad", "error_description": text }).to_string(),
        )
    };
    let coded = |text: &str| (400, json!({ "error": text }).to_string());
    let typed = |text: &str| {
        let answer =
            json!({ "access_token": "a-long-token-1", "token_type": format!("mac {text}") });
        (200, answer.to_string())
    };
    for secret in [
        long.as_str(),
        "a-literal-header-key",
        "a-literal-app-secret",
    ] {
        let shown = format!("{} {secret} is not a token", "x".repeat(80));
        for (status, body) in [plain(&shown), said(&shown), coded(&shown), typed(&shown)] {
            let answer = body.clone();
            let endpoint =
                Endpoint::scripted(move |_, exchange| exchange.answer(status, &[], answer.clone()));
            let host = host_for(guests::FETCHES, &endpoint, &keys(&long));
            let message = error_message(&host, &endpoint);
            let log = host.log().so_far().join("\n");
            for text in [&message, &log] {
                assert!(!text.contains(&secret[..12]), "{body}: {text}");
            }
        }
        let target = format!("/login/{secret}");
        let endpoint = Endpoint::scripted(move |_, exchange| {
            exchange.answer(302, &[("location", &target)], "");
        });
        let host = host_for(guests::FETCHES, &endpoint, &keys(&long));
        let message = error_message(&host, &endpoint);
        assert!(message.contains("a redirect"), "{message}");
        assert!(!message.contains(&secret[..12]), "{message}");
    }
}

const REFRESHES: &str =
    "grant = \"refresh-token\"\nclient-id = \"weld\"\nrefresh-token = \"a-refresh-token\"\n";

#[test]
fn broken_answer_is_remembered_for_the_next_refusal() {
    for (headers, body) in [
        // No answer at all, and one that can't be decoded.
        (None, ""),
        (Some([("content-encoding", "compress")]), "{}"),
    ] {
        let endpoint = Endpoint::scripted(move |number, exchange| match (number, &headers) {
            (1, None) => {}
            (1, Some(headers)) => exchange.answer(200, headers, body),
            _ => exchange.answer(400, &[], r#"{"error":"invalid_grant"}"#),
        });
        let keys = format!("{REFRESHES}[rate-limit]\nretries = 0\n");
        let host = host_for(guests::FETCHES, &endpoint, &keys);
        let first = error_message(&host, &endpoint);
        assert!(
            first.contains("did not answer: ")
                && first.contains("if the answer contained a new refresh token, it is lost"),
            "{first}"
        );
        // The failure is remembered for some seconds.
        weld_host_tests::until("the endpoint is asked again", || {
            error_message(&host, &endpoint).contains("invalid_grant")
        });
        let second = error_message(&host, &endpoint);
        assert!(second.contains("an earlier answer was lost"), "{second}");
    }
    // The control: an endpoint that was never reached has lost nothing.
    let endpoint = Endpoint::giving(|_| String::new());
    let keys = REFRESHES.replace(
        "client-id",
        "refresh-url = \"http://127.0.0.1:1/\"\nclient-id",
    );
    let config = endpoint
        .config(&format!("{keys}[rate-limit]\nretries = 0\n"))
        .replace("allow = [", "allow = [\"http://127.0.0.1:1\", ");
    let host = crate::host_with_config(guests::FETCHES, &config);
    let message = error_message(&host, &endpoint);
    assert!(
        message.contains("could not be reached: ") && !message.contains("lost"),
        "{message}"
    );
}

#[test]
fn undecodable_answer_is_not_requested_again() {
    let endpoint = Endpoint::scripted(|_, exchange| {
        exchange.answer(200, &[("content-encoding", "compress")], "{}");
    });
    let host = host_for(guests::FETCHES, &endpoint, REFRESHES);
    let message = error_message(&host, &endpoint);
    assert!(
        message.contains("can't decode the response's content-encoding `compress`"),
        "{message}"
    );
    assert_eq!(endpoint.asked(), 1, "the refresh token would be used up");
}

#[test]
fn new_refresh_token_that_was_read_is_not_reported_as_lost() {
    let first =
        r#"{"access_token":"a-long-token-1","token_type":"mac","refresh_token":"refresh-token-2"}"#;
    let api = Rotation::answering(first, "application/json");
    let host = api.host("");
    let state = json!({ "url": api.upstream.url("/beers"), "on_error": "fail" });
    let answer = host.weld("guest").page("rows", &state);
    let message = assert_error(&answer, 502, "credentials_failed");
    assert!(
        message.contains("type `mac`") && !message.contains("lost"),
        "{message}"
    );
}

#[test]
fn refusal_without_a_message_is_explained_by_its_symptoms() {
    for (status, keys, expected) in [
        (415, KEYS, "`body = \"json\"`"),
        (401, KEYS, "`client-auth = \"basic-raw\"`"),
        (405, KEYS, "`method = \"GET\"`"),
    ] {
        let endpoint = answering(status, "text/plain", "");
        let host = host_for(guests::FETCHES, &endpoint, keys);
        let message = error_message(&host, &endpoint);
        assert!(message.contains(expected), "{status}: {message}");
    }
    let endpoint = answering(400, "application/json", r#"{"app":"no hunter2/hunter2"}"#);
    let host = host_for(guests::FETCHES, &endpoint, KEYS);
    let message = error_message(&host, &endpoint);
    assert!(
        message.contains(r#"refused: "{"app":"no [secret auth.api]"}""#),
        "{message}"
    );
}

#[test]
fn invalid_refresh_token_is_recognized_by_the_codes_of_providers() {
    for body in [
        r#"{"error":"invalid_refresh_token"}"#,
        r#"{"status":"BAD_REFRESH_TOKEN","message":"refresh token is invalid"}"#,
        r#"{"errors":[{"errorType":"invalid_grant","message":"gone"}]}"#,
        r#"{"error":"invalid_request","error_description":"The refresh token has expired"}"#,
    ] {
        let endpoint = answering(400, "application/json", body);
        let host = host_for(guests::FETCHES, &endpoint, REFRESHES);
        let message = error_message(&host, &endpoint);
        assert!(
            message.contains(
                "is no longer valid or was already used; configure a new `refresh-token`"
            ),
            "{body}: {message}"
        );
        assert!(!message.contains("client-"), "{body}: {message}");
    }
}

#[test]
fn answer_that_does_not_arrive_in_time_may_be_lost() {
    let endpoint = Endpoint::scripted(|_, exchange| exchange.wait_for_close());
    let config = endpoint.config(REFRESHES).replace(
        "[auth.api]",
        "first-byte-timeout = \"100ms\"\n[rate-limit]\nretries = 0\n[auth.api]",
    );
    let host = crate::host_with_config(guests::FETCHES, &config);
    let message = error_message(&host, &endpoint);
    assert!(
        message.contains("`network.first-byte-timeout`")
            && message.contains("if the answer contained a new refresh token, it is lost"),
        "{message}"
    );
}

#[test]
fn none_of_many_secrets_of_a_credential_is_shown() {
    let all: Vec<String> = (0..9)
        .map(|number| format!("a-literal-secret-{number}"))
        .collect();
    let extra: Vec<String> = all
        .iter()
        .enumerate()
        .map(|(number, secret)| format!("key{number} = \"{secret}\""))
        .collect();
    let body = json!({ "error": "bad", "error_description": all.join(" ") }).to_string();
    let endpoint = Endpoint::scripted(move |_, exchange| exchange.answer(400, &[], body.clone()));
    let keys = format!("{KEYS}extra = {{ {} }}\n", extra.join(", "));
    let host = host_for(guests::FETCHES, &endpoint, &keys);
    let message = error_message(&host, &endpoint);
    assert!(!message.contains("a-literal-secret"), "{message}");
}

#[test]
fn configured_token_type_is_sent_before_the_token() {
    let body = r#"{"access_token":"a-long-token-1","token_type":"Zoho-oauthtoken"}"#;
    let endpoint = Endpoint::answering(
        move |_, exchange| exchange.answer(200, &[], body),
        |request, exchange| {
            let sent = request.header("authorization");
            let is_good = sent == Some("Zoho-oauthtoken a-long-token-1");
            exchange.answer(if is_good { 200 } else { 401 }, &[], "{}");
        },
    );
    let keys = format!("{KEYS}prefix = \"Zoho-oauthtoken \"\n");
    let host = host_for(guests::FETCHES, &endpoint, &keys);
    assert_eq!(called(&host, &endpoint)["status"], 200);
    // The control: without the setting, it is unknown how this type is sent.
    let host = host_for(guests::FETCHES, &endpoint, KEYS);
    let message = error_message(&host, &endpoint);
    assert!(message.contains("type `Zoho-oauthtoken`"), "{message}");
}
