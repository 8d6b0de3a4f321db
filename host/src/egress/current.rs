//! A connector's access to the network as it is configured now.

use std::sync::Arc;

use super::access::Egress;
use crate::lock::RwLock;

/// Shared by all versions of a connector: a call that runs for hours keeps its code, but a rule that was taken back holds
/// for its next request already.
#[derive(Clone)]
pub(crate) struct CurrentEgress(Arc<RwLock<Arc<Egress>>>);

impl CurrentEgress {
    pub(crate) fn new(egress: Arc<Egress>) -> Self {
        Self(Arc::new(RwLock::new(egress)))
    }

    pub(crate) fn get(&self) -> Arc<Egress> {
        self.0.read().clone()
    }

    pub(crate) fn set(&self, egress: Arc<Egress>) {
        *self.0.write() = egress;
    }
}
