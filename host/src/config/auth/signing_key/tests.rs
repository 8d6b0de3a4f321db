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
fn a_public_key_verifies_signatures_of_its_private_key() {
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
fn signatures_match_the_standards_examples() {
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
fn unusable_keys_are_refused_with_the_reason() {
    let cases = [
        (
            Algorithm::Rs256,
            P256,
            "this is a P-256 key, but RS256 signs with an RSA key",
        ),
        (
            Algorithm::Es256,
            P384,
            "this is a P-384 key, but ES256 signs with a P-256 key",
        ),
        (
            Algorithm::EdDsa,
            RSA_PKCS1,
            "this is an RSA key, but EdDSA signs with an Ed25519 key",
        ),
        (
            Algorithm::Es256,
            P256_SEC1,
            "the key is in SEC 1 format: convert it with `openssl pkcs8 -topk8 -nocrypt`",
        ),
        (
            Algorithm::Es256,
            P256_ENCRYPTED,
            "the key is encrypted: decrypt it with `openssl pkey -in KEY -out DECRYPTED`",
        ),
        (
            Algorithm::Es256,
            P256_PUBLIC,
            "this is a public key, but the host signs with a private key: write the private key that belongs to it",
        ),
        (
            Algorithm::Hs256,
            P256,
            "HS256 signs with a shared secret, but this is a PEM file",
        ),
        (
            Algorithm::Rs256,
            r#"{"kty":"oct","k":"aHVudGVyMg"}"#,
            "the JWK is a key of another kind: RS256 signs with an RSA key",
        ),
        (
            Algorithm::Rs256,
            r#"{"kty":"RSA","n":"aHVudGVyMg","e":"AQAB"}"#,
            "`d` of the JWK is missing or not in base64url: write all members of the private key",
        ),
        (Algorithm::Hs256, "{hunter2", "the JWK is not a JSON object"),
    ];
    for (algorithm, text, expected) in cases {
        let error = SigningKey::parse(algorithm, text).err();
        assert_eq!(error.as_deref(), Some(expected));
    }
}

#[test]
fn a_key_is_read_after_variables_or_copying_changed_it() {
    let (algorithm, pem) = (Algorithm::Rs256, RSA_PKCS8);
    let indented: String = pem.lines().map(|line| format!("    {line}  \n")).collect();
    for (told, text) in [
        ("escapes", pem.replace('\n', "\\n")),
        ("escapes with CR", pem.replace('\n', "\\r\\n")),
        ("escaped twice", pem.replace('\n', "\\\\n")),
        ("CR LF", pem.replace('\n', "\r\n")),
        ("blanks", pem.replace('\n', " ")),
        ("no breaks", pem.replace('\n', "")),
        ("quotes", format!("\"{pem}\"")),
        (
            "quotes and escapes",
            format!("'{}'", pem.replace('\n', "\\n")),
        ),
        ("JSON", pem.replace('/', "\\/").replace('\n', "\\n")),
        ("a mark", format!("\u{FEFF}{pem}")),
        ("indents", indented),
        (
            "base64",
            base64::engine::general_purpose::STANDARD.encode(pem),
        ),
        (
            "a certificate before",
            format!("-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n{pem}"),
        ),
    ] {
        let key = SigningKey::parse(algorithm, &text);
        assert!(key.is_ok(), "{told}: {:?}", key.err());
    }
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    for (text, expected) in [
        (
            pem.lines().next().expect("a line").to_owned(),
            "the key is truncated: the line `-----END PRIVATE KEY-----` is missing; the variable may hold only the key's first line",
        ),
        (
            body,
            "this is only the key's base64: include the line `-----BEGIN PRIVATE KEY-----` before it and the line `-----END PRIVATE KEY-----` after it",
        ),
        (
            pem.replace("-----", "----"),
            "the key must begin with a line such as `-----BEGIN PRIVATE KEY-----`, with five dashes on both sides",
        ),
        (
            pem.replace('\n', "n"),
            "the base64 between `-----BEGIN PRIVATE KEY-----` and its end is incomplete; line breaks may have become other characters",
        ),
        (
            pem.replace("\nMII", "\n#MII"),
            "the text between `-----BEGIN PRIVATE KEY-----` and its end must be base64, but character 1 is not",
        ),
        (
            "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----".to_owned(),
            "this is a certificate, but the host signs with a private key: write the private key that belongs to it",
        ),
        (
            "-----BEGIN OPENSSH PRIVATE KEY-----\nAA==\n-----END OPENSSH PRIVATE KEY-----"
                .to_owned(),
            "the key is in OpenSSH's own format: convert a copy of it with `ssh-keygen -p -m PKCS8 -N '' -f KEY`",
        ),
    ] {
        assert_eq!(
            SigningKey::parse(algorithm, &text).err().as_deref(),
            Some(expected)
        );
    }
}

#[test]
fn a_shared_secret_is_decoded_as_the_configuration_says() {
    let plain = SigningKey::parse(Algorithm::Hs256, "a shared secret?>").expect("a key");
    for (text, encoding) in [
        ("YSBzaGFyZWQgc2VjcmV0Pz4=", SecretEncoding::Base64),
        ("YSBzaGFyZWQgc2VjcmV0Pz4", SecretEncoding::Base64Url),
        (
            "6120736861726564207365637265743F3e",
            SecretEncoding::Hexadecimal,
        ),
    ] {
        let key = SigningKey::shared(Algorithm::Hs256, text, encoding).expect(text);
        let signed = |key: &SigningKey| key.sign(b"message").expect("it signs");
        assert_eq!(signed(&key), signed(&plain), "{text}");
    }
    let wrong = SigningKey::shared(Algorithm::Hs256, "a b", SecretEncoding::Base64).err();
    assert_eq!(
        wrong.as_deref(),
        Some("the secret is not valid base64, which `key-encoding` specifies")
    );
    let other = SigningKey::shared(Algorithm::Es256, "YQ==", SecretEncoding::Base64).err();
    assert_eq!(
        other.as_deref(),
        Some("`key-encoding` is for shared secrets only, but ES256 signs with a P-256 key")
    );
}
