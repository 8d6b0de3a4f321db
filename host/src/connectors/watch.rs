//! Notifications that something in the plugins folder has changed.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use crate::changes::Changes;
use crate::config::{FileThreads, NotedFiles};
use crate::lock::Mutex;

/// How long the system may take to begin watching a folder.
const WATCH_TIME: Duration = Duration::from_secs(1);

/// Watches one folder, whichever is at its path.
pub(super) struct FolderWatch {
    changes: Arc<Mutex<Changes>>,
    notified: Arc<Notify>,
    /// The folder being watched, since another one may have been put in its place.
    watched: FolderId,
}

/// The identity of a folder, not its contents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FolderId(Option<(PathBuf, [u64; 2])>);

impl FolderId {
    /// The folder at `path`, as seen by a thread for files.
    pub(super) fn of(path: &Path) -> Self {
        let found = std::fs::metadata(path).ok();
        Self(found.map(|found| (path.to_owned(), [found.dev(), found.ino()])))
    }
}

impl FolderWatch {
    /// Watches nothing yet.
    pub(super) fn new() -> Self {
        let changes = Changes::new();
        if let Some(error) = changes.failure() {
            tracing::info!(%error, "the system can't watch folders; the host checks for changes at intervals");
        }
        Self {
            notified: changes.notified(),
            changes: Arc::new(Mutex::new(changes)),
            watched: FolderId(None),
        }
    }

    /// Watches this folder from now on, unless it is already being watched. A folder that does not respond is tried
    /// again at the next call.
    pub(super) async fn follow(&mut self, found: &FolderId, threads: &FileThreads) {
        if *found == self.watched {
            return;
        }
        let (before, now) = (self.watched.clone(), found.clone());
        let changes = self.changes.clone();
        let folder = found
            .0
            .as_ref()
            .map_or(Path::new("."), |(folder, _)| folder);
        let watch = move |_: &NotedFiles| {
            let mut changes = changes.lock();
            if let FolderId(Some((folder, _))) = &before {
                changes.unwatch(folder);
            }
            if let FolderId(Some((folder, _))) = &now
                && let Err(error) = changes.watch(folder)
            {
                tracing::info!(%error, folder = %folder.display(), "the folder can't be watched; the host checks it for changes at intervals");
            }
        };
        let watched = threads.run(folder, WATCH_TIME, watch).await;
        if watched.is_ok() {
            self.watched = found.clone();
        }
    }

    /// Waits for the next change. Returns at once if something has changed since the last call.
    pub(super) async fn changed(&self) {
        self.notified.notified().await;
    }
}
