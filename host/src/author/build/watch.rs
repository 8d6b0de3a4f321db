//! Watches a connector's sources for changes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::changes::Changes;

/// A change counts once two scans this far apart agree, since editors write in several steps.
const SETTLE_TIME: Duration = Duration::from_millis(200);
/// How often the sources are scanned if the system reports no changes.
const SCAN_INTERVAL: Duration = Duration::from_secs(2);
/// Folders that tools generate. Folders whose name begins with a dot are ignored too.
const MADE: [&str; 5] = ["__pycache__", "build", "dist", "node_modules", "target"];

/// Each source file's digest. Modification times don't help: tools rewrite files without a change, which would start
/// another build.
type SourceDigests = BTreeMap<PathBuf, [u8; 32]>;

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
            plugins: plugins
                .canonicalize()
                .or_else(|_| std::path::absolute(plugins))
                .unwrap_or_else(|_| plugins.to_owned()),
            changes: Changes::new(),
            watched: Vec::new(),
            seen: SourceDigests::new(),
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
        let (mut sources, mut folders) = (SourceDigests::new(), vec![self.folder.clone()]);
        let mut next = 0;
        while let Some(folder) = folders.get(next).cloned() {
            next += 1;
            // Files that are gone or can't be read don't count at the moment.
            for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
                let path = entry.path();
                let kind = entry.file_type();
                if kind.as_ref().is_ok_and(fs::FileType::is_dir) {
                    if path != self.plugins && !is_made(&path) {
                        folders.push(path);
                    }
                } else if is_source(&path)
                    // Reading a pipe would never end.
                    && path.is_file()
                    && let Ok(contents) = fs::read(&path)
                {
                    sources.insert(path, Sha256::digest(contents).into());
                }
            }
        }
        self.follow(folders);
        sources
    }

    fn follow(&mut self, folders: Vec<PathBuf>) {
        for folder in &folders {
            if !self.watched.contains(folder) {
                // If it can't be watched, the regular scan finds changes.
                let _ = self.changes.watch(folder);
            }
        }
        self.watched = folders;
    }
}

/// Excludes components and the files of a sync, such as `shop.sqlite` and `shop.sqlite-wal`.
fn is_source(file: &Path) -> bool {
    let ending = file.extension().unwrap_or_default().to_string_lossy();
    ending != "wasm" && !ending.starts_with("sqlite")
}

fn is_made(folder: &Path) -> bool {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with('.') || MADE.contains(&name.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_distinguished_from_generated_files() {
        let folder = tempfile::TempDir::new().unwrap();
        let root = folder.path();
        for path in ["src", "src/deep", "target", ".venv", "plugins"] {
            fs::create_dir(root.join(path)).unwrap();
        }
        let sources = ["app.py", "src/a.rs", "src/deep/b.rs"];
        let made = [
            "beers.wasm",
            "beers.sqlite",
            "beers.sqlite-wal",
            "target/x",
            ".venv/y",
            "plugins/beers.toml",
        ];
        for path in sources.iter().chain(&made) {
            fs::write(root.join(path), path).unwrap();
        }
        let mut watch = SourceWatch::begin(root, &root.join("plugins"));
        let seen = watch.seen.clone();
        let names: Vec<_> = seen
            .keys()
            .map(|path| path.strip_prefix(root).unwrap().to_str().unwrap())
            .collect();
        assert_eq!(names, sources);
        for path in sources.iter().chain(&made) {
            fs::write(root.join(path), path).unwrap();
        }
        fs::write(root.join("target/x"), "other").unwrap();
        assert_eq!(watch.scan(), seen, "rewritten, but the same");
        fs::write(root.join("src/deep/b.rs"), "other").unwrap();
        assert_ne!(watch.scan(), seen);
    }
}
