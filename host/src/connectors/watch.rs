//! Word from the system that something in a folder has changed.

use std::path::Path;
use std::sync::Arc;

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;

/// Watches one folder. What has changed is not told, only that something has: a look at the folder says the rest, and
/// misses nothing where events were lost.
pub(super) struct FolderWatch {
    changed: Arc<Notify>,
    /// None where the system can't watch: then only time tells.
    watcher: Option<RecommendedWatcher>,
    /// Which folder is watched, since another one may have been put in its place.
    watched: FolderId,
}

/// A folder itself, not what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct FolderId(Option<[u64; 2]>);

impl FolderId {
    fn of(folder: &Path) -> Self {
        use std::os::unix::fs::MetadataExt;
        let found = std::fs::metadata(folder).ok();
        Self(found.map(|found| [found.dev(), found.ino()]))
    }
}

impl FolderWatch {
    /// Watches nothing yet.
    pub(super) fn new() -> Self {
        let changed = Arc::new(Notify::new());
        let told = changed.clone();
        // Called in a thread of the watcher's, which must not wait.
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            if event.is_ok_and(|event| event.kind.is_access()) {
                return;
            }
            told.notify_one();
        });
        let watcher = watcher
            .inspect_err(|error| {
                tracing::info!(%error, "the system can't watch folders; changes are looked for from time to time");
            })
            .ok();
        Self {
            changed,
            watcher,
            watched: FolderId(None),
        }
    }

    /// Watches `folder` from now on, unless it is the one that is watched already.
    pub(super) fn follow(&mut self, folder: &Path) {
        let found = FolderId::of(folder);
        if found == self.watched {
            return;
        }
        if let Some(watcher) = &mut self.watcher {
            // One that is gone is watched no longer; that is all it can say.
            let _ = watcher.unwatch(folder);
            if let Err(error) = watcher.watch(folder, RecursiveMode::NonRecursive) {
                tracing::info!(%error, folder = %folder.display(), "the folder can't be watched; changes are looked for from time to time");
            }
        }
        self.watched = found;
    }

    /// Waits for the next change; one since the last call counts.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }
}
