//! What each grant sends, checked the way a token endpoint checks it.

use super::endpoint::{Endpoint, Form, SECRET, token};
use super::{called, host_for};
use crate::{guests, host};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::signature::{
    ED25519, Ed25519KeyPair, KeyPair, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey,
    VerificationAlgorithm,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::SystemTime;

const RSA: &str = include_str!("../../../../host/src/config/auth/signing_key/fixtures/rsa8.pem");
const ED: &str = include_str!("../../../../host/src/config/auth/signing_key/fixtures/ed.pem");

fn der(pem: &str) -> Vec<u8> {
    let lines = pem.lines().filter(|line| !line.starts_with("-----"));
    STANDARD.decode(lines.collect::<String>()).expect("PEM")
}

/// The header and the claims of a token, after checking its signature with this key.
fn verified(token: &str, pem: &str) -> (Value, Value) {
    let (algorithm, public): (&'static dyn VerificationAlgorithm, Vec<u8>) = if pem == RSA {
        let pair = RsaKeyPair::from_pkcs8(&der(pem)).expect("a key");
        (
            &RSA_PKCS1_2048_8192_SHA256,
            pair.public_key().as_ref().to_vec(),
        )
    } else {
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der(pem)).expect("a key");
        (&ED25519, pair.public_key().as_ref().to_vec())
    };
    let decoded = |text: &str| URL_SAFE_NO_PAD.decode(text).expect("base64url");
    let (signed, signature) = token.rsplit_once('.').expect("three parts");
    UnparsedPublicKey::new(algorithm, public)
        .verify(signed.as_bytes(), &decoded(signature))
        .expect("the key's signature");
    let (header, claims) = signed.split_once('.').expect("three parts");
    let claims: Value = serde_json::from_slice(&decoded(claims)).expect("JSON");
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    assert!(claims["iat"].as_u64().is_some_and(|begin| begin <= now));
    assert!(claims["exp"].as_u64().is_some_and(|end| end > now));
    assert!(claims["jti"].is_string(), "{claims}");
    (
        serde_json::from_slice(&decoded(header)).expect("JSON"),
        claims,
    )
}

/// The one form with which a connector with these keys obtains a token that the API accepts.
fn form(endpoint: &Endpoint, keys: &str) -> Form {
    let host = host()
        .plugin("guest", guests::FETCHES)
        .config("guest", &endpoint.config(keys))
        .file("rsa.pem", RSA)
        .file("ed.pem", ED)
        .start();
    let row = called(&host, endpoint);
    assert_eq!(row["status"], 200, "{keys}: {row}");
    let mut forms = endpoint.forms();
    assert_eq!(forms.len(), 1, "{forms:?}");
    forms.remove(0)
}

fn assert_fields(form: &Form, expected: &[(&str, &str)]) {
    let names: BTreeSet<&str> = expected.iter().map(|(name, _)| *name).collect();
    assert_eq!(form.names(), names);
    for (name, value) in expected {
        assert_eq!(form.field(name), Some(*value), "{name}");
    }
}

#[test]
fn client_sends_everything_that_is_configured() {
    let endpoint = Endpoint::giving(token);
    let keys = "grant = \"client-credentials\"\nclient-id = \"weld & co\"\nclient-secret = \"hunter2/hunter2\"\nclient-auth = \"body\"\nscopes = [\"orders.read\", \"beers\"]\naudience = \"https://api.example.com\"\nextra = { resource = \"a b\", tenant = { file = \"ed.pem\" } }";
    let form = form(&endpoint, keys);
    assert_eq!(form.authorization, None);
    assert_fields(
        &form,
        &[
            ("grant_type", "client_credentials"),
            ("client_id", "weld & co"),
            ("client_secret", SECRET),
            ("scope", "orders.read beers"),
            ("audience", "https://api.example.com"),
            ("resource", "a b"),
            ("tenant", ED.trim_end()),
        ],
    );
}

#[test]
fn password_is_sent_for_a_client_without_a_secret() {
    let endpoint = Endpoint::giving(token);
    let keys = "grant = \"password\"\nclient-id = \"weld\"\nusername = \"ada@example.com\"\npassword = \"hunter2/hunter2\"";
    let form = form(&endpoint, keys);
    assert_eq!(form.authorization, None);
    assert_fields(
        &form,
        &[
            ("grant_type", "password"),
            ("client_id", "weld"),
            ("username", "ada@example.com"),
            ("password", SECRET),
        ],
    );
}

#[test]
fn refresh_token_is_sent_until_it_is_replaced() {
    let endpoint = Endpoint::giving(|number| {
        let refresh = match number {
            2 => ", \"refresh_token\": \"the-second-refresh-token\"",
            _ => "",
        };
        format!("{{\"access_token\": \"a-long-token-{number}\"{refresh}}}")
    });
    let keys = "grant = \"refresh-token\"\nclient-id = \"weld\"\nclient-secret = \"hunter2/hunter2\"\nrefresh-token = \"the-first-refresh-token\"";
    let host = host_for(guests::FETCHES, &endpoint, keys);
    for number in 1..=4 {
        endpoint.revoke_before(number);
        assert_eq!(called(&host, &endpoint)["status"], 200);
    }
    let forms = endpoint.forms();
    let sent: Vec<_> = forms
        .iter()
        .map(|form| form.field("refresh_token").unwrap())
        .collect();
    let (first, second) = ("the-first-refresh-token", "the-second-refresh-token");
    assert_eq!(sent, [first, first, second, second]);
    assert_eq!(forms[0].field("grant_type"), Some("refresh_token"));
    assert!(forms[0].authorization.is_some());
}

#[test]
fn tokens_echoed_by_an_api_are_hidden_from_the_connector() {
    let endpoint = Endpoint::answering(
        |_, exchange| {
            exchange.answer(
                200,
                &[],
                "{\"access_token\": \"a-long-token\", \"refresh_token\": \"another-refresh-token\"}",
            );
        },
        |request, exchange| {
            let got = request.header("authorization").unwrap_or_default();
            exchange.answer(
                200,
                &[("x-got", got)],
                format!("{got} another-refresh-token"),
            );
        },
    );
    let keys = "grant = \"refresh-token\"\nclient-id = \"weld\"\nrefresh-token = \"the-first-refresh-token\"";
    for guest in [guests::FETCHES, guests::FETCHES_WASI] {
        let host = host_for(guest, &endpoint, keys);
        let row = called(&host, &endpoint);
        assert_eq!(
            row["body"], "Bearer [secret auth.api.token] [secret auth.api.refresh]",
            "{row}"
        );
        let text = row.to_string();
        assert!(
            !text.contains("a-long-token") && !text.contains("another-refresh"),
            "{text}"
        );
    }
}

#[test]
fn a_signed_token_is_the_grant() {
    let endpoint = Endpoint::giving(token);
    let keys = "grant = \"jwt-bearer\"\nalgorithm = \"RS256\"\nkey = { file = \"rsa.pem\" }\nclaims = { iss = \"weld\", sub = \"ada\" }\nheaders = { kid = \"7\" }\nscopes = [\"beers\"]";
    let form = form(&endpoint, keys);
    assert_eq!(form.authorization, None);
    assert_eq!(
        form.names(),
        BTreeSet::from(["assertion", "grant_type", "scope"])
    );
    assert_eq!(
        form.field("grant_type"),
        Some("urn:ietf:params:oauth:grant-type:jwt-bearer")
    );
    let (header, claims) = verified(form.field("assertion").unwrap(), RSA);
    assert_eq!(header, json!({ "alg": "RS256", "kid": "7", "typ": "JWT" }));
    assert_eq!(
        (&claims["iss"], &claims["sub"]),
        (&json!("weld"), &json!("ada"))
    );
    assert_eq!(claims["aud"], json!(endpoint.upstream.url("/token")));
}

#[test]
fn client_may_sign_instead_of_sending_a_secret() {
    let endpoint = Endpoint::giving(token);
    let keys = "grant = \"client-credentials\"\nclient-id = \"weld\"\nclient-auth = \"private-key-jwt\"\nalgorithm = \"EdDSA\"\nkey = { file = \"ed.pem\" }\nheaders = { kid = \"7\" }";
    let form = form(&endpoint, keys);
    assert_eq!(form.authorization, None);
    assert_eq!(
        form.field("client_assertion_type"),
        Some("urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
    );
    assert_eq!(form.field("client_id"), Some("weld"));
    assert_eq!(form.field("client_secret"), None);
    let (header, claims) = verified(form.field("client_assertion").unwrap(), ED);
    assert_eq!(header["kid"], "7");
    assert_eq!(
        (&claims["iss"], &claims["sub"]),
        (&json!("weld"), &json!("weld"))
    );
    assert_eq!(claims["aud"], json!(endpoint.upstream.url("/token")));
}

#[test]
fn signature_is_renewed_for_a_retry() {
    let endpoint = Endpoint::scripted(|number, exchange| match number {
        1 => exchange.answer(503, &[], ""),
        _ => exchange.answer(200, &[], token(number)),
    });
    let keys = "grant = \"client-credentials\"\nclient-id = \"weld\"\nclient-auth = \"private-key-jwt\"\nalgorithm = \"EdDSA\"\nkey = { file = \"ed.pem\" }";
    let host = host()
        .plugin("guest", guests::FETCHES)
        .config("guest", &endpoint.config(keys))
        .file("ed.pem", ED)
        .start();
    assert_eq!(called(&host, &endpoint)["status"], 200);
    let identifiers: BTreeSet<String> = endpoint
        .forms()
        .iter()
        .map(|form| verified(form.field("client_assertion").unwrap(), ED).1["jti"].to_string())
        .collect();
    assert_eq!(identifiers.len(), 2, "servers accept each only once");
}

#[test]
fn the_key_file_of_a_service_account_is_enough() {
    let endpoint = Endpoint::giving(token);
    let account = json!({
        "type": "service_account",
        "client_email": "weld@example.iam.gserviceaccount.com",
        "private_key_id": "a1b2",
        "private_key": RSA,
        "token_uri": endpoint.upstream.url("/token"),
    });
    let keys = "grant = \"jwt-bearer\"\nkey-file = { file = \"service-account.json\" }\nsubject = \"ada@example.com\"\nscopes = [\"https://www.googleapis.com/auth/drive\", \"beers\"]";
    let config = endpoint.config(keys);
    let config: Vec<&str> = config
        .lines()
        .filter(|line| !line.starts_with("token-url"))
        .collect();
    let host = host()
        .plugin("guest", guests::FETCHES)
        .config("guest", &config.join("\n"))
        .file("service-account.json", account.to_string())
        .start();
    let row = called(&host, &endpoint);
    assert_eq!(row["status"], 200, "{row}");
    let form = &endpoint.forms()[0];
    assert_eq!(form.names(), BTreeSet::from(["assertion", "grant_type"]));
    let (header, claims) = verified(form.field("assertion").unwrap(), RSA);
    assert_eq!(header["kid"], "a1b2");
    for (name, value) in [
        ("iss", "weld@example.iam.gserviceaccount.com"),
        ("sub", "ada@example.com"),
        ("scope", "https://www.googleapis.com/auth/drive beers"),
        ("aud", &endpoint.upstream.url("/token")),
    ] {
        assert_eq!(claims[name], json!(value), "{claims}");
    }
}
