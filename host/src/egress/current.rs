//! A connector's access to the network as it is configured now.

use std::sync::Arc;

use super::access::Egress;
use crate::lock::RwLock;

/// Shared by all versions of a connector: a call that runs for hours keeps its code, but a change of the rules
/// applies to its very next request.
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
