//! The examples in `docs/credentials.md`, exactly as printed, against APIs that verify each request.

use crate::egress::fetch;
use crate::{guests, host};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::signature::{self, KeyPair, RsaKeyPair, UnparsedPublicKey};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};
use weld_host_tests::http::Message;
use weld_host_tests::upstream::Upstream;

const DOCUMENT: &str = include_str!("../../../docs/credentials.md");
const KEY: &str = include_str!("../../../host/src/config/auth/signing_key/fixtures/rsa8.pem");

const TOKEN: &str = "an-api-token-of-some-length";
const PASSWORD: &str = "correct horse battery staple";
const CLIENT_SECRET: &str = "a-client-secret-of-some-length";
const ACCESS_TOKEN: &str = "an-access-token-that-was-issued";

/// The example under a heading.
fn example(heading: &str) -> &'static str {
    let heading = format!("\n## {heading}\n");
    let (_, section) = DOCUMENT.split_once(&heading).expect(&heading);
    let (_, example) = section.split_once("```toml\n").expect(&heading);
    example.split_once("```").expect(&heading).0
}

/// The status with which an API answers a connector that uses this example as its configuration.
fn status(example: &str, api: &Upstream, login: &Upstream) -> u64 {
    let config = example
        .replace("https://api.example.com", &api.origin())
        .replace("https://login.example.com", &login.origin());
    assert!(!config.contains("example.com\""), "{config}");
    let host = host()
        .plugin("guest", guests::FETCHES)
        .config("guest", &config)
        .file("key.pem", KEY)
        .variable("API_TOKEN", TOKEN)
        .variable("API_PASSWORD", PASSWORD)
        .variable("CLIENT_SECRET", CLIENT_SECRET)
        .start();
    let row = fetch(
        &host,
        &json!({ "url": api.url("/orders?api_token=guess&page=1") }),
    );
    row["status"].as_u64().unwrap_or_else(|| panic!("{row}"))
}

/// An API that accepts requests that pass a check.
fn api(is_valid: impl Fn(&Message) -> bool + Send + Sync + 'static) -> Upstream {
    Upstream::start(move |request, exchange| {
        exchange.answer(if is_valid(request) { 200 } else { 401 }, &[], "{}");
    })
}

fn nobody() -> Upstream {
    Upstream::start(|_, exchange| exchange.answer(500, &[], ""))
}

fn after<'m>(request: &'m Message, scheme: &str) -> &'m str {
    request
        .header("authorization")
        .and_then(|value| value.strip_prefix(scheme))
        .unwrap_or_default()
}

#[test]
fn api_key() {
    let api = api(|request| request.target() == format!("/orders?page=1&api_token={TOKEN}"));
    assert_eq!(status(example("API key"), &api, &nobody()), 200);
}

#[test]
fn a_password_and_a_header_of_its_own() {
    let (before, after) = DOCUMENT
        .split_once("grant = \"password\"")
        .expect("an example of a password");
    let begin = before.rsplit("```toml\n").next().unwrap();
    let example = format!(
        "{begin}grant = \"password\"{}",
        after.split("```").next().unwrap()
    );
    let login = Upstream::start(|request, exchange| {
        let text = request.text();
        let is_good = text.contains("grant_type=password")
            && text.contains("username=ada")
            && text.contains("password=correct+horse+battery+staple");
        let answer = json!({ "access_token": ACCESS_TOKEN, "expires_in": 3600 });
        exchange.answer(if is_good { 200 } else { 400 }, &[], answer.to_string());
    });
    let api = api(|request| request.header("x-access-token") == Some(ACCESS_TOKEN));
    assert_eq!(status(&example, &api, &login), 200);
}

#[test]
fn basic() {
    let api = api(|request| {
        let pair = STANDARD
            .decode(after(request, "Basic "))
            .unwrap_or_default();
        pair == format!("weld:{PASSWORD}").as_bytes()
    });
    assert_eq!(status(example("Basic"), &api, &nobody()), 200);
}

/// The header and claims of a token that is signed by [`KEY`] and valid now.
fn verified(token: &str) -> Option<(Value, Value)> {
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    let body: String = KEY.lines().filter(|line| !line.starts_with('-')).collect();
    let pair = RsaKeyPair::from_pkcs8(&STANDARD.decode(body).unwrap()).unwrap();
    let key = UnparsedPublicKey::new(
        &signature::RSA_PKCS1_2048_8192_SHA256,
        pair.public_key().as_ref(),
    );
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    key.verify(signed.as_bytes(), &signature).ok()?;
    let parsed = |part: &str| -> Option<Value> {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
    };
    let (header, claims) = (parsed(header)?, parsed(claims)?);
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let holds = claims["iat"].as_u64()? <= now && now < claims["exp"].as_u64()?;
    holds.then_some((header, claims))
}

#[test]
fn jwt() {
    let api = api(|request| {
        verified(after(request, "Bearer ")).is_some_and(|(header, claims)| {
            header["alg"] == "RS256"
                && header["kid"] == "1"
                && claims["iss"] == "weld"
                && claims["aud"] == "example"
                && claims["exp"]
                    .as_u64()
                    .zip(claims["iat"].as_u64())
                    .unwrap()
                    .0
                    == claims["iat"].as_u64().unwrap() + 300
        })
    });
    assert_eq!(status(example("JWT"), &api, &nobody()), 200);
}

#[test]
fn oauth2() {
    let issued: Arc<Mutex<HashMap<String, SystemTime>>> = Arc::default();
    let issuing = Arc::clone(&issued);
    let login = Upstream::start(move |request, exchange| {
        let client = STANDARD
            .decode(after(request, "Basic "))
            .unwrap_or_default();
        let form: HashMap<String, String> = request
            .text()
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let is_right = request.method() == "POST"
            && request.target() == "/token"
            && request.header("content-type") == Some("application/x-www-form-urlencoded")
            && client == format!("weld:{CLIENT_SECRET}").as_bytes()
            && form
                .get("grant_type")
                .is_some_and(|grant| grant == "client_credentials")
            && form
                .get("scope")
                .is_some_and(|scope| scope == "orders.read");
        if !is_right {
            exchange.answer(401, &[], r#"{"error": "invalid_client"}"#);
            return;
        }
        let until = SystemTime::now() + Duration::from_secs(3600);
        issuing
            .lock()
            .unwrap()
            .insert(ACCESS_TOKEN.to_owned(), until);
        let token =
            json!({ "access_token": ACCESS_TOKEN, "token_type": "Bearer", "expires_in": 3600 });
        exchange.answer(
            200,
            &[("content-type", "application/json")],
            token.to_string(),
        );
    });
    let api = api(move |request| {
        let issued = issued.lock().unwrap();
        let until = issued.get(after(request, "Bearer "));
        until.is_some_and(|until| *until > SystemTime::now())
    });
    assert_eq!(status(example("OAuth2"), &api, &login), 200);
}

#[test]
fn session() {
    let api = Upstream::start(|request, exchange| {
        if request.target() == "/login" {
            let body: Value = serde_json::from_str(&request.text()).unwrap_or_default();
            let is_right = body == json!({ "user": "weld", "password": PASSWORD });
            let answer = json!({ "data": { "token": ACCESS_TOKEN } });
            exchange.answer(if is_right { 200 } else { 401 }, &[], answer.to_string());
        } else {
            let is_right = request.header("x-session") == Some(ACCESS_TOKEN);
            exchange.answer(if is_right { 200 } else { 401 }, &[], "{}");
        }
    });
    assert_eq!(status(example("Session"), &api, &nobody()), 200);
}

/// The examples of token endpoints are parts of a section, so each is read together with the missing parts.
#[test]
fn every_setting_of_other_token_endpoints_is_read() {
    let network =
        "[network]\nallow = [\"https://api.example.com\", \"https://login.example.com\"]\n";
    let section = [
        "urls = [\"https://api.example.com\"]",
        "kind = \"oauth2\"",
        "grant = \"client-credentials\"",
        "token-url = \"https://login.example.com/token\"",
        "client-id = \"weld\"",
        "client-secret = { env = \"CLIENT_SECRET\" }",
    ];
    let (_, rest) = DOCUMENT.split_once("\n## Other token endpoints\n").unwrap();
    let examples: Vec<&str> = rest.split("```toml\n").skip(1).collect();
    assert!(examples.len() > 4, "{examples:?}");
    for example in examples {
        let example = example
            .split_once("```")
            .unwrap()
            .0
            .replace("[auth.api]\n", "");
        let has = |line: &&&str| {
            let (key, _) = line.split_once('=').unwrap();
            !example.lines().any(|own| own.starts_with(key))
        };
        let rest: Vec<&str> = section.iter().filter(has).copied().collect();
        let host = host()
            .plugin("guest", guests::FETCHES)
            .config(
                "guest",
                &format!("{network}[auth.api]\n{}\n{example}", rest.join("\n")),
            )
            .variable("CLIENT_SECRET", CLIENT_SECRET)
            .variable("REFRESH_TOKEN", "a-refresh-token")
            .start();
        let line = host.announcement("guest");
        assert!(line.contains("loaded"), "{example}: {line}");
    }
}
