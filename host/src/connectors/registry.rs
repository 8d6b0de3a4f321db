//! From a name to its connector, and the calls that go to one.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::admission::{Admission, AdmissionSettings, Slot};
use super::error::ConnectorError;
use super::load::{Entry, Folder, LoadReport};
use crate::config::{ConnectorName, Secret};
use crate::sandbox::Connector;

/// The connectors that this host serves.
pub struct Connectors {
    entries: BTreeMap<ConnectorName, Entry>,
    default: Option<ConnectorName>,
    admission: Admission,
}

/// The connector named as default is not in the folder.
#[derive(Debug, thiserror::Error)]
#[error("--default names `{name}`, but the plugins folder has no {name}.wasm")]
pub struct NoDefault {
    /// The name that was given.
    name: ConnectorName,
}

impl Connectors {
    /// Takes over what a folder held. `default` is the connector behind the plain routes `/` and `/schema`.
    ///
    /// # Errors
    ///
    /// [`NoDefault`] where `default` is no connector of the folder. One that did not load is accepted: it may be
    /// mended.
    pub fn new(
        folder: Folder,
        default: Option<ConnectorName>,
        admission: AdmissionSettings,
    ) -> Result<(Self, Vec<LoadReport>), NoDefault> {
        let mut entries = BTreeMap::new();
        let mut reports = Vec::new();
        for tried in folder.tried {
            entries.extend(tried.entry);
            reports.push(tried.report);
        }
        if let Some(name) = &default
            && !entries.contains_key(name)
        {
            return Err(NoDefault { name: name.clone() });
        }
        let connectors = Self {
            entries,
            default,
            admission: Admission::new(admission),
        };
        Ok((connectors, reports))
    }

    /// The keys of a connector's own, which replace the host's; `None` for the plain routes' connector.
    pub(crate) fn api_keys(&self, name: Option<&str>) -> Option<&[Secret]> {
        self.entry(name).ok()?.api_keys.as_deref()
    }

    /// The connector of that name; `None` for the one behind the plain routes.
    ///
    /// # Errors
    ///
    /// [`ConnectorError`]: `Unknown`, `Ambiguous`, `None` or `Unavailable`.
    pub(crate) fn find(&self, name: Option<&str>) -> Result<&Arc<Connector>, ConnectorError> {
        self.entry(name)?
            .connector
            .as_ref()
            .ok_or(ConnectorError::Unavailable)
    }

    /// Begins no more calls.
    pub(crate) fn close(&self) {
        self.admission.close();
    }

    /// Waits for the right to make a call. While there is none, `make_room` is called from time to time, to end calls
    /// that can be spared.
    ///
    /// # Errors
    ///
    /// [`ConnectorError`]: `Busy` or `ShuttingDown`.
    pub(crate) async fn admit(&self, make_room: impl Fn()) -> Result<Slot, ConnectorError> {
        self.admission.slot(make_room).await
    }

    /// Where a broken connector lies beside a whole one, neither is behind the plain routes: which connector answers
    /// there must not depend on whether another one loaded.
    fn entry(&self, name: Option<&str>) -> Result<&Entry, ConnectorError> {
        if let Some(name) = name {
            return self
                .entries
                .get(name)
                .ok_or_else(|| ConnectorError::Unknown {
                    name: name.to_owned(),
                });
        }
        if let Some(entry) = self
            .default
            .as_ref()
            .and_then(|name| self.entries.get(name))
        {
            return Ok(entry);
        }
        let mut entries = self.entries.values();
        match (entries.next(), entries.next()) {
            (None, _) => Err(ConnectorError::None),
            (Some(only), None) => Ok(only),
            (Some(_), Some(_)) => Err(ConnectorError::Ambiguous),
        }
    }
}
