//! Notifications from the operating system that something in a folder has changed.
//!
//! A leaf: it may use no other room. A notification doesn't say what has changed, so the receiver looks for itself
//! and misses nothing even if events are lost.

use std::path::Path;
use std::sync::Arc;

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;

/// Notifies when something changes in the folders it watches.
pub(crate) struct Changes {
    changed: Arc<Notify>,
    watcher: notify::Result<RecommendedWatcher>,
}

impl Changes {
    /// Watches nothing yet.
    pub(crate) fn new() -> Self {
        let changed = Arc::new(Notify::new());
        let sender = changed.clone();
        // Called in one of the watcher's threads, which must not block.
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            if event.is_ok_and(|event| event.kind.is_access()) {
                return;
            }
            sender.notify_one();
        });
        Self { changed, watcher }
    }

    /// Why the system can't watch any folder; `None` if it can. If it can't, no change is ever notified.
    pub(crate) fn failure(&self) -> Option<&notify::Error> {
        self.watcher.as_ref().err()
    }

    /// Starts to watch the entries of `folder`, but not the contents of its subfolders.
    ///
    /// # Errors
    ///
    /// An error if the system can't watch this folder; it may still be able to watch others.
    pub(crate) fn watch(&mut self, folder: &Path) -> notify::Result<()> {
        match &mut self.watcher {
            Ok(watcher) => watcher.watch(folder, RecursiveMode::NonRecursive),
            Err(_) => Ok(()),
        }
    }

    /// Stops watching the folder that was at this path.
    pub(crate) fn unwatch(&mut self, folder: &Path) {
        if let Ok(watcher) = &mut self.watcher {
            // This fails only if nothing is watched there, for example after the folder itself was removed.
            let _ = watcher.unwatch(folder);
        }
    }

    /// The handle that is notified of each change, for callers that can't hold `self` while waiting.
    pub(crate) fn notified(&self) -> Arc<Notify> {
        self.changed.clone()
    }

    /// Waits for the next change. Returns at once if something has changed since the last call.
    pub(crate) async fn next(&self) {
        self.changed.notified().await;
    }
}
