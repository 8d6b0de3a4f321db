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

/// A private or shared key, and what it signs with.
#[derive(Clone)]
pub struct SigningKey {
    algorithm: Algorithm,
    pair: KeyMaterial,
}

/// The system gave no random numbers, or the key is of no use after all.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the key could not sign")]
pub struct SigningError;

impl SigningKey {
    /// Reads a key: PEM or JWK; for HS256 and its like a JWK or the shared secret as it stands.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in a line that quotes none of it.
    pub(super) fn parse(algorithm: Algorithm, text: &str) -> Result<Self, String> {
        let pair = if text.trim_start().starts_with('{') {
            jwk::pair(algorithm, text)?
        } else if let Some(hash) = algorithm.hmac() {
            if text.contains("-----BEGIN") {
                return Err(format!(
                    "{} signs with a shared secret, and this is a PEM file",
                    algorithm.name()
                ));
            }
            KeyMaterial::Hmac(hmac::Key::new(hash, text.as_bytes()))
        } else {
            pem::pair(algorithm, text)?
        };
        Ok(Self { algorithm, pair })
    }

    /// A shared secret whose bytes are written in another encoding.
    ///
    /// # Errors
    ///
    /// The algorithm signs with no shared secret, or the text is not of this encoding.
    pub(super) fn shared(
        algorithm: Algorithm,
        text: &str,
        encoding: SecretEncoding,
    ) -> Result<Self, String> {
        let hash = algorithm.hmac().ok_or_else(|| {
            format!(
                "`key-encoding` is of shared secrets, and {} signs with {}",
                algorithm.name(),
                algorithm.key()
            )
        })?;
        let bytes = encoding.decode(text.trim()).ok_or_else(|| {
            format!(
                "the secret is not the {} that `key-encoding` says",
                encoding.name()
            )
        })?;
        let pair = KeyMaterial::Hmac(hmac::Key::new(hash, &bytes));
        Ok(Self { algorithm, pair })
    }

    /// What it signs with.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The signature of a message, in the form that a token has it.
    ///
    /// # Errors
    ///
    /// [`SigningError`], where the system has no random numbers.
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
