//! A key that signs tokens (RFC 7518, section 3.1; RFC 8037).

mod algorithm;
mod armor;
mod jwk;
mod key_material;
mod pem;
mod secret_encoding;

pub use algorithm::Algorithm;

use ring::hmac;
use ring::rand::SystemRandom;

use key_material::KeyMaterial;
pub(super) use secret_encoding::SecretEncoding;

/// A private key or shared secret, and the algorithm that it signs with.
#[derive(Clone)]
pub struct SigningKey {
    algorithm: Algorithm,
    pair: KeyMaterial,
}

/// The operating system provided no random numbers, or the key turned out to be unusable.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the token could not be signed")]
pub struct SigningError;

impl SigningKey {
    /// Reads a key in PEM or JWK. For HS256, HS384 and HS512 it is a JWK or the shared secret itself.
    ///
    /// # Errors
    ///
    /// What is wrong with the key, in one line that doesn't quote it.
    pub(super) fn parse(algorithm: Algorithm, text: &str) -> Result<Self, String> {
        let pair = if text.trim_start().starts_with('{') {
            jwk::pair(algorithm, text)?
        } else if let Some(hash) = algorithm.hmac() {
            if text.contains("-----BEGIN") {
                return Err(format!(
                    "{} signs with a shared secret, but this is a PEM file",
                    algorithm.name()
                ));
            }
            KeyMaterial::Hmac(hmac::Key::new(hash, text.as_bytes()))
        } else {
            pem::pair(algorithm, text)?
        };
        Ok(Self { algorithm, pair })
    }

    /// Reads a shared secret whose bytes are encoded.
    ///
    /// # Errors
    ///
    /// The algorithm doesn't sign with a shared secret, or the text is not in this encoding.
    pub(super) fn shared(
        algorithm: Algorithm,
        text: &str,
        encoding: SecretEncoding,
    ) -> Result<Self, String> {
        let hash = algorithm.hmac().ok_or_else(|| {
            format!(
                "`key-encoding` is for shared secrets only, but {} signs with {}",
                algorithm.name(),
                algorithm.key()
            )
        })?;
        let bytes = encoding.decode(text.trim()).ok_or_else(|| {
            format!(
                "the secret is not valid {}, which `key-encoding` specifies",
                encoding.name()
            )
        })?;
        let pair = KeyMaterial::Hmac(hmac::Key::new(hash, &bytes));
        Ok(Self { algorithm, pair })
    }

    /// The algorithm that it signs with.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The signature of a message, in the encoding of tokens.
    ///
    /// # Errors
    ///
    /// [`SigningError`] if the operating system provides no random numbers.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        let random = SystemRandom::new();
        match &self.pair {
            KeyMaterial::Hmac(key) => Ok(hmac::sign(key, message).as_ref().to_vec()),
            KeyMaterial::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            KeyMaterial::Ecdsa(pair) => pair
                .sign(&random, message)
                .map(|signature| signature.as_ref().to_vec())
                .map_err(|_| SigningError),
            KeyMaterial::Rsa(pair) => {
                let encoding = self.algorithm.rsa().ok_or(SigningError)?;
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(encoding, &random, message, &mut signature)
                    .map_err(|_| SigningError)?;
                Ok(signature)
            }
        }
    }
}

#[cfg(test)]
mod tests;
