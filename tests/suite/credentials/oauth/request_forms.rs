//! Token endpoints that expect requests in another form than that of the RFC.

use crate::egress::fetch;
use crate::{assert_error, guests, host_with_config};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use weld_host_tests::host::Host;
use weld_host_tests::http::Message;
use weld_host_tests::upstream::{Exchange, Upstream};

const SECRET: &str = "p+/=$@%41-and-more";

const TOKEN: &str = r#"{"access_token": "a-long-token-1", "expires_in": 3600}"#;

/// An API that accepts everything outside of paths beginning with `/token`. For these, `is_right` decides; if it is
/// false, this answer is sent.
fn api(
    is_right: impl Fn(&Message) -> bool + Send + Sync + 'static,
    refusal: (u16, &'static str),
) -> Upstream {
    Upstream::start(move |request, exchange: &mut Exchange| {
        if request.target().starts_with("/beers") {
            exchange.answer(200, &[], "{}");
        } else if is_right(request) {
            exchange.answer(200, &[("content-type", "application/json")], TOKEN);
        } else {
            exchange.answer(refusal.0, &[], refusal.1);
        }
    })
}

fn host_for(api: &Upstream, keys: &str) -> Host {
    let origin = api.origin();
    let keys = keys.replace("ORIGIN", &origin);
    host_with_config(
        guests::FETCHES,
        &format!(
            "[network]\nallow = [\"{origin}\"]\n[auth.api]\nurls = [\"{origin}/beers\"]\nkind = \"oauth2\"\ntoken-url = \"{origin}/token\"\nclient-id = \"weld\"\n{keys}"
        ),
    )
}

fn client() -> String {
    format!("grant = \"client-credentials\"\nclient-secret = \"{SECRET}\"\n")
}

const RENEWAL: &str = "grant = \"refresh-token\"\nrefresh-token = \"a-refresh-token\"\n";

/// Checks that the host obtains its token, and that its log contains no secret.
fn assert_works(api: &Upstream, keys: &str) {
    let host = host_for(api, keys);
    let row = fetch(&host, &json!({ "url": api.url("/beers") }));
    assert_eq!(row["status"], 200, "{keys}: {row}");
    let log = host.log().so_far().join("\n");
    for secret in [SECRET, "a-refresh-token", "a-long-token"] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}

/// Checks that the host obtains no token, and that the error contains this.
fn assert_reported(api: &Upstream, keys: &str, expected: &str) {
    let host = host_for(api, keys);
    let state = json!({ "url": api.url("/beers"), "on_error": "fail" });
    let answer = host.weld("guest").page("rows", &state);
    let message = assert_error(&answer, 502, "credentials_failed");
    assert!(message.contains(expected), "{expected} in {message}");
    assert!(!message.contains(SECRET), "{message}");
}

fn header<'m>(request: &'m Message, name: &str) -> &'m str {
    request.header(name).unwrap_or_default()
}

#[test]
fn parameters_are_sent_as_json_if_configured() {
    let api = api(
        |request| {
            let body: Value = serde_json::from_str(&request.text()).unwrap_or_default();
            header(request, "content-type") == "application/json"
                && body["grant_type"] == "client_credentials"
                && body["client_secret"] == SECRET
                && body["resource"] == json!(["a", "b"])
        },
        (415, "Unsupported Media Type"),
    );
    let keys = client() + "client-auth = \"body\"\nextra = { resource = [\"a\", \"b\"] }\n";
    assert_works(&api, &format!("{keys}body = \"json\""));
    assert_reported(&api, &keys, "`body = \"json\"`");
}

#[test]
fn parameters_are_sent_in_the_query_if_configured() {
    for (more, method) in [("body = \"query\"", "POST"), ("method = \"GET\"", "GET")] {
        let api = api(
            move |request| {
                request.method() == method
                    && request.text().is_empty()
                    && request.target().starts_with("/token?")
                    && request.target().contains("grant_type=client_credentials")
            },
            (
                400,
                r#"{"error":"invalid_request","error_description":"grant_type is missing"}"#,
            ),
        );
        let keys = client() + "client-auth = \"body\"\n";
        assert_works(&api, &format!("{keys}{more}"));
        assert_reported(&api, &keys, "set `body` to \"form\", \"json\" or \"query\"");
    }
}

#[test]
fn configured_headers_are_sent_and_replace_the_hosts() {
    let api = api(
        |request| {
            header(request, "x-account") == "one"
                && header(request, "accept") == "application/vnd.api+json"
        },
        (400, "{}"),
    );
    let keys =
        client() + "headers = { X-Account = \"one\", Accept = \"application/vnd.api+json\" }\n";
    assert_works(&api, &keys);
}

#[test]
fn client_authenticates_in_the_configured_way() {
    let in_body = api(
        |request| request.header("authorization").is_none(),
        (400, r#"{"error":"invalid_request"}"#),
    );
    assert_works(&in_body, &(client() + "client-auth = \"body\""));
    assert_reported(&in_body, &client(), "\"body\"");
    let raw = api(
        |request| {
            let pair = header(request, "authorization").strip_prefix("Basic ");
            let pair = STANDARD
                .decode(pair.unwrap_or_default())
                .unwrap_or_default();
            pair == format!("weld:{SECRET}").as_bytes()
        },
        (401, r#"{"error":"invalid_client"}"#),
    );
    assert_works(&raw, &(client() + "client-auth = \"basic-raw\""));
    assert_reported(&raw, &client(), "`client-auth = \"basic-raw\"`");
    let nothing = api(
        |request| {
            request.header("authorization").is_none() && request.text().contains("client_id=weld")
        },
        (400, "{}"),
    );
    assert_works(
        &nothing,
        "grant = \"client-credentials\"\nclient-auth = \"none\"\n",
    );
}

#[test]
fn scopes_are_sent_with_the_login_only_or_with_renewals_too() {
    let without = || {
        api(
            |request| !request.text().contains("scope="),
            (400, r#"{"error":"invalid_scope"}"#),
        )
    };
    let with = || {
        api(
            |request| request.text().contains("scope=a%2Cb"),
            (
                400,
                r#"{"error":"invalid_request","error_description":"scope is missing"}"#,
            ),
        )
    };
    let login = "authorize-url = \"https://login.example.com/authorize\"\n";
    let keys = format!("{RENEWAL}scopes = [\"a\", \"b\"]\nscope-separator = \",\"\n");
    assert_works(&without(), &format!("{keys}{login}"));
    assert_works(&without(), &format!("{keys}scopes-in-renewals = false"));
    assert_reported(&without(), &keys, "`scopes-in-renewals = false`");
    assert_works(&with(), &keys);
    assert_works(&with(), &format!("{keys}{login}scopes-in-renewals = true"));
    assert_reported(
        &with(),
        &format!("{keys}{login}"),
        "`scopes-in-renewals = true`",
    );
}

#[test]
fn renewals_may_have_their_own_url() {
    let api = api(|request| request.target() == "/refresh", (404, "{}"));
    assert_works(&api, &format!("{RENEWAL}refresh-url = \"ORIGIN/refresh\""));
    assert_reported(&api, RENEWAL, "`refresh-url`");
}

#[test]
fn redirect_of_an_endpoint_is_reported_and_never_followed() {
    let elsewhere = Upstream::answering(TOKEN);
    let location = elsewhere.url("/token?code=hidden");
    let api = Upstream::start(move |_, exchange| {
        exchange.answer(307, &[("location", &location)], "");
    });
    let host = host_for(&api, &client());
    let state = json!({ "url": api.url("/beers"), "on_error": "fail" });
    let message = assert_error(
        &host.weld("guest").page("rows", &state),
        502,
        "credentials_failed",
    );
    let expected = format!(
        "answered with a redirect to {}, which is not followed",
        elsewhere.url("/token")
    );
    assert!(
        message.contains(&expected) && !message.contains("hidden"),
        "{message}"
    );
    assert!(elsewhere.received().is_empty());
}

#[test]
fn expired_refresh_token_asks_for_a_login() {
    let api = api(|_| false, (400, r#"{"error":"invalid_grant"}"#));
    assert_reported(&api, RENEWAL, "configure a new `refresh-token`");
    let login = "authorize-url = \"https://login.example.com/authorize\"\n";
    let keys = format!("{RENEWAL}{login}");
    assert_reported(
        &api,
        &keys,
        "log in again with `weld-host auth login guest --credential api`",
    );
    assert_eq!(
        api.received().len(),
        2,
        "the endpoint is asked once by each host"
    );
}
