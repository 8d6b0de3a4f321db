//! Private keys in PEM.

use std::sync::Arc;

use ring::rand::SystemRandom;
use ring::signature::{EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;

use super::algorithm::Algorithm;
use super::armor;
use super::key_material::KeyMaterial;

pub(super) fn pair(algorithm: Algorithm, text: &str) -> Result<KeyMaterial, String> {
    let block = armor::private_block(text)?;
    let key = PrivateKeyDer::from_pem_slice(block.as_bytes()).map_err(|_| {
        "this kind of key is not supported: convert it with `openssl pkey`".to_owned()
    })?;
    if let Some(pair) = read(algorithm, &key) {
        return Ok(pair);
    }
    let is = Algorithm::ALL
        .into_iter()
        .find(|other| read(*other, &key).is_some());
    Err(match (is, &key) {
        (Some(other), _) => format!(
            "this is {}, but {} signs with {}",
            other.key(),
            algorithm.name(),
            algorithm.key()
        ),
        (None, PrivateKeyDer::Sec1(_)) => {
            "the key is in SEC 1 format: convert it with `openssl pkcs8 -topk8 -nocrypt`".to_owned()
        }
        (None, _) => format!(
            "the key can't be used: {} signs with {}",
            algorithm.name(),
            algorithm.key()
        ),
    })
}

fn read(algorithm: Algorithm, key: &PrivateKeyDer<'_>) -> Option<KeyMaterial> {
    match key {
        PrivateKeyDer::Pkcs8(der) => {
            let der = der.secret_pkcs8_der();
            if algorithm.rsa().is_some() {
                RsaKeyPair::from_pkcs8(der)
                    .ok()
                    .map(Arc::new)
                    .map(KeyMaterial::Rsa)
            } else if let Some(curve) = algorithm.ecdsa() {
                EcdsaKeyPair::from_pkcs8(curve, der, &SystemRandom::new())
                    .ok()
                    .map(Arc::new)
                    .map(KeyMaterial::Ecdsa)
            } else if algorithm == Algorithm::EdDsa {
                // OpenSSL omits the public half.
                Ed25519KeyPair::from_pkcs8_maybe_unchecked(der)
                    .ok()
                    .map(Arc::new)
                    .map(KeyMaterial::Ed25519)
            } else {
                None
            }
        }
        PrivateKeyDer::Pkcs1(der) if algorithm.rsa().is_some() => {
            RsaKeyPair::from_der(der.secret_pkcs1_der())
                .ok()
                .map(Arc::new)
                .map(KeyMaterial::Rsa)
        }
        _ => None,
    }
}
