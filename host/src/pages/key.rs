//! Which requests are equal.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::calls::CallKey;
use crate::config::ConnectorName;
use crate::traces::CallTrace;
use crate::waits::Waits;

/// Requests for a page with equal keys share one answer. The key consists of the connector, the table, and the
/// connector's part of the state in canonical spelling.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct PageKey {
    connector: ConnectorName,
    /// A digest of the table's name and the canonical state, which may be large.
    table: [u8; 32],
    state: [u8; 32],
}

impl PageKey {
    pub(super) fn new(connector: &ConnectorName, table: &str, canonical_state: &str) -> Self {
        Self {
            connector: connector.clone(),
            table: Sha256::digest(table).into(),
            state: Sha256::digest(canonical_state).into(),
        }
    }

    pub(super) fn connector(&self) -> &ConnectorName {
        &self.connector
    }
}

/// The key that requests for a schema share: the connector and its version, so that an old version never answers for
/// a newer one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct SchemaKey {
    pub(super) connector: ConnectorName,
    pub(super) version: u64,
}

impl CallKey for PageKey {
    fn waits(&self, trace: Option<CallTrace>) -> Arc<Waits> {
        Waits::of(self.connector.shared(), trace)
    }
}

impl CallKey for SchemaKey {
    fn waits(&self, trace: Option<CallTrace>) -> Arc<Waits> {
        Waits::of(self.connector.shared(), trace)
    }
}
