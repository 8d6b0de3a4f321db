//! The keys that give access to a connector.

use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use crate::config::Secret;

/// Keys, each of which gives access. They are stored as digests, computed once. All digests have the same length, so
/// the time of a comparison reveals neither a key's length nor how much of it was right.
#[derive(Debug, Clone)]
pub(crate) struct AccessKeys {
    digests: Vec<[u8; 32]>,
}

impl AccessKeys {
    /// These keys; the list may be empty.
    pub(crate) fn new(keys: &[Secret]) -> Self {
        Self {
            digests: keys
                .iter()
                .map(|key| Sha256::digest(key.expose()).into())
                .collect(),
        }
    }

    /// Whether there are no keys, so that every request is permitted.
    pub(crate) fn is_empty(&self) -> bool {
        self.digests.is_empty()
    }

    /// Whether `token` is one of the keys.
    pub(crate) fn contain(&self, token: &[u8]) -> bool {
        let digest: [u8; 32] = Sha256::digest(token).into();
        let equal = self
            .digests
            .iter()
            .fold(Choice::from(0), |found, key| found | key.ct_eq(&digest));
        equal.into()
    }
}
