//! Whether a connector's sources have changed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::changes::Changes;

/// SourceDigests count once two looks so far apart have seen the same: editors write in several steps.
const SETTLES_WITHIN: Duration = Duration::from_millis(200);
/// How often is looked where the system tells of nothing.
const LOOKS_EVERY: Duration = Duration::from_secs(2);
/// What tools make or get. Folders that begin with a dot are passed by too.
const MADE: [&str; 5] = ["__pycache__", "build", "dist", "node_modules", "target"];

/// Each source file's digest. Not its times: tools rewrite files without a change, and would start a build of their own.
type SourceDigests = BTreeMap<PathBuf, [u8; 32]>;

/// Watches the sources in a folder. The system only tells that something happens; what it is, a look shows.
pub(crate) struct SourceWatch {
    folder: PathBuf,
    /// Not watched, even where it lies in `folder`: it is what a build writes to.
    plugins: PathBuf,
    changes: Changes,
    watched: Vec<PathBuf>,
    seen: SourceDigests,
}

impl SourceWatch {
    /// Begins to watch. A change from now on counts.
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
        watch.seen = watch.look();
        watch
    }

    /// Waits until the sources are others than at the last call, and have settled.
    pub(crate) async fn changed(&mut self) {
        loop {
            // Whether it is word or time that ends the wait, the look decides.
            let _ = tokio::time::timeout(LOOKS_EVERY, self.changes.next()).await;
            let mut found = self.look();
            if found == self.seen {
                continue;
            }
            loop {
                tokio::time::sleep(SETTLES_WITHIN).await;
                let again = self.look();
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

    /// Reads all sources, and watches folders that are new.
    fn look(&mut self) -> SourceDigests {
        let (mut sources, mut folders) = (SourceDigests::new(), vec![self.folder.clone()]);
        let mut next = 0;
        while let Some(folder) = folders.get(next).cloned() {
            next += 1;
            // What is gone, or can't be read, is no source at the moment.
            for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
                let path = entry.path();
                let kind = entry.file_type();
                if kind.as_ref().is_ok_and(fs::FileType::is_dir) {
                    if path != self.plugins && !is_made(&path) {
                        folders.push(path);
                    }
                } else if is_source(&path)
                    // A pipe would never end.
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
                // Where it can't be, time tells.
                let _ = self.changes.watch(folder);
            }
        }
        self.watched = folders;
    }
}

/// Not components, and not what a sync of one leaves: `shop.sqlite`, `shop.sqlite-wal`.
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
    fn sources_are_told_from_what_is_made_of_them() {
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
        assert_eq!(watch.look(), seen, "written anew, but the same");
        fs::write(root.join("src/deep/b.rs"), "other").unwrap();
        assert_ne!(watch.look(), seen);
    }
}
