//! The keys that open a connector.

use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use crate::config::Secret;

/// Keys, any of which opens a connector. Kept as digests, made once: all of one length, so that a comparison's time tells
/// neither a key's length nor how much of it was right.
#[derive(Debug, Clone)]
pub(crate) struct AccessKeys {
    digests: Vec<[u8; 32]>,
}

impl AccessKeys {
    /// These keys, which may be none.
    pub(crate) fn new(keys: &[Secret]) -> Self {
        Self {
            digests: keys
                .iter()
                .map(|key| Sha256::digest(key.expose()).into())
                .collect(),
        }
    }

    /// Whether there are none, which lets everyone pass.
    pub(crate) fn is_empty(&self) -> bool {
        self.digests.is_empty()
    }

    /// Whether `token` is one of them.
    pub(crate) fn contain(&self, token: &[u8]) -> bool {
        let digest: [u8; 32] = Sha256::digest(token).into();
        let equal = self
            .digests
            .iter()
            .fold(Choice::from(0), |found, key| found | key.ct_eq(&digest));
        equal.into()
    }
}
