//! The registry from name to connector, and the admission of calls.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::admission::{Admission, AdmissionSettings, Evictable, Slot};
use super::connector::Connector;
use super::entry::{LoadProblem, Lookup, RegistryEntry};
use super::error::ConnectorError;
use super::readiness::Readiness;
use crate::account::HostAccount;
use crate::config::ConnectorName;
use crate::lock::{Mutex, RwLock};

/// How many replaced versions of a connector may still have calls. A call that sleeps for a day must not keep every
/// version of that day in memory.
const MAX_OLD_VERSIONS: usize = 2;

/// How long a request waits for a connector that is being compiled: as long as common proxies allow.
const LOADING_WAIT: Duration = Duration::from_secs(55);

/// The connectors that this host serves.
pub struct Connectors {
    entries: RwLock<BTreeMap<ConnectorName, Arc<RegistryEntry>>>,
    /// The components whose file names can't be names of connectors. No request can lead to them.
    misnomers: RwLock<BTreeMap<PathBuf, LoadProblem>>,
    /// Replaced versions, the oldest first. Their calls keep them alive.
    old: Mutex<HashMap<ConnectorName, Vec<Weak<Connector>>>>,
    default: Option<ConnectorName>,
    admission: Admission,
    readiness: Arc<Readiness>,
    /// Notified of every change of the entries. The value is whether the host is shutting down.
    changes: watch::Sender<bool>,
}

/// The connector given as the default is not in the folder.
#[derive(Debug, thiserror::Error)]
#[error("--default names `{name}`, but the plugins folder has no {name}.wasm")]
pub struct MissingDefaultError {
    /// The given name.
    name: ConnectorName,
}

impl Connectors {
    /// Creates a registry without connectors. `default` is the connector behind the plain routes `/` and `/schema`.
    pub(super) fn new(
        default: Option<ConnectorName>,
        admission: AdmissionSettings,
        account: Arc<HostAccount>,
    ) -> Self {
        Self {
            entries: RwLock::default(),
            misnomers: RwLock::default(),
            old: Mutex::default(),
            default,
            admission: Admission::new(admission, account),
            readiness: Arc::new(Readiness::new()),
            changes: watch::Sender::new(false),
        }
    }

    /// The memory account of all calls.
    pub(crate) fn host_account(&self) -> &Arc<HostAccount> {
        self.admission.memory()
    }

    /// Whether the host should receive requests. Probes answer from it.
    #[must_use]
    pub fn readiness(&self) -> &Arc<Readiness> {
        &self.readiness
    }

    /// Checks that the default connector exists. It is accepted even if it failed to load, since it may be fixed
    /// later.
    ///
    /// # Errors
    ///
    /// [`MissingDefaultError`].
    pub(super) fn check_default(&self) -> Result<(), MissingDefaultError> {
        match &self.default {
            Some(name) if !self.read(|entries| entries.contains_key(name)) => {
                Err(MissingDefaultError { name: name.clone() })
            }
            _ => Ok(()),
        }
    }

    /// The newest version under a name; `None` means the connector behind the plain routes.
    ///
    /// If there are one broken and one working connector, neither is behind the plain routes: which connector answers
    /// there must not depend on whether another one loaded.
    pub(crate) fn look_up(&self, name: Option<&str>) -> Lookup {
        let name = name.or(self.default.as_ref().map(ConnectorName::as_str));
        Lookup(self.read(|entries| {
            if let Some(name) = name {
                let entry = entries.get(name).cloned();
                return entry.ok_or_else(|| ConnectorError::Unknown {
                    name: name.to_owned(),
                });
            }
            let mut entries = entries.values();
            match (entries.next(), entries.next()) {
                (None, _) => Err(ConnectorError::None),
                (Some(only), None) => Ok(only.clone()),
                (Some(_), Some(_)) => Err(ConnectorError::Ambiguous),
            }
        }))
    }

    /// The newest version of the connector with this name; `None` means the one behind the plain routes.
    ///
    /// # Errors
    ///
    /// [`ConnectorError`]: `Unknown`, `Ambiguous`, `None`, `Loading` or `Unavailable`.
    pub(crate) fn find(&self, name: Option<&str>) -> Result<Arc<Connector>, ConnectorError> {
        self.look_up(name).connector()
    }

    /// The connector that `lookup` found. While it is being compiled, this waits, at most for [`LOADING_WAIT`]. If
    /// another entry has taken its place under `name` in the meantime, `check` is called with it before anything else
    /// about it is revealed, since its keys may be different.
    ///
    /// # Errors
    ///
    /// The errors of `check`; [`ConnectorError`] as for [`find`](Self::find), and `ShuttingDown`.
    pub(crate) async fn loaded<E: From<ConnectorError>>(
        &self,
        name: Option<&str>,
        lookup: Lookup,
        check: impl Fn(&Lookup) -> Result<(), E>,
    ) -> Result<Arc<Connector>, E> {
        if !lookup.is_loading() {
            return Ok(lookup.connector()?);
        }
        tracing::debug!("the request waits for the compiler");
        let deadline = Instant::now() + LOADING_WAIT;
        let mut changes = self.changes.subscribe();
        loop {
            // Marked as seen before looking, so that no change is missed.
            let is_closed = *changes.borrow_and_update();
            let lookup = self.look_up(name);
            check(&lookup)?;
            if !lookup.is_loading() {
                return Ok(lookup.connector()?);
            }
            if is_closed {
                return Err(ConnectorError::ShuttingDown.into());
            }
            if timeout_at(deadline, changes.changed()).await.is_err() {
                return Err(ConnectorError::Loading.into());
            }
        }
    }

    /// Changes how many calls may wait for a slot, and for how long.
    pub fn set_queue(&self, queue: u32, queue_wait: Duration) {
        self.admission.set_queue(queue, queue_wait);
    }

    /// Begins no new calls from now on.
    pub(crate) fn close(&self) {
        self.readiness.drain();
        self.admission.close();
        self.changes.send_replace(true);
    }

    /// Waits for permission to make a call of this connector. Until it is granted, `make_room` is called at
    /// intervals, to end calls that can be spared.
    ///
    /// # Errors
    ///
    /// [`ConnectorError`]: `Busy` or `ShuttingDown`.
    pub(crate) async fn admit(
        &self,
        connector: &Connector,
        make_room: impl Fn(Evictable<'_>),
    ) -> Result<Slot, ConnectorError> {
        let concurrency = connector.limits().concurrency;
        self.admission
            .slot(connector.name(), concurrency, make_room)
            .await
    }

    /// All entries at this moment, in the order of their names.
    pub(super) fn entries(&self) -> Vec<Arc<RegistryEntry>> {
        self.read(|entries| entries.values().cloned().collect())
    }

    /// The slots and their queue.
    pub(super) fn admission(&self) -> &Admission {
        &self.admission
    }

    /// Whether there is an entry under this name, whatever its state.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.read(|entries| entries.contains_key(name))
    }

    /// The newest version of each loaded connector.
    pub(super) fn all(&self) -> Vec<Arc<Connector>> {
        self.read(|entries| {
            let connectors = entries.values().filter_map(|entry| entry.connector());
            connectors.cloned().collect()
        })
    }

    /// The version that serves under this name.
    pub(super) fn serving(&self, name: &ConnectorName) -> Option<Arc<Connector>> {
        self.read(|entries| entries.get(name)?.connector().cloned())
    }

    /// Whether the connector with this name is not compiled yet.
    pub(super) fn is_loading(&self, name: &ConnectorName) -> bool {
        self.read(|entries| entries.get(name).is_some_and(|entry| entry.is_loading()))
    }

    /// Replaces the previous version. Calls that have begun continue with theirs.
    pub(super) fn put(&self, entry: RegistryEntry) {
        if let Some(connector) = entry.connector() {
            connector.take_over();
        }
        let name = entry.name.clone();
        let before = self.write(|entries| entries.insert(name.clone(), Arc::new(entry)));
        self.retire(name, before);
    }

    /// Stops serving this name, and ends its calls: the operator's policy no longer permits it.
    pub(super) fn forbid(&self, name: &ConnectorName) {
        if let Some(connector) = self.serving(name) {
            connector.supersede();
            self.remove(name);
        }
    }

    /// Stops serving this name. Returns whether there was anything to remove.
    pub(super) fn remove(&self, name: &ConnectorName) -> bool {
        let before = self.write(|entries| entries.remove(name));
        let was_there = before.is_some();
        self.retire(name.clone(), before);
        was_there
    }

    /// Records why a newer version of this connector failed to load, if an older one serves. Returns whether one does.
    pub(super) fn reject(&self, name: &ConnectorName, problem: LoadProblem) -> bool {
        self.write(|entries| {
            let Some(entry) = entries.get_mut(name) else {
                return false;
            };
            let serves = entry.connector().is_some();
            if serves {
                *entry = Arc::new(RegistryEntry {
                    name: entry.name.clone(),
                    keys: entry.keys.clone(),
                    state: entry.state.clone(),
                    rejected: Some(problem),
                });
            }
            serves
        })
    }

    /// Records a component whose file name can't be a connector's name.
    pub(super) fn note_misnomer(&self, path: &Path, problem: LoadProblem) {
        self.misnomers.write().insert(path.to_owned(), problem);
    }

    /// That file is gone.
    pub(super) fn forget_misnomer(&self, path: &Path) {
        self.misnomers.write().remove(path);
    }

    /// Visits the entry of every connector, in the order of the names.
    pub(super) fn each_entry(&self, mut visit: impl FnMut(&RegistryEntry)) {
        self.read(|entries| entries.values().for_each(|entry| visit(entry)));
    }

    /// Visits the components whose file names can't be names of connectors, with those names.
    pub(super) fn each_misnomer(&self, mut visit: impl FnMut(&str, &LoadProblem)) {
        for (path, problem) in self.misnomers.read().iter() {
            let name = path.file_stem().unwrap_or_default();
            visit(&name.to_string_lossy(), problem);
        }
    }

    fn retire(&self, name: ConnectorName, entry: Option<Arc<RegistryEntry>>) {
        let Some(connector) = entry.and_then(|entry| entry.connector().cloned()) else {
            return;
        };
        let mut old = self.old.lock();
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

    fn read<T>(&self, look: impl FnOnce(&BTreeMap<ConnectorName, Arc<RegistryEntry>>) -> T) -> T {
        look(&self.entries.read())
    }

    fn write<T>(
        &self,
        change: impl FnOnce(&mut BTreeMap<ConnectorName, Arc<RegistryEntry>>) -> T,
    ) -> T {
        let changed = change(&mut self.entries.write());
        self.changes.send_modify(|_| {});
        changed
    }
}
