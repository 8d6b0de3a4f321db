//! Logins outside of OAuth, and what the connector may see of a token's answer.

use crate::egress::fetch;
use crate::{assert_error, guests, host_with_config};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use weld_host_tests::host::Host;
use weld_host_tests::http::Message;
use weld_host_tests::upstream::Upstream;

const PASSWORD: &str = "correct horse battery staple";

/// The headers and the body of an answer.
type LoginAnswer = (Vec<(&'static str, String)>, String);

/// An API with sessions: each login gives the next token, and only the newest one is accepted, at the place that
/// `sent` reads.
struct SessionApi {
    upstream: Upstream,
    logins: Arc<AtomicU32>,
    newest: Arc<Mutex<String>>,
}

impl SessionApi {
    fn new(sent: fn(&Message) -> Option<String>, answer: fn(&str) -> LoginAnswer) -> Self {
        let (logins, newest) = (
            Arc::new(AtomicU32::new(0)),
            Arc::new(Mutex::new(String::new())),
        );
        let (counted, current) = (logins.clone(), newest.clone());
        let upstream = Upstream::start(move |request, exchange| {
            if !request.target().starts_with("/login") {
                let is_good = sent(request).is_some_and(|token| token == *current.lock().unwrap());
                return exchange.answer(if is_good { 200 } else { 401 }, &[], "{}");
            }
            let body: Value = serde_json::from_str(&request.text()).unwrap_or_default();
            if body != json!({ "user": "ada", "password": PASSWORD }) {
                return exchange.answer(401, &[], r#"{"message": "wrong password"}"#);
            }
            let number = counted.fetch_add(1, Ordering::SeqCst) + 1;
            let token = format!("a-session-token-{number}");
            current.lock().unwrap().clone_from(&token);
            let (headers, body) = answer(&token);
            let headers: Vec<(&str, &str)> = headers
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            exchange.answer(200, &headers, body);
        });
        Self {
            upstream,
            logins,
            newest,
        }
    }

    fn host(&self, password: &str, more: &str) -> Host {
        let origin = self.upstream.origin();
        host_with_config(
            guests::FETCHES,
            &format!(
                "[network]\nallow = [\"{origin}\"]\n[auth.api]\nurls = [\"{origin}/beers\"]\nkind = \"session\"\nlogin-url = \"{origin}/login\"\nparameters = {{ user = \"ada\", password = \"{password}\" }}\n{more}"
            ),
        )
    }

    fn status(&self, host: &Host) -> Value {
        fetch(host, &json!({ "url": self.upstream.url("/beers") }))["status"].clone()
    }

    fn logins(&self) -> u32 {
        self.logins.load(Ordering::SeqCst)
    }
}

fn bearer(request: &Message) -> Option<String> {
    let value = request.header("authorization")?;
    value.strip_prefix("Bearer ").map(str::to_owned)
}

#[test]
fn session_is_begun_once_and_again_when_the_api_ends_it() {
    let api = SessionApi::new(bearer, |token| {
        (Vec::new(), format!(r#"{{"data": {{"jwt": "{token}"}}}}"#))
    });
    let host = api.host(PASSWORD, "token-path = \"data.jwt\"");
    for _ in 0..3 {
        assert_eq!(api.status(&host), 200);
    }
    assert_eq!(api.logins(), 1);
    api.newest.lock().unwrap().clear();
    assert_eq!(api.status(&host), 200);
    assert_eq!(api.logins(), 2);
    let log = host.log().so_far().join("\n");
    assert!(
        !log.contains(PASSWORD) && !log.contains("a-session-token"),
        "{log}"
    );
}

#[test]
fn token_of_a_session_is_read_and_sent_where_the_api_expects_it() {
    let header = |request: &Message| request.header("x-session").map(str::to_owned);
    let of_header = |token: &str| (vec![("x-auth-token", token.to_owned())], String::new());
    let api = SessionApi::new(header, of_header);
    let host = api.host(
        PASSWORD,
        "token-header = \"X-Auth-Token\"\nheader = \"x-session\"",
    );
    assert_eq!(api.status(&host), 200);
    let cookie = |request: &Message| {
        let cookie = request.header("cookie")?;
        cookie.strip_prefix("sid=").map(str::to_owned)
    };
    let of_cookie = |token: &str| {
        (
            vec![("set-cookie", format!("sid={token}; HttpOnly; Path=/"))],
            String::new(),
        )
    };
    let api = SessionApi::new(cookie, of_cookie);
    let host = api.host(PASSWORD, "token-cookie = \"sid\"\ncookie = \"sid\"");
    assert_eq!(api.status(&host), 200);
    let query = |request: &Message| {
        let (_, query) = request.target().split_once("?key=")?;
        Some(query.to_owned())
    };
    let plain = |token: &str| (Vec::new(), format!("{token}\n"));
    let api = SessionApi::new(query, plain);
    let host = api.host(PASSWORD, "token-path = \".\"\nquery = \"key\"");
    assert_eq!(api.status(&host), 200);
}

#[test]
fn session_is_begun_again_when_it_expires() {
    let api = SessionApi::new(bearer, |token| {
        (Vec::new(), format!(r#"{{"token": "{token}"}}"#))
    });
    let host = api.host(PASSWORD, "token-path = \"token\"\nexpires-in = \"1s\"");
    weld_host_tests::until("another session is begun", || {
        assert_eq!(api.status(&host), 200);
        api.logins() > 1
    });
}

#[test]
fn refused_login_is_reported_in_the_apis_words() {
    let api = SessionApi::new(bearer, |token| (Vec::new(), token.to_owned()));
    let host = api.host("another-long-password", "token-path = \"token\"");
    let state = json!({ "url": api.upstream.url("/beers"), "on_error": "fail" });
    let message = assert_error(
        &host.weld("guest").page("rows", &state),
        502,
        "credentials_failed",
    );
    assert!(
        message.contains("refused: \"wrong password\" (status 401)"),
        "{message}"
    );
    let host = api.host(PASSWORD, "token-path = \"token\"");
    let message = assert_error(
        &host.weld("guest").page("rows", &state),
        502,
        "credentials_failed",
    );
    assert!(message.contains("check `login-url`"), "{message}");
}

/// A connector that shows its variables, one of which comes from its token's answer.
fn variables(api: &str, answer: impl Fn() -> String + Send + Sync + 'static) -> (Upstream, Host) {
    let login = Upstream::start(move |_, exchange| exchange.answer(200, &[], answer()));
    let origin = login.origin();
    let host = host_with_config(
        guests::ECHOES_STATE,
        &format!(
            "[env]\nREGION = \"eu\"\nAPI = \"none\"\n[network]\nallow = [\"{origin}\", \"{api}\"]\n[auth.api]\nurls = [\"{api}\"]\nkind = \"oauth2\"\ngrant = \"client-credentials\"\ntoken-url = \"{origin}/token\"\nclient-id = \"weld\"\nclient-secret = \"a-client-secret\"\nvariables = {{ API = \"instance_url\", TENANT = \"team.id\" }}\n"
        ),
    );
    (login, host)
}

#[test]
fn connector_has_the_variables_from_its_tokens_answer() {
    let answer = |url: &str| {
        let answer =
            json!({ "access_token": "an-access-token", "instance_url": url, "team": { "id": 7 } });
        answer.to_string()
    };
    let (login, host) = variables("https://eu.example.com", move || {
        answer("https://eu.example.com")
    });
    for _ in 0..2 {
        let page = host.weld("guest").page("rows", &json!({}));
        let row = &page.json()["insert"][0];
        let expected = json!({ "API": "https://eu.example.com", "REGION": "eu", "TENANT": "7" });
        assert_eq!(row["environment"], expected, "{row}");
        assert_eq!(row["variables"], expected, "{row}");
    }
    assert_eq!(login.received().len(), 1, "it is the token's answer");

    let (_login, host) = variables("https://eu.example.com", move || {
        answer("https://evil.example.org")
    });
    let page = host.weld("guest").page("rows", &json!({}));
    assert_eq!(page.json()["insert"][0]["environment"]["API"], "none");
    let line = host.log().wait_for_text("no rule in `allow`");
    assert!(line.contains("https://evil.example.org"), "{line}");
}

#[test]
fn password_in_a_url_is_reported_with_the_right_kind_and_never_shown() {
    let api = Upstream::answering("{}");
    let origin = api.origin();
    let host = host_with_config(
        guests::FETCHES,
        &format!(
            "[network]\nallow = [\"{origin}\"]\n[auth.api]\nurls = [\"{origin}\"]\nkind = \"basic\"\nusername = \"a-key\"\npassword = \"{PASSWORD}\"\n"
        ),
    );
    let plain = api.url("/beers");
    let row = fetch(
        &host,
        &json!({ "url": plain.replace("://", "://a-key:another-password@") }),
    );
    let told = row.to_string();
    assert!(
        told.contains("[auth.NAME]") && told.contains("basic"),
        "{told}"
    );
    let log = host.log().so_far().join("\n");
    assert!(
        !told.contains("another-password") && !log.contains("another-password"),
        "{told} {log}"
    );
    assert_eq!(fetch(&host, &json!({ "url": plain }))["status"], 200);
    assert_eq!(api.received().len(), 1);
}

#[test]
fn refused_login_begins_no_session_whatever_cookies_it_sets() {
    let json = r#"{"success": false, "message": "wrong password"}"#;
    for (status, location, body, more, expected) in [
        (
            401,
            "",
            json,
            "",
            "refused: \"wrong password\" (status 401)",
        ),
        (
            200,
            "",
            json,
            "",
            "refused: \"wrong password\" (status 200)",
        ),
        (
            302,
            "/login?error=1",
            "",
            "body = \"form\"\n",
            "a redirect back to",
        ),
        (302, "/home", "", "", "answered with a redirect"),
    ] {
        let api = Upstream::start(move |request, exchange| {
            let is_login = request.target().starts_with("/login");
            let mut headers = vec![("set-cookie", "sid=an-anonymous-session; Path=/")];
            headers.extend((!location.is_empty()).then_some(("location", location)));
            match is_login {
                true => exchange.answer(status, &headers, body),
                false => exchange.answer(200, &[], "{}"),
            }
        });
        let host = cookie_host(&api, more);
        let state = json!({ "url": api.url("/beers"), "on_error": "fail" });
        let answer = host.weld("guest").page("rows", &state);
        let message = assert_error(&answer, 502, "credentials_failed");
        assert!(message.contains(expected), "{status}: {message}");
        let mut received = api.received();
        received.retain(|request| request.target() == "/beers");
        assert!(
            received.is_empty(),
            "the cookie does not begin a session: {status}"
        );
    }
}

#[test]
fn login_page_begins_a_session_with_a_redirect_and_its_last_cookie() {
    let api = Upstream::start(|request, exchange| {
        if request.target() == "/login" {
            let headers = [
                ("set-cookie", "sid=; Path=/; Max-Age=0"),
                ("set-cookie", "sid=the-one-before; Path=/"),
                ("set-cookie", "sid=the-session; Path=/; HttpOnly"),
                (
                    "set-cookie",
                    "sid=deleted; Path=/old; Expires=Thu, 01-Jan-1970 00:00:01 GMT",
                ),
                ("location", "/home"),
            ];
            return exchange.answer(302, &headers, "");
        }
        let is_good = request.header("cookie") == Some("sid=the-session");
        exchange.answer(if is_good { 200 } else { 401 }, &[], "{}");
    });
    let host = cookie_host(&api, "body = \"form\"\n");
    let row = fetch(&host, &json!({ "url": api.url("/beers") }));
    assert_eq!(row["status"], 200, "{row}");
}

/// A host whose connector logs in for the cookie `sid`.
fn cookie_host(api: &Upstream, more: &str) -> Host {
    let origin = api.origin();
    host_with_config(
        guests::FETCHES,
        &format!(
            "[network]\nallow = [\"{origin}\"]\n[auth.api]\nurls = [\"{origin}/beers\"]\nkind = \"session\"\nlogin-url = \"{origin}/login\"\nparameters = {{ user = \"ada\", password = \"{PASSWORD}\" }}\ntoken-cookie = \"sid\"\ncookie = \"sid\"\n{more}"
        ),
    )
}

#[test]
fn no_variable_reveals_a_token() {
    // A variable whose URL contains the token is skipped with a warning; the others are set.
    let (_login, host) = variables("https://eu.example.com", || {
        json!({
            "access_token": "an-access-token", "team": { "id": 7 },
            "instance_url": "https://eu.example.com/?token=an-access-token",
        })
        .to_string()
    });
    let page = host.weld("guest").page("rows", &json!({}));
    let row = &page.json()["insert"][0];
    assert_eq!(
        row["environment"],
        json!({ "API": "none", "REGION": "eu", "TENANT": "7" }),
        "{row}"
    );
    host.log()
        .wait_for_text("contains the token or another secret");

    // The token's own path, and one that leads to it, are refused when the file is read.
    for path in ["data.value", "data", "renewal", "data.refresh_token"] {
        let host = host_with_config(
            guests::ECHOES_STATE,
            &format!(
                "[network]\nallow = [\"https://api.example.com\"]\n[auth.api]\nurls = [\"https://api.example.com\"]\nkind = \"oauth2\"\ngrant = \"client-credentials\"\ntoken-url = \"https://api.example.com/token\"\nclient-id = \"weld\"\nclient-secret = \"a-client-secret\"\ntoken-path = \"data.value\"\nrefresh-token-path = \"renewal.value\"\nvariables = {{ X = \"{path}\" }}\n"
            ),
        );
        let line = host.announcement("guest");
        assert!(
            line.contains("the connector may not have the token"),
            "{path}: {line}"
        );
    }
}
