//! Takes running loads into the registry: tracks what is being loaded, applies the results, and reports them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use metrics::{SharedString, counter};

use super::connector_keys::ConnectorKeys;
use super::entry::{EntryState, LoadProblem, RegistryEntry};
use super::error::LoadError;
use super::failures::Failures;
use super::load::{Candidate, LoadAttempt, LoadReport, shown_name};
use super::loads::{LoadNews, Loads};
use super::plugins::Plugins;
use super::record::LoadRecord;
use super::registry::Connectors;
use super::reload_request::ComponentChange;
use super::seen::SeenFiles;
use crate::config::ConnectorName;
use crate::report;
use crate::telemetry::catalog;

/// Loads components and applies the results.
pub(super) struct Intake {
    connectors: Arc<Connectors>,
    failures: Arc<Failures>,
    loads: Loads,
    /// The components as they were last read, whatever the result.
    records: BTreeMap<PathBuf, LoadRecord>,
    /// The components that existed at startup and whose first load has not ended.
    first: BTreeSet<PathBuf>,
    /// What has changed since somebody asked for a reload; `None` while nobody waits for one.
    changes: Option<BTreeMap<String, ComponentChange>>,
}

impl Intake {
    pub(super) fn new(connectors: Arc<Connectors>, plugins: Plugins) -> Self {
        Self {
            connectors,
            failures: plugins.failures.clone(),
            loads: Loads::new(plugins),
            records: BTreeMap::new(),
            first: BTreeSet::new(),
            changes: None,
        }
    }

    /// Loads a component for the first time.
    pub(super) fn begin_first(&mut self, path: PathBuf) {
        self.begin(path.clone(), None);
        self.first.insert(path);
    }

    /// Loads a component, replacing a running load of it. `seen` is the state of its files, if known.
    pub(super) fn begin(&mut self, path: PathBuf, seen: Option<SeenFiles>) {
        self.first.remove(&path);
        let previous = name(&path).and_then(|name| self.connectors.serving(&name));
        self.loads.begin(Candidate { path, previous }, seen);
    }

    /// The number of first loads that have not ended.
    pub(super) fn unfinished(&self) -> usize {
        self.first.len()
    }

    /// Records changes from now on, if it doesn't yet.
    pub(super) fn record_changes(&mut self) {
        self.changes.get_or_insert_default();
    }

    /// The changes since then. It stops recording them.
    pub(super) fn take_changes(&mut self) -> BTreeMap<String, ComponentChange> {
        self.changes.take().unwrap_or_default()
    }

    fn note(&mut self, name: String, change: impl FnOnce() -> ComponentChange) {
        if let Some(changes) = &mut self.changes {
            changes.insert(name, change());
        }
    }

    /// The names of the components that are being loaded.
    pub(super) fn loading(&self) -> Vec<String> {
        let paths = self.loads.all().map(|(path, _)| shown_name(path));
        paths.collect()
    }

    /// Whether a load is running that will not take long.
    pub(super) fn will_end_soon(&self) -> bool {
        self.loads.all().any(|(_, load)| !load.is_slow)
    }

    /// Lets requests wait for all running loads.
    pub(super) fn announce_loading(&self) {
        for (path, load) in self.loads.all() {
            if let Some(name) = name(path) {
                self.put_loading(name, load.keys.clone());
            }
        }
    }

    /// Stops serving this component.
    pub(super) fn remove(&mut self, path: &Path) {
        self.loads.end(path);
        self.first.remove(path);
        self.records.remove(path);
        self.failures.leave(path);
        self.note_progress();
        let Some(name) = name(path) else {
            self.connectors.forget_misnomer(path);
            return;
        };
        if self.connectors.remove(&name) {
            tracing::info!(connector = %name, "connector removed");
            self.note(name.to_string(), || ComponentChange::Removed);
        }
    }

    /// Records that the first load is through, once it is.
    pub(super) fn note_progress(&self) {
        if self.first.is_empty() {
            self.connectors.readiness().loaded();
        }
    }

    /// All components that were loaded or are being loaded.
    pub(super) fn known(&self) -> BTreeSet<PathBuf> {
        let running = self.loads.all().map(|(path, _)| path);
        self.records.keys().chain(running).cloned().collect()
    }

    /// The files that the component's configuration names, as far as they are known.
    pub(super) fn files(&self, path: &Path) -> Vec<PathBuf> {
        let running = self.loads.of(path).and_then(|load| load.seen.as_ref());
        let known = || self.records.get(path)?.seen.as_ref();
        running
            .or_else(known)
            .map_or_else(Vec::new, SeenFiles::paths)
    }

    /// Whether a component whose files look like this now should be loaded. `interval` is the time between two looks.
    pub(super) fn is_due(&self, path: &Path, now: &SeenFiles, interval: Duration) -> bool {
        if let Some(load) = self.loads.of(path) {
            return load.seen.as_ref().is_some_and(|seen| seen != now);
        }
        let record = self.records.get(path);
        record.is_none_or(|record| record.is_out_of_date(now, interval))
    }

    /// How long to wait until a component should be loaded although nothing has changed.
    pub(super) fn next_retry(&self, interval: Duration) -> Option<Duration> {
        let idle = self
            .records
            .iter()
            .filter(|(path, _)| self.loads.of(path).is_none());
        idle.filter_map(|(_, record)| record.retry_in(interval))
            .min()
    }

    /// Loads components again that failed for a reason that may have passed. Configurations are not read again.
    pub(super) fn retry_failed(&mut self) {
        let due = self.records.iter().filter(|(path, record)| {
            self.loads.of(path).is_none() && record.retry_in(Duration::MAX) == Some(Duration::ZERO)
        });
        let due: Vec<PathBuf> = due.map(|(path, _)| path.clone()).collect();
        for path in due {
            self.begin(path, None);
        }
    }

    /// Loads all components again that failed and may load now, however long ago they failed.
    pub(super) fn retry_all_failed(&mut self) {
        let due = self.records.iter().filter(|(path, record)| {
            self.loads.of(path).is_none() && record.retry_in(Duration::ZERO).is_some()
        });
        let due: Vec<PathBuf> = due.map(|(path, _)| path.clone()).collect();
        for path in due {
            self.begin(path, None);
        }
    }

    /// Loads all components again, since the operator's bounds have changed.
    pub(super) fn reload_all(&mut self) {
        for path in self.known() {
            // The result of a first load is still reported as such.
            if self.first.contains(&path) {
                self.begin_first(path);
            } else {
                self.begin(path, None);
            }
        }
    }

    /// Waits for the next news of a load.
    pub(super) async fn next(&mut self) -> (PathBuf, LoadNews) {
        self.loads.next().await
    }

    /// Applies news of a load. Returns the result of a first load; the results of others go to the log.
    pub(super) fn take(&mut self, path: &Path, news: LoadNews) -> Option<LoadReport> {
        match news {
            LoadNews::Slow => None,
            // Waiting requests are checked against the newest keys at once, not only when the component is compiled.
            LoadNews::Keys(name, keys) => {
                if self.connectors.is_loading(&name) {
                    self.put_loading(name, keys);
                }
                None
            }
            LoadNews::Ended(attempt) => self.take_ended(path, *attempt),
        }
    }

    fn take_ended(&mut self, path: &Path, attempt: LoadAttempt) -> Option<LoadReport> {
        let is_first = self.first.remove(path);
        let taken = self.take_attempt(path, attempt, is_first);
        self.note_progress();
        taken
    }

    fn take_attempt(
        &mut self,
        path: &Path,
        attempt: LoadAttempt,
        is_first: bool,
    ) -> Option<LoadReport> {
        if let Some(entry) = &attempt.entry {
            let outcome = if attempt.report.outcome.is_ok() {
                "ok"
            } else {
                "failed"
            };
            let connector = SharedString::from_shared(entry.name.shared());
            counter!(catalog::CONNECTOR_LOADS.name, "connector" => connector, "outcome" => outcome)
                .increment(1);
        }
        let (record, is_known) = LoadRecord::of(&attempt, self.records.get(path));
        // A connector that the operator's policy no longer permits must not keep serving. Neither may one whose configuration
        // can't be judged: its author could keep it that way.
        if let (Err(error), Some(entry)) = (&attempt.report.outcome, &attempt.entry)
            && (error.is_of_the_policy() || error.is_of_the_configuration())
            && !record.is_within_bounds()
        {
            self.connectors.forbid(&entry.name);
        }
        // It changed while it was being loaded: the next look finds its new state.
        if !attempt.is_current && !is_first {
            return None;
        }
        self.records.insert(path.to_owned(), record);
        if let (None, Err(error)) = (&attempt.entry, &attempt.report.outcome) {
            self.connectors.note_misnomer(path, LoadProblem::new(error));
        }
        if is_first {
            if let Some(entry) = attempt.entry {
                self.connectors.put(entry);
            }
            let LoadReport { name, outcome } = &attempt.report;
            self.note(name.clone(), || match outcome {
                Ok(_) => ComponentChange::Loaded,
                Err(error) => not_loaded(error, false),
            });
            return Some(attempt.report);
        }
        self.apply(attempt, is_known);
        None
    }

    fn apply(&mut self, attempt: LoadAttempt, is_known: bool) {
        let LoadReport { name, outcome } = attempt.report;
        match (outcome, attempt.entry) {
            (Ok(ready), Some(entry)) => {
                let (what, change) = if self.connectors.serving(&entry.name).is_some() {
                    ("connector reloaded", ComponentChange::Reloaded)
                } else {
                    ("connector loaded", ComponentChange::Loaded)
                };
                self.connectors.put(entry);
                tracing::info!(connector = %name, took_ms = report::milliseconds(ready.took), cached = ready.code.is_found(), "{what}");
                self.note(name, || change);
            }
            (Err(error), entry) => {
                let connector = entry.as_ref().map(|entry| &entry.name);
                let serves = connector.is_some_and(|name| {
                    let problem = LoadProblem::new(&error);
                    self.connectors.reject(name, problem)
                });
                if let Some(entry) = entry.filter(|_| !serves) {
                    self.connectors.put(entry);
                }
                self.note(name.clone(), || not_loaded(&error, serves));
                if is_known {
                    return;
                }
                let reason = report::chain(&error);
                if serves {
                    tracing::warn!(
                        connector = name,
                        reason,
                        "the new version failed to load; the previous one keeps serving"
                    );
                } else {
                    tracing::warn!(connector = name, reason, "connector not loaded");
                }
            }
            (Ok(_), None) => {}
        }
    }

    fn put_loading(&self, name: ConnectorName, keys: ConnectorKeys) {
        self.connectors.put(RegistryEntry {
            name,
            keys,
            state: EntryState::Loading,
            rejected: None,
        });
    }
}

fn not_loaded(error: &LoadError, serving: bool) -> ComponentChange {
    ComponentChange::NotLoaded {
        reason: report::chain(error),
        serving,
    }
}

/// The name of the component's connector; `None` if it is not valid.
fn name(path: &Path) -> Option<ConnectorName> {
    path.file_stem()?.to_str()?.parse().ok()
}
