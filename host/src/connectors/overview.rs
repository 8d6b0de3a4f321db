//! All connectors at one moment, for the operator.

use std::sync::Arc;

use super::connector::Connector;
use super::entry::{EntryState, LoadProblem};
use super::registry::Connectors;

/// One connector.
pub(crate) struct ConnectorOverview {
    /// Its name, or that of a file whose name can't be a connector's.
    pub(crate) name: String,
    /// The version that serves.
    pub(crate) connector: Option<Arc<Connector>>,
    /// Why it failed to load; if a version serves, why the newest one failed.
    pub(crate) problem: Option<LoadProblem>,
}

impl Connectors {
    /// All connectors, in the order of their names, and then the files whose names can't be names of connectors.
    pub(crate) fn overview(&self) -> Vec<ConnectorOverview> {
        let mut all = Vec::new();
        self.each_entry(|entry| {
            let (connector, problem) = match &entry.state {
                EntryState::Ready(connector) => (Some(connector.clone()), entry.rejected.clone()),
                EntryState::Loading => (None, None),
                EntryState::Failed(problem) => (None, Some(problem.clone())),
            };
            all.push(ConnectorOverview {
                name: entry.name.to_string(),
                connector,
                problem,
            });
        });
        self.each_misnomer(|name, problem| {
            all.push(ConnectorOverview {
                name: name.to_owned(),
                connector: None,
                problem: Some(problem.clone()),
            });
        });
        all
    }
}
