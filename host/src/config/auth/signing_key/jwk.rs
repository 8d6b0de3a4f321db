//! Keys as JWK (RFC 7517, RFC 7518 section 6, RFC 8037 section 2).

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::error::KeyRejected;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::rsa::{KeyPairComponents, PublicKeyComponents};
use ring::signature::{EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, RsaKeyPair};
use serde_json::{Map, Value};

use super::algorithm::Algorithm;
use super::key_material::KeyMaterial;

/// Reads a key for this algorithm.
///
/// # Errors
///
/// What is wrong with the key, in one line that doesn't quote it.
pub(super) fn pair(algorithm: Algorithm, text: &str) -> Result<KeyMaterial, String> {
    let jwk = Jwk {
        algorithm,
        members: serde_json::from_str(text)
            .map_err(|_| "the JWK is not a JSON object".to_owned())?,
    };
    if let Some(hash) = algorithm.hmac() {
        jwk.require("kty", "oct")?;
        Ok(KeyMaterial::Hmac(hmac::Key::new(hash, &jwk.bytes("k")?)))
    } else if let Some(curve) = algorithm.ecdsa() {
        jwk.ecdsa(curve)
    } else if algorithm == Algorithm::EdDsa {
        jwk.ed25519()
    } else {
        jwk.rsa()
    }
}

/// The members of a JWK, and the algorithm that the key is for.
struct Jwk {
    algorithm: Algorithm,
    members: Map<String, Value>,
}

impl Jwk {
    fn ecdsa(&self, curve: &'static EcdsaSigningAlgorithm) -> Result<KeyMaterial, String> {
        let name = if self.algorithm == Algorithm::Es256 {
            "P-256"
        } else {
            "P-384"
        };
        self.require("kty", "EC")?;
        self.require("crv", name)?;
        // An uncompressed point (SEC 1, section 2.3.3).
        let public = [vec![4], self.bytes("x")?, self.bytes("y")?].concat();
        let pair = EcdsaKeyPair::from_private_key_and_public_key(
            curve,
            &self.bytes("d")?,
            &public,
            &SystemRandom::new(),
        );
        pair.map(Arc::new).map(KeyMaterial::Ecdsa).map_err(refused)
    }

    fn ed25519(&self) -> Result<KeyMaterial, String> {
        self.require("kty", "OKP")?;
        self.require("crv", "Ed25519")?;
        Ed25519KeyPair::from_seed_and_public_key(&self.bytes("d")?, &self.bytes("x")?)
            .map(Arc::new)
            .map(KeyMaterial::Ed25519)
            .map_err(refused)
    }

    fn rsa(&self) -> Result<KeyMaterial, String> {
        self.require("kty", "RSA")?;
        let components = KeyPairComponents {
            public_key: PublicKeyComponents {
                n: self.bytes("n")?,
                e: self.bytes("e")?,
            },
            d: self.bytes("d")?,
            p: self.bytes("p")?,
            q: self.bytes("q")?,
            dP: self.bytes("dp")?,
            dQ: self.bytes("dq")?,
            qInv: self.bytes("qi")?,
        };
        RsaKeyPair::from_components(&components)
            .map(Arc::new)
            .map(KeyMaterial::Rsa)
            .map_err(refused)
    }

    /// Fails if a member has another value, which means that the key is of another kind.
    fn require(&self, member: &str, value: &str) -> Result<(), String> {
        if self.members.get(member).and_then(Value::as_str) == Some(value) {
            return Ok(());
        }
        Err(format!(
            "the JWK is a key of another kind: {} signs with {}",
            self.algorithm.name(),
            self.algorithm.key()
        ))
    }

    /// A member in base64url.
    fn bytes(&self, member: &str) -> Result<Vec<u8>, String> {
        let text = self.members.get(member).and_then(Value::as_str);
        let decoded = text.and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
        decoded.ok_or_else(|| {
            format!("`{member}` of the JWK is missing or not in base64url: write all members of the private key")
        })
    }
}

fn refused(_: KeyRejected) -> String {
    "the values of the JWK don't form a valid key".to_owned()
}
