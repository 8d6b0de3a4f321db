//! What the registry has under a name.

use std::sync::Arc;

use super::connector::Connector;
use super::error::ConnectorError;
use super::keys::AccessKeys;
use crate::config::ConnectorName;

/// One version of a connector, whether it loaded or not. Never changed: another version takes its place as a whole, so
/// that keys, state and code always belong together.
pub(super) struct RegistryEntry {
    pub(super) name: ConnectorName,
    /// Keys of its own, which replace the host's. Known also if only the component is broken.
    pub(super) keys: Option<AccessKeys>,
    pub(super) state: EntryState,
}

/// How far an entry has come.
pub(super) enum EntryState {
    /// It serves.
    Ready(Arc<Connector>),
    /// It is still to be compiled.
    Loading,
    /// It did not load.
    Failed,
}

impl RegistryEntry {
    /// The connector, if it loaded.
    pub(super) fn connector(&self) -> Option<&Arc<Connector>> {
        match &self.state {
            EntryState::Ready(connector) => Some(connector),
            EntryState::Loading | EntryState::Failed => None,
        }
    }

    /// Whether it is still to be compiled.
    pub(super) fn is_loading(&self) -> bool {
        matches!(self.state, EntryState::Loading)
    }
}

/// What a name led to at one moment. All that it says is of one entry.
pub(crate) struct Lookup(pub(super) Result<Arc<RegistryEntry>, ConnectorError>);

impl Lookup {
    /// The connector's own name, whether it loaded or not. `None` if there is no such connector.
    pub(crate) fn name(&self) -> Option<&ConnectorName> {
        Some(&self.0.as_ref().ok()?.name)
    }

    /// The connector's own keys, which replace the host's. `None` if it has none, or is not there.
    pub(crate) fn keys(&self) -> Option<&AccessKeys> {
        self.0.as_ref().ok()?.keys.as_ref()
    }

    pub(super) fn is_loading(&self) -> bool {
        self.0.as_ref().is_ok_and(|entry| entry.is_loading())
    }

    /// The connector.
    ///
    /// # Errors
    ///
    /// [`ConnectorError`]: `Unknown`, `Ambiguous`, `None`, `Loading` or `Unavailable`.
    pub(super) fn connector(self) -> Result<Arc<Connector>, ConnectorError> {
        match &self.0?.state {
            EntryState::Ready(connector) => Ok(connector.clone()),
            EntryState::Loading => Err(ConnectorError::Loading),
            EntryState::Failed => Err(ConnectorError::Unavailable),
        }
    }
}
