use std::path::Path;

use super::*;
use crate::config::{Ceilings, ConnectorConfig, CredentialKind};

fn config(more: &str) -> Arc<JwtConfig> {
    let text = format!(
        "[network]\nallow = ['https://api.example.com']\n[auth.api]\nurls = ['https://api.example.com']\nkind = 'jwt'\nalgorithm = 'HS256'\nkey = 'a shared secret'\n{more}"
    );
    let config = ConnectorConfig::parse(&text, Path::new("shop.toml"), &Ceilings::default());
    match &config.expect("a valid file").credentials[0].kind {
        CredentialKind::Jwt(config) => config.clone(),
        CredentialKind::Fixed(_) | CredentialKind::Oauth2(_) => panic!("another kind"),
    }
}

fn signer(more: &str) -> Signer {
    Signer::new("api".into(), config(more))
}

fn sent(signer: &Signer) -> String {
    let (value, _) = signer.signed(&Secrets::default()).expect("it signs");
    assert!(value.is_sensitive());
    value.to_str().expect("ASCII").to_owned()
}

fn part(text: &str) -> Value {
    let bytes = URL_SAFE_NO_PAD.decode(text).expect("base64url");
    serde_json::from_slice(&bytes).expect("JSON")
}

#[test]
fn a_token_has_the_configured_claims_and_those_that_the_host_fills_in() {
    let config = config(
        "claims = { iss = 'weld', aud = ['a', 'b'], nested = { level = 2, on = true } }\nheaders = { kid = '1' }\nexpires-in = '90s'",
    );
    let now = SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_999);
    let token = token(&config.content, now).expect("it signs");
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims, signature] = parts[..] else {
        panic!("{token}")
    };
    assert_eq!(
        part(header),
        serde_json::json!({ "alg": "HS256", "kid": "1", "typ": "JWT" })
    );
    let mut claims_read = part(claims);
    let identifier = claims_read["jti"].take();
    assert_eq!(identifier.as_str().expect("a text").len(), 22);
    assert_eq!(
        claims_read,
        serde_json::json!({
            "iss": "weld", "aud": ["a", "b"], "nested": { "level": 2, "on": true },
            "iat": 1_700_000_000 - 18, "exp": 1_700_000_000 + 72, "jti": null,
        })
    );
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"a shared secret");
    let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
    ring::hmac::verify(&key, format!("{header}.{claims}").as_bytes(), &signature)
        .expect("it is the key's");
}

#[tokio::test(start_paused = true)]
async fn a_token_is_sent_until_it_is_nearly_over() {
    let signer = signer("expires-in = '100s'");
    let first = sent(&signer);
    assert!(first.starts_with("Bearer "), "{first}");
    tokio::time::advance(Duration::from_secs(63)).await;
    assert_eq!(sent(&signer), first);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_ne!(sent(&signer), first);
}

#[test]
fn each_request_has_its_own_token_if_the_api_requires_it() {
    let signer = signer("per-request = true\nheader = 'x-token'\nprefix = 'Ghost '");
    let first = sent(&signer);
    assert_eq!(signer.config.header, "x-token");
    assert!(first.starts_with("Ghost "), "{first}");
    assert_ne!(sent(&signer), first);
}

#[test]
fn a_token_that_was_refused_is_not_sent_again_and_no_newer_one_is_lost() {
    let signer = signer("");
    let signed = || signer.signed(&Secrets::default()).expect("it signs");
    let (first, was_sent_before) = signed();
    assert!(!was_sent_before);
    assert_eq!(signed(), (first.clone(), true));
    let url = url::Url::parse("https://api.example.com/").expect("a URL");
    assert!(signer.discard(&first, &url));
    let (second, was_sent_before) = signed();
    assert!(!was_sent_before && first != second);
    assert!(signer.discard(&first, &url), "there is a newer one");
    assert!(
        !signer.discard(&second, &url),
        "the newer one hasn't helped"
    );
    signer.was_accepted(&url);
    assert_eq!(signed(), (second.clone(), true));
    assert!(signer.discard(&second, &url));
}

#[test]
fn a_token_is_issued_before_it_is_signed_and_lives_no_longer_for_it() {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    for (more, back, life) in [
        ("", 60, 300),
        ("expires-in = '10m'", 60, 600),
        ("expires-in = '100s'", 20, 100),
        ("expires-in = '10s'", 2, 10),
        ("backdate = '0s'", 0, 300),
        ("backdate = '150s'\nheaders = { typ = 'at+jwt' }", 150, 300),
    ] {
        let token = token(&config(more).content, now).expect("it signs");
        let claims = part(token.split('.').nth(1).expect("three parts"));
        let issued = 1_700_000_000 - back;
        assert_eq!(
            (&claims["iat"], &claims["exp"]),
            (&Value::from(issued), &Value::from(issued + life)),
            "{more}"
        );
        let header = part(token.split('.').next().expect("three parts"));
        let typ = if more.contains("typ") {
            "at+jwt"
        } else {
            "JWT"
        };
        assert_eq!(header["typ"], typ);
    }
}
