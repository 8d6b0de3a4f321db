use std::path::Path;

use super::*;
use crate::config::{Ceilings, ConnectorConfig, CredentialKind};

fn config(more: &str) -> std::sync::Arc<JwtConfig> {
    let text = format!(
        "[network]\nallow = ['https://api.example.com']\n[auth.api]\nurls = ['https://api.example.com']\nkind = 'jwt'\nalgorithm = 'HS256'\nkey = 'a shared secret'\n{more}"
    );
    let config = ConnectorConfig::parse(&text, Path::new("shop.toml"), &Ceilings::default());
    match &config.expect("it is right").credentials[0].kind {
        CredentialKind::Jwt(config) => config.clone(),
        CredentialKind::Fixed(_) => panic!("another kind"),
    }
}

fn sent(signer: &Signer, config: &JwtConfig) -> (String, String) {
    match signer.addition("api", config, |_| {}).expect("it signs") {
        Addition::Header { name, value } => {
            assert!(value.is_sensitive());
            (name.to_string(), value.to_str().expect("ASCII").to_owned())
        }
        Addition::Query { .. } | Addition::Cookie { .. } => panic!("no header"),
    }
}

fn part(text: &str) -> Value {
    let bytes = URL_SAFE_NO_PAD.decode(text).expect("base64url");
    serde_json::from_slice(&bytes).expect("JSON")
}

#[test]
fn a_token_has_what_is_configured_and_what_the_host_fills_in() {
    let config = config(
        "claims = { iss = 'weld', aud = ['a', 'b'], nested = { level = 2, on = true } }\nheaders = { kid = '1' }\nexpires-in = '90s'",
    );
    let now = SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_999);
    let token = token(&config, now).expect("it signs");
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
            "iat": 1_700_000_000, "exp": 1_700_000_090, "jti": null,
        })
    );
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"a shared secret");
    let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
    ring::hmac::verify(&key, format!("{header}.{claims}").as_bytes(), &signature)
        .expect("it is the key's");
}

#[tokio::test(start_paused = true)]
async fn a_token_is_sent_until_it_is_nearly_over() {
    let (signer, config) = (Signer::default(), config("expires-in = '100s'"));
    let first = sent(&signer, &config);
    assert!(first.1.starts_with("Bearer "), "{first:?}");
    tokio::time::advance(Duration::from_secs(79)).await;
    assert_eq!(sent(&signer, &config), first);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_ne!(sent(&signer, &config), first);
}

#[test]
fn each_request_has_its_own_where_the_api_wants_that() {
    let config = config("per-request = true\nheader = 'x-token'\nprefix = 'Ghost '");
    let signer = Signer::default();
    let (name, first) = sent(&signer, &config);
    assert_eq!(name, "x-token");
    assert!(first.starts_with("Ghost "), "{first}");
    assert_ne!(sent(&signer, &config).1, first);
}
