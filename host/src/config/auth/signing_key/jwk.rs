//! Keys as JWK (RFC 7517, RFC 7518 section 6, RFC 8037 section 2).

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::rsa::{KeyPairComponents, PublicKeyComponents};
use ring::signature::{EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair};
use serde_json::{Map, Value};

use super::algorithm::Algorithm;
use super::key_material::KeyMaterial;

pub(super) fn pair(algorithm: Algorithm, text: &str) -> Result<KeyMaterial, String> {
    let key: Map<String, Value> =
        serde_json::from_str(text).map_err(|_| "the JWK is no JSON object".to_owned())?;
    let is = |member: &str, value: &str| key.get(member).and_then(Value::as_str) == Some(value);
    let bytes = |member: &str| {
        let text = key.get(member).and_then(Value::as_str);
        let decoded = text.and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
        decoded.ok_or_else(|| {
            format!("the JWK has no `{member}`, or not in base64url; a private key is needed whole")
        })
    };
    let refused = |_| "the numbers of the JWK are no key".to_owned();
    let other = || {
        format!(
            "the JWK is another key: {} signs with {}",
            algorithm.name(),
            algorithm.key()
        )
    };
    if let Some(hash) = algorithm.hmac() {
        if !is("kty", "oct") {
            return Err(other());
        }
        Ok(KeyMaterial::Hmac(hmac::Key::new(hash, &bytes("k")?)))
    } else if let Some(curve) = algorithm.ecdsa() {
        let name = if algorithm == Algorithm::Es256 {
            "P-256"
        } else {
            "P-384"
        };
        if !is("kty", "EC") || !is("crv", name) {
            return Err(other());
        }
        // An uncompressed point (SEC 1, section 2.3.3).
        let public = [vec![4], bytes("x")?, bytes("y")?].concat();
        let pair = EcdsaKeyPair::from_private_key_and_public_key(
            curve,
            &bytes("d")?,
            &public,
            &SystemRandom::new(),
        );
        pair.map(Arc::new).map(KeyMaterial::Ecdsa).map_err(refused)
    } else if algorithm == Algorithm::EdDsa {
        if !is("kty", "OKP") || !is("crv", "Ed25519") {
            return Err(other());
        }
        Ed25519KeyPair::from_seed_and_public_key(&bytes("d")?, &bytes("x")?)
            .map(Arc::new)
            .map(KeyMaterial::Ed25519)
            .map_err(refused)
    } else {
        if !is("kty", "RSA") {
            return Err(other());
        }
        let components = KeyPairComponents {
            public_key: PublicKeyComponents {
                n: bytes("n")?,
                e: bytes("e")?,
            },
            d: bytes("d")?,
            p: bytes("p")?,
            q: bytes("q")?,
            dP: bytes("dp")?,
            dQ: bytes("dq")?,
            qInv: bytes("qi")?,
        };
        RsaKeyPair::from_components(&components)
            .map(Arc::new)
            .map(KeyMaterial::Rsa)
            .map_err(refused)
    }
}
