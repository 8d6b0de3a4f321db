//! What was installed by earlier builds of a project, so that later ones can tell what has changed since.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::replacement::{NEW_FILE_MODE, replace};
use super::sources::absolute;

/// The folder of records in a project.
const FOLDER: &str = ".weld-host";
const FILE: &str = "builds.json";
/// Keeps the folder out of repositories.
const IGNORE: (&str, &str) = (".gitignore", "*\n");

/// The digests of what was installed into one plugins folder, in hexadecimal. `None` for what is unknown.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct InstalledDigests {
    /// The sources of the component, with the tools.
    pub(super) sources: Option<String>,
    /// The component.
    pub(super) component: Option<String>,
    /// The `NAME.toml` that was the same in the project and in the plugins folder.
    pub(super) config: Option<String>,
}

/// The record of a project: a file in a folder of its own. It is only a memory: without it, a build does more work and
/// keeps more files.
#[derive(Debug)]
pub(super) struct BuildRecord {
    folder: PathBuf,
    /// The plugins folder, by which the record distinguishes installations.
    plugins: String,
    /// By plugins folder.
    all: BTreeMap<String, InstalledDigests>,
}

impl BuildRecord {
    /// Reads the record of a project for a plugins folder. A record that is missing or unreadable is empty.
    pub(super) fn read(project: &Path, plugins: &Path) -> Self {
        let folder = project.join(FOLDER);
        let all = fs::read(folder.join(FILE))
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Self {
            folder,
            plugins: absolute(plugins).to_string_lossy().into_owned(),
            all: all.unwrap_or_default(),
        }
    }

    /// The digests of the last installation.
    pub(super) fn installed(&self) -> InstalledDigests {
        self.all.get(&self.plugins).cloned().unwrap_or_default()
    }

    /// Replaces the digests. A record that can't be written stays as it is.
    pub(super) fn set(mut self, installed: InstalledDigests) {
        if self.installed() == installed {
            return;
        }
        self.all.insert(self.plugins.clone(), installed);
        // The installation itself has succeeded; see the type's comment for what a lost record costs.
        let _ = self.write();
    }

    fn write(&self) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let (name, text) = IGNORE;
        let ignore = self.folder.join(name);
        if !ignore.exists() {
            replace(&ignore, text.as_bytes(), NEW_FILE_MODE)?;
        }
        let bytes = serde_json::to_vec_pretty(&self.all)?;
        replace(&self.folder.join(FILE), &bytes, NEW_FILE_MODE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn record_is_kept_for_each_plugins_folder() {
        let project = tempfile::TempDir::new().unwrap();
        let read = |plugins: &str| BuildRecord::read(project.path(), Path::new(plugins));
        let digests = |component: &str| InstalledDigests {
            component: Some(component.to_owned()),
            ..InstalledDigests::default()
        };
        assert_eq!(read("/a").installed(), InstalledDigests::default());
        read("/a").set(digests("one"));
        read("/b").set(digests("two"));
        assert_eq!(read("/a").installed(), digests("one"));
        assert_eq!(read("/b").installed(), digests("two"));
        assert_eq!(read("/c").installed(), InstalledDigests::default());
        let folder = project.path().join(FOLDER);
        assert_eq!(
            fs::read_to_string(folder.join(".gitignore")).unwrap(),
            "*\n"
        );
        fs::write(folder.join(FILE), "{\"/a\": {").unwrap();
        assert_eq!(read("/a").installed(), InstalledDigests::default());
        fs::remove_dir_all(&folder).unwrap();
        fs::write(&folder, "in the way").unwrap();
        read("/a").set(digests("one"));
        assert_eq!(read("/a").installed(), InstalledDigests::default());
    }
}
