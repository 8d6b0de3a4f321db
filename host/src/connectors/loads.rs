//! The loads under way: each is a task of its own, and a newer one of the same file takes its place.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

use super::error::LoadFault;
use super::keys::AccessKeys;
use super::load::{Candidate, LoadAttempt, LoadStep, load};
use super::plugins::Plugins;
use super::seen::SeenFiles;
use crate::config::ConnectorName;

/// Loads under way, by their components. Dropped, it ends them.
pub(super) struct Loads {
    plugins: Plugins,
    running: BTreeMap<PathBuf, RunningLoad>,
    tasks: JoinSet<()>,
    /// How many were ever begun.
    begun: u64,
    sender: mpsc::UnboundedSender<LoadMessage>,
    receiver: mpsc::UnboundedReceiver<LoadMessage>,
}

/// One load under way.
pub(super) struct RunningLoad {
    number: u64,
    abort: AbortHandle,
    /// Whether the others should not wait for it.
    pub(super) is_slow: bool,
    /// Its files, as they are read; before that, as a look has seen them.
    pub(super) seen: Option<SeenFiles>,
    /// The connector's own keys, once they are read.
    pub(super) keys: Option<AccessKeys>,
}

impl Drop for RunningLoad {
    fn drop(&mut self) {
        self.abort.abort();
    }
}

/// What is heard of a load.
pub(super) enum LoadNews {
    /// The others should not wait for it.
    Slow,
    /// Its configuration is read, and these keys count from now on.
    Keys(ConnectorName, Option<AccessKeys>),
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

    /// Begins a load of a component that looks like `seen`, if that is known. One of the same component that is under
    /// way ends, and its compiler with it.
    pub(super) fn begin(&mut self, candidate: Candidate, seen: Option<SeenFiles>) {
        while self.tasks.try_join_next().is_some() {}
        self.begun += 1;
        let path = candidate.path.clone();
        let teller = Teller {
            path: path.clone(),
            number: self.begun,
            sender: self.sender.clone(),
        };
        let plugins = self.plugins.clone();
        let abort = self.tasks.spawn(async move {
            let attempt = load(&plugins, candidate, &|step| teller.tell(Ok(step))).await;
            teller.tell(Err(Box::new(attempt)));
        });
        let running = RunningLoad {
            number: self.begun,
            abort,
            is_slow: false,
            seen,
            keys: None,
        };
        self.running.insert(path, running);
    }

    /// Ends the load of a component, if one is under way.
    pub(super) fn end(&mut self, path: &Path) {
        self.running.remove(path);
    }

    /// The load of a component that is under way.
    pub(super) fn of(&self, path: &Path) -> Option<&RunningLoad> {
        self.running.get(path)
    }

    /// All that are under way.
    pub(super) fn all(&self) -> impl Iterator<Item = (&PathBuf, &RunningLoad)> {
        self.running.iter()
    }

    /// Waits for the next news of a load that is under way, for ever if none is.
    pub(super) async fn next(&mut self) -> (PathBuf, LoadNews) {
        loop {
            let Some(message) = self.receiver.recv().await else {
                // Its sender is here.
                return std::future::pending().await;
            };
            let current = self.running.get_mut(&message.path);
            let Some(running) = current.filter(|load| load.number == message.number) else {
                continue;
            };
            let news = match message.told {
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

/// What a task tells of its load: a step, or its end.
struct LoadMessage {
    path: PathBuf,
    number: u64,
    told: Result<LoadStep, Box<LoadAttempt>>,
}

/// Tells of one load; also of one that panicked.
struct Teller {
    path: PathBuf,
    number: u64,
    sender: mpsc::UnboundedSender<LoadMessage>,
}

impl Teller {
    fn tell(&self, told: Result<LoadStep, Box<LoadAttempt>>) {
        // Nobody listens any more if the host ends.
        let _ = self.sender.send(LoadMessage {
            path: self.path.clone(),
            number: self.number,
            told,
        });
    }
}

impl Drop for Teller {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let failed = LoadAttempt::failed(&self.path, LoadFault::Interrupted);
            self.tell(Err(Box::new(failed)));
        }
    }
}
