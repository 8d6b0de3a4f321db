//! Watches a connector's sources for changes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::sources::{SourceDigests, absolute};
use crate::changes::Changes;

/// A change counts once two scans this far apart agree, since editors write in several steps.
const SETTLE_TIME: Duration = Duration::from_millis(200);
/// How often the sources are scanned if the system reports no changes.
const SCAN_INTERVAL: Duration = Duration::from_secs(2);

/// Watches the sources in a folder. The system only reports that something changed; a scan finds out what.
pub(crate) struct SourceWatch {
    folder: PathBuf,
    /// Not watched, even inside `folder`, since builds write to it.
    plugins: PathBuf,
    changes: Changes,
    watched: Vec<PathBuf>,
    seen: SourceDigests,
}

impl SourceWatch {
    /// Starts to watch. Changes from now on count.
    pub(crate) fn begin(folder: &Path, plugins: &Path) -> Self {
        let mut watch = Self {
            folder: folder.to_owned(),
            plugins: absolute(plugins),
            changes: Changes::new(),
            watched: Vec::new(),
            seen: SourceDigests::default(),
        };
        watch.seen = watch.scan();
        watch
    }

    /// Waits until the sources differ from those at the last call and have settled.
    pub(crate) async fn changed(&mut self) {
        loop {
            // Whether an event or the timeout ends the wait, the scan decides.
            let _ = tokio::time::timeout(SCAN_INTERVAL, self.changes.next()).await;
            let mut found = self.scan();
            if found == self.seen {
                continue;
            }
            loop {
                tokio::time::sleep(SETTLE_TIME).await;
                let again = self.scan();
                if again == found {
                    break;
                }
                found = again;
            }
            if found != self.seen {
                self.seen = found;
                return;
            }
        }
    }

    /// Reads all sources, and starts to watch new folders.
    fn scan(&mut self) -> SourceDigests {
        let sources = SourceDigests::read(&self.folder, &self.plugins);
        self.follow(&sources.folders);
        sources
    }

    fn follow(&mut self, folders: &[PathBuf]) {
        for folder in folders {
            if !self.watched.contains(folder) {
                // If it can't be watched, the regular scan finds changes.
                let _ = self.changes.watch(folder);
            }
        }
        self.watched = folders.to_vec();
    }
}
