//! Keeps the registry as the plugins folder is, without a restart.
//!
//! It looks at the folder, compares, and loads what is another file than before; what tells it when to look (the system,
//! or time) need not be complete or right. A file counts once two looks have seen the same of it, and nothing has changed
//! by the end of reading, so that half of a copy is not taken for a connector.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::error::FolderError;
use super::load::{Candidate, CodeSource, LoadAttempt, LoadReport, load_all};
use super::plugins::{Plugins, stamps};
use super::registry::Connectors;
use super::watch::FolderWatch;
use crate::config::{ConnectorName, FileStamp};
use crate::report;

/// How long a file must have stayed as it is.
const SETTLE: Duration = Duration::from_millis(200);

/// The least time between two looks, however much is told to have changed.
const PAUSE: Duration = Duration::from_millis(50);

/// Loads what changes in a plugins folder.
pub struct Reloader {
    connectors: Arc<Connectors>,
    plugins: Plugins,
    /// The components as they were when they were read last, whatever came of it.
    known: BTreeMap<PathBuf, LoadRecord>,
    /// Those that have changed since, as the last look saw them; none for one that is gone.
    unsettled: BTreeMap<PathBuf, PendingChange>,
    /// What was said last of the folder, so that it is said once.
    folder_problem: Option<String>,
}

/// A component as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
struct LoadRecord {
    stamps: [FileStamp; 2],
    files: Vec<(PathBuf, FileStamp)>,
    /// Why its configuration can't be read. What it points to isn't known then, so it is tried again from time to time.
    config_problem: Option<String>,
    /// Whether it is to be read again though nothing of it has changed.
    is_due: bool,
}

#[derive(Debug)]
struct PendingChange {
    snapshot: Option<Snapshot>,
    since: Instant,
}

/// A component as a look sees it.
type Snapshot = ([FileStamp; 2], Vec<FileStamp>);

impl LoadRecord {
    fn of(attempt: &LoadAttempt, stamps: [FileStamp; 2]) -> Self {
        let problem = attempt.report.outcome.as_ref().err();
        Self {
            stamps,
            files: attempt.files.clone(),
            config_problem: problem
                .filter(|error| error.is_of_the_configuration())
                .map(|error| report::chain(error)),
            is_due: false,
        }
    }

    /// What a look would see if nothing had changed.
    fn snapshot(&self) -> Snapshot {
        let files = self.files.iter().map(|(_, stamp)| *stamp);
        (self.stamps, files.collect())
    }

    /// What a look sees of it now.
    fn look(&self, stamps: [FileStamp; 2]) -> Snapshot {
        let files = self.files.iter().map(|(path, _)| FileStamp::of(path));
        (stamps, files.collect())
    }
}

impl Reloader {
    /// Loads everything for the first time.
    pub(super) fn new(
        connectors: Arc<Connectors>,
        plugins: Plugins,
        attempts: &[LoadAttempt],
        stamps: &BTreeMap<PathBuf, [FileStamp; 2]>,
    ) -> Self {
        let known = attempts
            .iter()
            .filter_map(|attempt| {
                let stamps = stamps.get(&attempt.path)?;
                Some((attempt.path.clone(), LoadRecord::of(attempt, *stamps)))
            })
            .collect();
        Self {
            connectors,
            plugins,
            known,
            unsettled: BTreeMap::new(),
            folder_problem: None,
        }
    }

    /// Loads what changes, for ever. Where the system tells of no change, the folder is looked at every `interval`.
    pub async fn run(mut self, interval: Duration) {
        let mut watch = FolderWatch::new();
        loop {
            watch.follow(self.plugins.folder());
            self.look().await;
            tokio::time::sleep(PAUSE).await;
            let next = if self.unsettled.is_empty() {
                interval
            } else {
                SETTLE
            };
            tokio::select! {
                () = watch.changed() => {}
                () = tokio::time::sleep(next) => {
                    if self.unsettled.is_empty() {
                        self.retry_problems();
                    }
                }
            }
        }
    }

    /// Configurations that could not be read are read again, since what they point to may be there by now.
    fn retry_problems(&mut self) {
        for known in self.known.values_mut() {
            known.is_due = known.config_problem.is_some();
        }
    }

    /// One look: notes what has changed, and loads what has settled.
    async fn look(&mut self) {
        let listing = match self.plugins.list().await {
            Ok(listing) => listing,
            Err(error) => return self.keep_all(&error),
        };
        if self.folder_problem.take().is_some() {
            tracing::info!("the plugins folder can be read again");
        }
        let mut due = Vec::new();
        for (path, stamps) in &listing.components {
            let known = self.known.get(path);
            let snapshot = known.map_or((*stamps, Vec::new()), |known| known.look(*stamps));
            if known.is_some_and(|known| !known.is_due && known.snapshot() == snapshot) {
                self.unsettled.remove(path);
            } else if self.has_settled(path, Some(snapshot)) {
                due.push((path.clone(), *stamps));
            }
        }
        let gone: Vec<PathBuf> = self
            .known
            .keys()
            .filter(|path| !listing.components.contains_key(*path))
            .cloned()
            .collect();
        for path in gone {
            if self.has_settled(&path, None) {
                self.unsettled.remove(&path);
                self.known.remove(&path);
                self.remove(&path);
            }
        }
        self.load(due).await;
    }

    /// Whether a component has looked like this for long enough.
    fn has_settled(&mut self, path: &Path, snapshot: Option<Snapshot>) -> bool {
        match self.unsettled.get(path) {
            Some(before) if before.snapshot == snapshot => before.since.elapsed() >= SETTLE,
            _ => {
                let since = Instant::now();
                self.unsettled
                    .insert(path.to_owned(), PendingChange { snapshot, since });
                false
            }
        }
    }

    /// What serves goes on: that the folder can't be read says nothing of its connectors.
    fn keep_all(&mut self, error: &FolderError) {
        let problem = report::chain(error);
        if self.folder_problem.as_ref() != Some(&problem) {
            tracing::warn!(
                problem,
                "the plugins folder can't be read; what is loaded goes on serving"
            );
            self.folder_problem = Some(problem);
        }
    }

    fn remove(&self, path: &Path) {
        let Some(name) = name(path) else {
            return;
        };
        if self.connectors.remove(&name) {
            tracing::info!(connector = %name, "connector removed");
        }
    }

    async fn load(&mut self, due: Vec<(PathBuf, [FileStamp; 2])>) {
        let before: BTreeMap<PathBuf, [FileStamp; 2]> = due.into_iter().collect();
        let (loading, mut due): (Vec<PathBuf>, Vec<PathBuf>) = before
            .keys()
            .cloned()
            .partition(|path| name(path).is_some_and(|name| self.connectors.is_loading(&name)));
        // Requests that wait for the compiler are held to the keys of the newest configuration at once, not only when the
        // component is compiled.
        for attempt in self.try_all(loading, CodeSource::Cached).await {
            if !attempt.is_put_off() {
                self.take_in(attempt, &before);
                continue;
            }
            if before.get(&attempt.path) == Some(&stamps(&attempt.path))
                && let Some(entry) = attempt.entry
            {
                self.connectors.put(entry);
            }
            due.push(attempt.path);
        }
        for attempt in self.try_all(due, CodeSource::CompiledAnew).await {
            self.take_in(attempt, &before);
        }
    }

    async fn try_all(&self, components: Vec<PathBuf>, code: CodeSource) -> Vec<LoadAttempt> {
        let candidates = components.into_iter().map(|path| Candidate {
            previous: name(&path).and_then(|name| self.connectors.serving(&name)),
            path,
            code,
        });
        load_all(&self.plugins, candidates).await
    }

    /// Serves what a component came to, unless its files have changed since `before`.
    fn take_in(&mut self, attempt: LoadAttempt, before: &BTreeMap<PathBuf, [FileStamp; 2]>) {
        let Some(before) = before.get(&attempt.path) else {
            return;
        };
        // Changed while it was read: the next look sees what it has become.
        if stamps(&attempt.path) != *before {
            return;
        }
        self.unsettled.remove(&attempt.path);
        let known = LoadRecord::of(&attempt, *before);
        let said = self.known.insert(attempt.path.clone(), known.clone());
        let is_said = known.config_problem.is_some()
            && said.is_some_and(|said| said.config_problem == known.config_problem);
        self.apply(attempt, is_said);
    }

    fn apply(&self, attempt: LoadAttempt, is_said: bool) {
        let LoadReport { name, outcome } = attempt.report;
        match (outcome, attempt.entry) {
            (Ok(ready), Some(entry)) => {
                let name = entry.name.clone();
                let what = if self.connectors.serving(&name).is_some() {
                    "connector reloaded"
                } else {
                    "connector loaded"
                };
                self.connectors.put(entry);
                tracing::info!(connector = %name, took = ?ready.took, cached = ready.cached, "{what}");
            }
            (Err(_), _) if is_said => {}
            (Err(error), Some(entry)) => {
                let name = entry.name.clone();
                let reason = report::chain(&error);
                if self.connectors.serving(&name).is_some() {
                    tracing::warn!(connector = %name, reason, "the new version does not load; the one before goes on serving");
                } else {
                    self.connectors.put(entry);
                    tracing::warn!(connector = %name, reason, "connector not loaded");
                }
            }
            (Err(error), None) => {
                tracing::warn!(
                    connector = name,
                    reason = report::chain(&error),
                    "connector not loaded"
                );
            }
            (Ok(_), None) => {}
        }
    }
}

/// The name of the connector that a component would be.
fn name(path: &Path) -> Option<ConnectorName> {
    path.file_stem()?.to_str()?.parse().ok()
}
