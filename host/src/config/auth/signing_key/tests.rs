use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, KeyPair, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    UnparsedPublicKey, VerificationAlgorithm,
};

use super::*;

const RSA_PKCS8: &str = include_str!("fixtures/rsa8.pem");
const RSA_PKCS1: &str = include_str!("fixtures/rsa1.pem");
const P256: &str = include_str!("fixtures/p256.pem");
const P256_SEC1: &str = include_str!("fixtures/sec1.pem");
const P256_ENCRYPTED: &str = include_str!("fixtures/enc.pem");
const P256_PUBLIC: &str = include_str!("fixtures/pub.pem");
const P384: &str = include_str!("fixtures/p384.pem");
const ED25519_PEM: &str = include_str!("fixtures/ed.pem");

fn public(key: &SigningKey) -> Vec<u8> {
    match &key.pair {
        KeyMaterial::Rsa(pair) => pair.public_key().as_ref().to_vec(),
        KeyMaterial::Ecdsa(pair) => pair.public_key().as_ref().to_vec(),
        KeyMaterial::Ed25519(pair) => pair.public_key().as_ref().to_vec(),
        KeyMaterial::Hmac(_) => panic!("it has no public half"),
    }
}

#[test]
fn what_a_private_key_signs_its_public_half_verifies() {
    let cases: [(Algorithm, &str, &'static dyn VerificationAlgorithm); 8] = [
        (Algorithm::Rs256, RSA_PKCS8, &RSA_PKCS1_2048_8192_SHA256),
        (Algorithm::Rs256, RSA_PKCS1, &RSA_PKCS1_2048_8192_SHA256),
        (Algorithm::Rs384, RSA_PKCS8, &RSA_PKCS1_2048_8192_SHA384),
        (Algorithm::Rs512, RSA_PKCS8, &RSA_PKCS1_2048_8192_SHA512),
        (Algorithm::Ps256, RSA_PKCS8, &RSA_PSS_2048_8192_SHA256),
        (Algorithm::Es256, P256, &ECDSA_P256_SHA256_FIXED),
        (Algorithm::Es384, P384, &ECDSA_P384_SHA384_FIXED),
        (Algorithm::EdDsa, ED25519_PEM, &ED25519),
    ];
    for (algorithm, pem, verification) in cases {
        let key = SigningKey::parse(algorithm, pem)
            .unwrap_or_else(|error| panic!("{}: {error}", algorithm.name()));
        let signature = key.sign(b"message").expect("it signs");
        UnparsedPublicKey::new(verification, public(&key))
            .verify(b"message", &signature)
            .unwrap_or_else(|error| panic!("{}: {error}", algorithm.name()));
    }
}

/// RFC 7515, appendix A.1, and RFC 8037, appendix A.4.
#[test]
fn signatures_are_those_of_the_standards() {
    let cases = [
        (
            Algorithm::Hs256,
            r#"{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}"#,
            "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        ),
        (
            Algorithm::EdDsa,
            r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
            "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
        ),
    ];
    for (algorithm, jwk, message, expected) in cases {
        let key = SigningKey::parse(algorithm, jwk)
            .unwrap_or_else(|error| panic!("{}: {error}", algorithm.name()));
        let signature = key.sign(message.as_bytes()).expect("it signs");
        assert_eq!(URL_SAFE_NO_PAD.encode(signature), expected, "{jwk}");
    }
}

#[test]
fn keys_of_no_use_are_refused_with_the_reason() {
    let cases = [
        (
            Algorithm::Rs256,
            P256,
            "this is a P-256 key, and RS256 signs with an RSA key",
        ),
        (
            Algorithm::Es256,
            P384,
            "this is a P-384 key, and ES256 signs with a P-256 key",
        ),
        (
            Algorithm::EdDsa,
            RSA_PKCS1,
            "this is an RSA key, and EdDSA signs with an Ed25519 key",
        ),
        (
            Algorithm::Es256,
            P256_SEC1,
            "the key has the form SEC 1; convert it with `openssl pkcs8 -topk8 -nocrypt`",
        ),
        (
            Algorithm::Es256,
            P256_ENCRYPTED,
            "the key is encrypted, and must be decrypted first",
        ),
        (
            Algorithm::Es256,
            P256_PUBLIC,
            "this is no private key in PEM, which begins with \"-----BEGIN PRIVATE KEY-----\", nor a JWK",
        ),
        (
            Algorithm::Hs256,
            P256,
            "HS256 signs with a shared secret, and this is a PEM file",
        ),
        (
            Algorithm::Rs256,
            r#"{"kty":"oct","k":"aHVudGVyMg"}"#,
            "the JWK is another key: RS256 signs with an RSA key",
        ),
        (
            Algorithm::Rs256,
            r#"{"kty":"RSA","n":"aHVudGVyMg","e":"AQAB"}"#,
            "the JWK has no `d`, or not in base64url; a private key is needed whole",
        ),
        (Algorithm::Hs256, "{hunter2", "the JWK is no JSON object"),
    ];
    for (algorithm, text, expected) in cases {
        let error = SigningKey::parse(algorithm, text).err();
        assert_eq!(error.as_deref(), Some(expected));
    }
}
