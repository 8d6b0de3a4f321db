//! The running loads. Each is a task of its own, and a newer load of the same file replaces it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

use super::connector_keys::ConnectorKeys;
use super::error::LoadFault;
use super::load::{Candidate, LoadAttempt, LoadStep, load};
use super::plugins::Plugins;
use super::seen::SeenFiles;
use crate::config::ConnectorName;

/// Running loads, by component. Dropping it ends them.
pub(super) struct Loads {
    plugins: Plugins,
    running: BTreeMap<PathBuf, RunningLoad>,
    tasks: JoinSet<()>,
    /// The number of loads begun so far.
    begun: u64,
    sender: mpsc::UnboundedSender<LoadMessage>,
    receiver: mpsc::UnboundedReceiver<LoadMessage>,
}

/// One running load.
pub(super) struct RunningLoad {
    number: u64,
    abort: AbortHandle,
    /// Whether others should not wait for it.
    pub(super) is_slow: bool,
    /// The state of its files as they are read; before that, as a look found them.
    pub(super) seen: Option<SeenFiles>,
    /// The keys that open the connector, unknown until its configuration is read.
    pub(super) keys: ConnectorKeys,
}

impl Drop for RunningLoad {
    fn drop(&mut self) {
        self.abort.abort();
    }
}

/// News of a load.
pub(super) enum LoadNews {
    /// Others should not wait for it.
    Slow,
    /// Its configuration has been read, and these keys apply from now on.
    Keys(ConnectorName, ConnectorKeys),
    /// It has ended.
    Ended(Box<LoadAttempt>),
}

impl Loads {
    pub(super) fn new(plugins: Plugins) -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        Self {
            plugins,
            running: BTreeMap::new(),
            tasks: JoinSet::new(),
            begun: 0,
            sender,
            receiver,
        }
    }

    /// Begins to load a component. `seen` is the state of its files, if known. A running load of the same component
    /// is ended, and its compiler with it.
    pub(super) fn begin(&mut self, candidate: Candidate, seen: Option<SeenFiles>) {
        while self.tasks.try_join_next().is_some() {}
        self.begun += 1;
        let path = candidate.path.clone();
        let reporter = LoadReporter {
            path: path.clone(),
            number: self.begun,
            sender: self.sender.clone(),
        };
        let plugins = self.plugins.clone();
        let abort = self.tasks.spawn(async move {
            let attempt = load(&plugins, candidate, &|step| reporter.report(Ok(step))).await;
            reporter.report(Err(Box::new(attempt)));
        });
        let running = RunningLoad {
            number: self.begun,
            abort,
            is_slow: false,
            seen,
            keys: ConnectorKeys::Unknown,
        };
        self.running.insert(path, running);
    }

    /// Ends the load of a component if one is running.
    pub(super) fn end(&mut self, path: &Path) {
        self.running.remove(path);
    }

    /// The running load of a component.
    pub(super) fn of(&self, path: &Path) -> Option<&RunningLoad> {
        self.running.get(path)
    }

    /// All running loads.
    pub(super) fn all(&self) -> impl Iterator<Item = (&PathBuf, &RunningLoad)> {
        self.running.iter()
    }

    /// Waits for the next news of a running load; forever if there is none.
    pub(super) async fn next(&mut self) -> (PathBuf, LoadNews) {
        loop {
            let Some(message) = self.receiver.recv().await else {
                // The sender is in `self`, so the channel is never closed.
                return std::future::pending().await;
            };
            let current = self.running.get_mut(&message.path);
            let Some(running) = current.filter(|load| load.number == message.number) else {
                continue;
            };
            let news = match message.result {
                Ok(LoadStep::Slow) => {
                    running.is_slow = true;
                    LoadNews::Slow
                }
                Ok(LoadStep::Read { seen, name, keys }) => {
                    running.seen = Some(*seen);
                    running.keys.clone_from(&keys);
                    LoadNews::Keys(name, keys)
                }
                Err(attempt) => {
                    self.running.remove(&message.path);
                    LoadNews::Ended(attempt)
                }
            };
            return (message.path, news);
        }
    }
}

/// A message from the task of a load: a step, or its end.
struct LoadMessage {
    path: PathBuf,
    number: u64,
    result: Result<LoadStep, Box<LoadAttempt>>,
}

/// Reports on one load, even if it panics.
struct LoadReporter {
    path: PathBuf,
    number: u64,
    sender: mpsc::UnboundedSender<LoadMessage>,
}

impl LoadReporter {
    fn report(&self, result: Result<LoadStep, Box<LoadAttempt>>) {
        // Nobody receives it if the host is ending.
        let _ = self.sender.send(LoadMessage {
            path: self.path.clone(),
            number: self.number,
            result,
        });
    }
}

impl Drop for LoadReporter {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let failed = LoadAttempt::failed(&self.path, LoadFault::Interrupted);
            self.report(Err(Box::new(failed)));
        }
    }
}
