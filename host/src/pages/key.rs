//! Which requests are the same.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::calls::CallKey;
use crate::config::ConnectorName;
use crate::waits::Waits;

/// What two requests for a page must have in common to be answered with one: connector, table, and the connector's part
/// of the state, whatever its spelling.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct PageKey {
    connector: ConnectorName,
    /// Of the table's name, and of the canonical state, which may be large.
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

/// What two requests for a schema must have in common: the connector, and its version, which is never asked in the place
/// of a newer one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct SchemaKey {
    pub(super) connector: ConnectorName,
    pub(super) version: u64,
}

impl CallKey for PageKey {
    fn waits(&self) -> Arc<Waits> {
        Waits::of(self.connector.as_str())
    }
}

impl CallKey for SchemaKey {
    fn waits(&self) -> Arc<Waits> {
        Waits::of(self.connector.as_str())
    }
}
