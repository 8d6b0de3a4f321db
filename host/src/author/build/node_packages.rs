//! The npm packages of a connector.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::error::BuildError;
use super::fetching::{Fetcher, NPM};
use super::javascript::GET_NODE;
use super::manifest::NodeManifest;
use super::tool::Tool;

const MODULES: &str = "node_modules";
const LOCK: &str = "package-lock.json";
/// npm's list of what it has installed, which it writes at the end.
const INSTALLED: &str = "node_modules/.package-lock.json";
/// The same of other package managers, whose folders are taken as complete.
const OTHERS: [&str; 3] = [".modules.yaml", ".yarn-integrity", ".yarn-state.yml"];

/// The npm packages to install in a folder, and why.
#[derive(Debug)]
pub(crate) struct NodePackages {
    folder: PathBuf,
    /// Whether the lock file lacks some of them.
    has_more: bool,
    reason: String,
}

impl NodePackages {
    /// What the folder lacks, by its `package.json` and `package-lock.json`.
    ///
    /// # Errors
    ///
    /// [`BuildError`]: one of these files can't be read.
    pub(super) fn of(folder: &Path) -> Result<Option<Self>, BuildError> {
        let lock = LockFile::read(&folder.join(LOCK));
        let manifest = NodeManifest::read(&folder.join("package.json"))?;
        let has_more = match &lock {
            Some(lock) => !lock.lists(&manifest),
            None => true,
        };
        let reason = lacking(folder, lock.as_ref(), has_more);
        Ok(reason.map(|reason| Self {
            folder: folder.to_owned(),
            has_more,
            reason,
        }))
    }

    /// What is missing, for a message.
    pub(super) fn description(&self) -> String {
        format!("its npm packages ({})", self.reason)
    }

    /// Installs them.
    ///
    /// # Errors
    ///
    /// [`BuildError`]: npm is missing or fails.
    pub(super) async fn fetch(&self, announce: &mut dyn FnMut(&str)) -> Result<(), BuildError> {
        get_packages(&self.folder, self.has_more, announce).await
    }
}

/// Installs the packages in the folder's `package.json`, without running their scripts. `has_more` says that the lock
/// file lacks some of them.
pub(in crate::author) async fn get_packages(
    folder: &Path,
    has_more: bool,
    announce: &mut dyn FnMut(&str),
) -> Result<(), BuildError> {
    let command = if has_more { "install" } else { "ci" };
    let npm = Tool::new("npm", folder, GET_NODE)
        .with([command, "--ignore-scripts", "--no-audit", "--no-fund"])
        .with(["--loglevel=error"]);
    Fetcher::new(npm, NPM).run(announce).await
}

/// Why the packages have to be installed; `None` if they are there.
fn lacking(folder: &Path, lock: Option<&LockFile>, has_more: bool) -> Option<String> {
    let modules = folder.join(MODULES);
    if !modules.is_dir() {
        return Some(format!("{MODULES} does not exist"));
    }
    if OTHERS.iter().any(|list| modules.join(list).exists()) {
        return None;
    }
    let lock = lock?;
    if has_more {
        return Some(format!("{LOCK} lacks packages of package.json"));
    }
    let Some(installed) = LockFile::read(&folder.join(INSTALLED)) else {
        return Some(format!("{MODULES} is incomplete"));
    };
    let (place, wanted) = lock.packages.iter().find(|(place, wanted)| {
        let found = installed.packages.get(*place);
        !wanted.is_optional()
            && !wanted.version.is_empty()
            && place.starts_with(MODULES)
            && found.is_none_or(|found| found.version != wanted.version)
    })?;
    let name = place
        .rsplit_once("node_modules/")
        .map_or("", |(_, name)| name);
    Some(format!("{MODULES} lacks {name} {}", wanted.version))
}

/// The installed packages for a digest: npm's own list. Empty if there is none.
pub(super) fn packages_of(folder: &Path) -> Vec<String> {
    fs::read_to_string(folder.join(INSTALLED))
        .into_iter()
        .collect()
}

/// A list of packages as npm writes it.
#[derive(Deserialize)]
struct LockFile {
    #[serde(default)]
    packages: BTreeMap<String, LockedPackage>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct LockedPackage {
    version: String,
    optional: bool,
    dev_optional: bool,
    peer: bool,
    dependencies: BTreeMap<String, String>,
    dev_dependencies: BTreeMap<String, String>,
}

impl LockedPackage {
    /// Whether it may be missing on some machines.
    fn is_optional(&self) -> bool {
        self.optional || self.dev_optional || self.peer
    }
}

impl LockFile {
    /// `None` if there is no such file, or if it is one that npm would have to judge.
    fn read(path: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(path).ok()?).ok()
    }

    /// Whether it was made for the packages that `manifest` lists.
    fn lists(&self, manifest: &NodeManifest) -> bool {
        // Files of npm 6 have no such entry.
        self.packages.get("").is_none_or(|root| {
            manifest.dependencies().all(|(name, range)| {
                [&root.dependencies, &root.dev_dependencies]
                    .iter()
                    .any(|listed| listed.get(name).is_some_and(|listed| listed == range))
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = r#"{"devDependencies": {"esbuild": "0.28.2"}}"#;
    const LOCKED: &str = r#"{"packages": {
        "": {"devDependencies": {"esbuild": "0.28.2"}},
        "kit": {"version": "0.1.0"},
        "node_modules/kit": {"link": true},
        "node_modules/esbuild": {"version": "0.28.2"},
        "node_modules/@esbuild/aix-ppc64": {"version": "0.28.2", "optional": true}
    }}"#;

    #[test]
    fn packages_are_compared_with_the_lock_file() {
        let hidden = |version: &str| {
            format!(r#"{{"packages": {{"node_modules/esbuild": {{"version": "{version}"}}}}}}"#)
        };
        let other = r#"{"devDependencies": {"esbuild": "0.28.2", "dayjs": "^1"}}"#;
        for (manifest, lock, installed, expected) in [
            (MANIFEST, Some(LOCKED), Some(hidden("0.28.2")), None),
            (
                MANIFEST,
                Some(LOCKED),
                Some(hidden("0.27.0")),
                Some(("lacks esbuild 0.28.2", false)),
            ),
            (
                MANIFEST,
                Some(LOCKED),
                Some("{}".to_owned()),
                Some(("lacks esbuild 0.28.2", false)),
            ),
            (MANIFEST, Some(LOCKED), None, Some(("incomplete", false))),
            (
                other,
                Some(LOCKED),
                Some(hidden("0.28.2")),
                Some(("package-lock.json lacks", true)),
            ),
            (MANIFEST, None, Some(hidden("0.28.2")), None),
            (MANIFEST, None, None, None),
            (MANIFEST, Some("not JSON"), None, None),
        ] {
            let folder = tempfile::TempDir::new().unwrap();
            let write = |path: &str, text: &str| fs::write(folder.path().join(path), text).unwrap();
            write("package.json", manifest);
            fs::create_dir(folder.path().join(MODULES)).unwrap();
            if let Some(lock) = lock {
                write(LOCK, lock);
            }
            if let Some(installed) = &installed {
                write(INSTALLED, installed);
            }
            let found = NodePackages::of(folder.path()).unwrap();
            match (&found, expected) {
                (None, None) => {}
                (Some(packages), Some((words, has_more))) => {
                    assert!(packages.reason.contains(words), "{}", packages.reason);
                    assert_eq!(packages.has_more, has_more);
                }
                _ => panic!("{found:?}, not {expected:?}"),
            }
            write("node_modules/.yarn-integrity", "");
            assert!(NodePackages::of(folder.path()).unwrap().is_none());
            fs::remove_dir_all(folder.path().join(MODULES)).unwrap();
            let reason = NodePackages::of(folder.path()).unwrap().unwrap().reason;
            assert_eq!(reason, "node_modules does not exist");
        }
    }
}
