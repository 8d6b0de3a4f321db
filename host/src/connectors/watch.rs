//! Word that something in the plugins folder has changed.

use std::path::Path;

use crate::changes::Changes;

/// Watches one folder, whichever stands at its path.
pub(super) struct FolderWatch {
    changes: Changes,
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
        let changes = Changes::new();
        if let Some(error) = changes.failure() {
            tracing::info!(%error, "the system can't watch folders; changes are looked for from time to time");
        }
        Self {
            changes,
            watched: FolderId(None),
        }
    }

    /// Watches `folder` from now on, unless it is the one that is watched already.
    pub(super) fn follow(&mut self, folder: &Path) {
        let found = FolderId::of(folder);
        if found == self.watched {
            return;
        }
        self.changes.unwatch(folder);
        if let Err(error) = self.changes.watch(folder) {
            tracing::info!(%error, folder = %folder.display(), "the folder can't be watched; changes are looked for from time to time");
        }
        self.watched = found;
    }

    /// Waits for the next change; one since the last call counts.
    pub(super) async fn changed(&self) {
        self.changes.next().await;
    }
}
