//! The operator's policy as it is now.

use std::sync::Arc;

use crate::config::Policy;
use crate::lock::RwLock;

/// The operator's policy as it is now. Copies share it, so a change applies to the next request of each connector and
/// to each connection that is made from then on.
#[derive(Clone, Default)]
pub struct CurrentPolicy(Arc<RwLock<Arc<Policy>>>);

impl CurrentPolicy {
    /// Begins with this policy.
    #[must_use]
    pub fn new(policy: Arc<Policy>) -> Self {
        Self(Arc::new(RwLock::new(policy)))
    }

    /// Replaces the policy.
    pub fn set(&self, policy: Arc<Policy>) {
        *self.0.write() = policy;
    }

    pub(super) fn get(&self) -> Arc<Policy> {
        self.0.read().clone()
    }
}
