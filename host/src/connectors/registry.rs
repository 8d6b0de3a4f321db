//! From a name to its connector, and the calls that go to one.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::admission::{Admission, AdmissionSettings, Slot, Spare};
use super::error::ConnectorError;
use super::load::Entry;
use crate::config::{ConnectorName, Secret};
use crate::sandbox::{Connector, TotalMemory};

/// How many old versions of a connector may still have calls. A call that sleeps for a day must not keep every version of
/// that day in memory.
const MAX_OLD_VERSIONS: usize = 2;

/// How long a request waits for a connector that is being compiled: as long as the usual proxies allow.
const LOADING_WAIT: Duration = Duration::from_secs(55);

/// The connectors that this host serves.
pub struct Connectors {
    entries: RwLock<BTreeMap<ConnectorName, Arc<Entry>>>,
    /// Versions that were replaced, the oldest first. Their calls keep them alive.
    old: Mutex<HashMap<ConnectorName, Vec<Weak<Connector>>>>,
    default: Option<ConnectorName>,
    admission: Admission,
    /// Told of every change of the entries; its value is whether the host is shutting down.
    changes: watch::Sender<bool>,
}

/// The connector named as default is not in the folder.
#[derive(Debug, thiserror::Error)]
#[error("--default names `{name}`, but the plugins folder has no {name}.wasm")]
pub struct NoDefault {
    /// The name that was given.
    name: ConnectorName,
}

impl Connectors {
    /// No connectors, `default` as the name behind the plain routes `/` and `/schema`.
    pub(super) fn new(
        default: Option<ConnectorName>,
        admission: AdmissionSettings,
        total_memory: Arc<TotalMemory>,
    ) -> Self {
        Self {
            entries: RwLock::default(),
            old: Mutex::default(),
            default,
            admission: Admission::new(admission, total_memory),
            changes: watch::Sender::new(false),
        }
    }

    /// Checks that the default is there. One that did not load is accepted: it may be mended.
    ///
    /// # Errors
    ///
    /// [`NoDefault`].
    pub(super) fn check_default(&self) -> Result<(), NoDefault> {
        match &self.default {
            Some(name) if !self.read(|entries| entries.contains_key(name)) => {
                Err(NoDefault { name: name.clone() })
            }
            _ => Ok(()),
        }
    }

    /// The keys of a connector's own, which replace the host's; `None` for the plain routes' connector.
    pub(crate) fn api_keys(&self, name: Option<&str>) -> Option<Arc<[Secret]>> {
        self.entry(name).ok()?.api_keys.clone()
    }

    /// The connector of that name, in its newest version; `None` for the one behind the plain routes.
    ///
    /// # Errors
    ///
    /// [`ConnectorError`]: `Unknown`, `Ambiguous`, `None` or `Unavailable`.
    pub(crate) fn find(&self, name: Option<&str>) -> Result<Arc<Connector>, ConnectorError> {
        self.entry(name)?
            .connector
            .clone()
            .ok_or(ConnectorError::Unavailable)
    }

    /// As [`find`](Self::find), and waits while the connector is being compiled, for [`LOADING_WAIT`] at the most.
    ///
    /// # Errors
    ///
    /// As [`find`](Self::find), `Loading` and `ShuttingDown`.
    pub(crate) async fn loaded(
        &self,
        name: Option<&str>,
    ) -> Result<Arc<Connector>, ConnectorError> {
        let mut changes = self.changes.subscribe();
        let deadline = Instant::now() + LOADING_WAIT;
        if self.entry(name)?.is_loading {
            tracing::debug!("the request waits for the compiler");
        }
        loop {
            // Marked as seen before the look, so that no change is missed.
            let is_closed = *changes.borrow_and_update();
            if !self.entry(name)?.is_loading {
                return self.find(name);
            }
            if is_closed {
                return Err(ConnectorError::ShuttingDown);
            }
            if timeout_at(deadline, changes.changed()).await.is_err() {
                return Err(ConnectorError::Loading);
            }
        }
    }

    /// The own name of a connector that is there, loaded or not; `None` asks for the one behind the plain routes.
    pub(crate) fn name(&self, name: Option<&str>) -> Option<String> {
        let name = name.or(self.default.as_ref().map(ConnectorName::as_str));
        self.read(|entries| {
            let mut names = entries.keys();
            match name {
                Some(name) => entries.get_key_value(name).map(|(name, _)| name),
                None => names.next().filter(|_| names.next().is_none()),
            }
            .map(ToString::to_string)
        })
    }

    /// Begins no more calls.
    pub(crate) fn close(&self) {
        self.admission.close();
        self.changes.send_replace(true);
    }

    /// Waits for the right to make a call of this connector. While there is none, `make_room` is called from time to
    /// time, to end calls that can be spared.
    ///
    /// # Errors
    ///
    /// [`ConnectorError`]: `Busy` or `ShuttingDown`.
    pub(crate) async fn admit(
        &self,
        connector: &Connector,
        make_room: impl Fn(Spare<'_>),
    ) -> Result<Slot, ConnectorError> {
        let concurrency = connector.limits().concurrency;
        self.admission
            .slot(connector.name(), concurrency, make_room)
            .await
    }

    /// The newest version of each that is loaded.
    pub(super) fn all(&self) -> Vec<Arc<Connector>> {
        self.read(|entries| {
            let connectors = entries.values().map(|entry| entry.connector.clone());
            connectors.flatten().collect()
        })
    }

    /// The version that serves under this name.
    pub(super) fn serving(&self, name: &ConnectorName) -> Option<Arc<Connector>> {
        self.read(|entries| entries.get(name)?.connector.clone())
    }

    /// Puts a version in the place of the one before. Calls that have begun go on with theirs.
    pub(super) fn put(&self, name: ConnectorName, entry: Entry) {
        if let Some(connector) = &entry.connector {
            connector.take_over();
        }
        let before = self.write(|entries| entries.insert(name.clone(), Arc::new(entry)));
        self.retire(name, before);
    }

    /// Puts what a component came to in its place, if that still waits for it. Whether it did.
    pub(super) fn put_loaded(&self, name: &ConnectorName, entry: Entry) -> bool {
        self.write(|entries| match entries.get_mut(name) {
            Some(place) if place.is_loading => {
                if let Some(connector) = &entry.connector {
                    connector.take_over();
                }
                *place = Arc::new(entry);
                true
            }
            _ => false,
        })
    }

    /// Serves nothing under this name any more. Whether anything was.
    pub(super) fn remove(&self, name: &ConnectorName) -> bool {
        let before = self.write(|entries| entries.remove(name));
        let was_there = before.is_some();
        self.retire(name.clone(), before);
        was_there
    }

    fn retire(&self, name: ConnectorName, entry: Option<Arc<Entry>>) {
        let Some(connector) = entry.and_then(|entry| entry.connector.clone()) else {
            return;
        };
        let mut old = self.old.lock().unwrap_or_else(PoisonError::into_inner);
        old.entry(name)
            .or_default()
            .push(Arc::downgrade(&connector));
        // From here on, only calls hold versions.
        drop(connector);
        old.retain(|_, versions| {
            versions.retain(|version| version.strong_count() > 0);
            let surplus = versions.len().saturating_sub(MAX_OLD_VERSIONS);
            for version in versions.drain(..surplus) {
                if let Some(version) = version.upgrade() {
                    version.supersede();
                }
            }
            !versions.is_empty()
        });
    }

    /// Where a broken connector lies beside a whole one, neither is behind the plain routes: which connector answers
    /// there must not depend on whether another one loaded.
    fn entry(&self, name: Option<&str>) -> Result<Arc<Entry>, ConnectorError> {
        let name = name.or(self.default.as_ref().map(ConnectorName::as_str));
        self.read(|entries| {
            if let Some(name) = name {
                return entries
                    .get(name)
                    .cloned()
                    .ok_or_else(|| ConnectorError::Unknown {
                        name: name.to_owned(),
                    });
            }
            let mut entries = entries.values();
            match (entries.next(), entries.next()) {
                (None, _) => Err(ConnectorError::None),
                (Some(only), None) => Ok(only.clone()),
                (Some(_), Some(_)) => Err(ConnectorError::Ambiguous),
            }
        })
    }

    fn read<T>(&self, look: impl FnOnce(&BTreeMap<ConnectorName, Arc<Entry>>) -> T) -> T {
        look(&self.entries.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write<T>(&self, change: impl FnOnce(&mut BTreeMap<ConnectorName, Arc<Entry>>) -> T) -> T {
        let changed = change(&mut self.entries.write().unwrap_or_else(PoisonError::into_inner));
        self.changes.send_modify(|_| {});
        changed
    }
}
