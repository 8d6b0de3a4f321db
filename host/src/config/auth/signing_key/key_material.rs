//! A key in the form that signing needs.

use std::sync::Arc;

use ring::hmac;
use ring::signature::{EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair};

/// A key pair or a shared secret.
#[derive(Clone)]
pub(super) enum KeyMaterial {
    Rsa(Arc<RsaKeyPair>),
    Ecdsa(Arc<EcdsaKeyPair>),
    Ed25519(Arc<Ed25519KeyPair>),
    Hmac(hmac::Key),
}
