//! The keys of the admin listener, which may be replaced while it runs.

use crate::access_check::{AccessKeys, SharedKeys};
use crate::config::Secret;

/// The keys that requests to the admin listener must send. Clones are the same keys.
#[derive(Debug, Clone)]
pub struct AdminKeys(SharedKeys);

impl AdminKeys {
    /// These keys; none to require none.
    #[must_use]
    pub fn new(keys: &[Secret]) -> Self {
        Self(SharedKeys::new(keys))
    }

    /// Lets these keys count from now on. No keys change nothing. Returns whether they are others than before.
    pub(crate) fn replace(&self, keys: &AccessKeys) -> bool {
        self.0.replace(keys)
    }

    /// Whether requests must send a key.
    pub(crate) fn are_required(&self) -> bool {
        !self.0.get().is_empty()
    }

    /// The keys that count now.
    pub(super) fn get(&self) -> std::sync::Arc<AccessKeys> {
        self.0.get()
    }
}
