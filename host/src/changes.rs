//! Word from the system that something in a folder has changed.
//!
//! A leaf: it may use no other room. What has changed is not said, only that something has: whoever waits looks for
//! itself, and so misses nothing even if events are lost.

use std::path::Path;
use std::sync::Arc;

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;

/// Tells when something changes in the folders that it watches.
pub(crate) struct Changes {
    changed: Arc<Notify>,
    watcher: notify::Result<RecommendedWatcher>,
}

impl Changes {
    /// Watches nothing yet.
    pub(crate) fn new() -> Self {
        let changed = Arc::new(Notify::new());
        let sender = changed.clone();
        // Called in a thread of the watcher's, which must not wait.
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            if event.is_ok_and(|event| event.kind.is_access()) {
                return;
            }
            sender.notify_one();
        });
        Self { changed, watcher }
    }

    /// Why the system can't watch any folder, if it can't. Then no change is told.
    pub(crate) fn failure(&self) -> Option<&notify::Error> {
        self.watcher.as_ref().err()
    }

    /// Watches what is in `folder` from now on, but not what is in the folders there.
    ///
    /// # Errors
    ///
    /// The system can't watch this folder, though it can watch others.
    pub(crate) fn watch(&mut self, folder: &Path) -> notify::Result<()> {
        match &mut self.watcher {
            Ok(watcher) => watcher.watch(folder, RecursiveMode::NonRecursive),
            Err(_) => Ok(()),
        }
    }

    /// Watches the folder that was at this path no longer.
    pub(crate) fn unwatch(&mut self, folder: &Path) {
        if let Ok(watcher) = &mut self.watcher {
            // It fails only if nothing is watched there, as after the folder itself is gone.
            let _ = watcher.unwatch(folder);
        }
    }

    /// What is told of each change: for who may not hold this while waiting.
    pub(crate) fn told(&self) -> Arc<Notify> {
        self.changed.clone()
    }

    /// Waits for the next change; one since the last call counts.
    pub(crate) async fn next(&self) {
        self.changed.notified().await;
    }
}
