//! The registry's entry for a name.

use std::sync::Arc;

use jiff::Timestamp;

use super::connector::Connector;
use super::connector_keys::ConnectorKeys;
use super::error::{ConnectorError, LoadError};
use crate::access_check::AccessKeys;
use crate::config::ConnectorName;
use crate::report;

/// The longest reason that is kept for the answers to requests.
const MAX_REASON_BYTES: usize = 2 << 10;

/// One version of a connector, whether it loaded or not. It is immutable and is replaced as a whole by the next
/// version, so keys, state and code always belong together.
pub(super) struct RegistryEntry {
    pub(super) name: ConnectorName,
    pub(super) keys: ConnectorKeys,
    pub(super) state: EntryState,
    /// Why a newer version failed to load, so that this one keeps serving.
    pub(super) rejected: Option<LoadProblem>,
}

/// The state of an entry.
#[derive(Clone)]
pub(super) enum EntryState {
    /// It serves requests.
    Ready(Arc<Connector>),
    /// It is not compiled yet.
    Loading,
    /// It failed to load, for this reason.
    Failed(LoadProblem),
}

/// Why a component failed to load.
#[derive(Debug, Clone)]
pub(crate) struct LoadProblem {
    /// At most [`MAX_REASON_BYTES`].
    pub(crate) reason: Arc<str>,
    pub(crate) at: Timestamp,
    /// Whether the same files may load at another time.
    pub(super) may_pass: bool,
}

impl LoadProblem {
    /// The reason lasts as long as the entry, so it is cut off if it is long: a file may have fifty mistakes.
    pub(super) fn new(error: &LoadError) -> Self {
        Self {
            reason: report::shortened(&report::chain(error), MAX_REASON_BYTES).into(),
            at: Timestamp::now(),
            may_pass: error.may_pass(),
        }
    }
}

impl EntryState {
    /// The state of a connector that failed to load with this error.
    pub(super) fn failed(error: &LoadError) -> Self {
        Self::Failed(LoadProblem::new(error))
    }

    /// The connector.
    ///
    /// # Errors
    ///
    /// [`ConnectorError`]: `Loading` or `Unavailable`.
    fn connector(&self) -> Result<Arc<Connector>, ConnectorError> {
        match self {
            Self::Ready(connector) => Ok(connector.clone()),
            Self::Loading => Err(ConnectorError::Loading),
            Self::Failed(problem) => Err(ConnectorError::Unavailable {
                reason: problem.reason.clone(),
                may_pass: problem.may_pass,
            }),
        }
    }
}

impl RegistryEntry {
    /// The connector, if it loaded.
    pub(super) fn connector(&self) -> Option<&Arc<Connector>> {
        match &self.state {
            EntryState::Ready(connector) => Some(connector),
            EntryState::Loading | EntryState::Failed(_) => None,
        }
    }

    /// Whether it is not compiled yet.
    pub(super) fn is_loading(&self) -> bool {
        matches!(self.state, EntryState::Loading)
    }
}

/// The result of looking up a name at one moment. Everything in it comes from one entry.
pub(crate) struct Lookup(pub(super) Result<Arc<RegistryEntry>, ConnectorError>);

impl Lookup {
    /// The connector's own name, whether it loaded or not. `None` if there is no such connector.
    pub(crate) fn name(&self) -> Option<&ConnectorName> {
        Some(&self.0.as_ref().ok()?.name)
    }

    /// The connector's own keys, which replace the host's. `None` if it has none, they are unknown, or it does not exist.
    pub(crate) fn keys(&self) -> Option<&AccessKeys> {
        self.0.as_ref().ok()?.keys.own()
    }

    /// Why the connector can't be used, if nobody knows its keys. Then no key is known to be wrong.
    pub(crate) fn without_known_keys(&self) -> Option<ConnectorError> {
        let entry = self.0.as_ref().ok()?;
        match entry.keys {
            ConnectorKeys::Unknown => entry.state.connector().err(),
            ConnectorKeys::Hosts | ConnectorKeys::Own(_) => None,
        }
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
        self.0?.state.connector()
    }
}
