//! The source files of a connector, and whether they have changed.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::report;

/// Folders that tools generate. Folders whose name begins with a dot are ignored too.
const MADE: [&str; 5] = ["__pycache__", "build", "dist", "node_modules", "target"];

/// A larger file is recognized by its size and time: data that nobody wants to read again and again.
const LARGE_BYTES: u64 = 32 << 20;

/// The digest of a file's contents.
pub(super) type FileDigest = [u8; 32];

/// All sources of a folder at one moment. Modification times don't help: tools rewrite files without a change, which
/// would start another build.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct SourceDigests {
    /// By absolute path.
    pub(super) files: BTreeMap<PathBuf, FileDigest>,
    /// The folders that contain them.
    pub(super) folders: Vec<PathBuf>,
    /// Whether a folder is a link. Its files are not among these.
    has_linked_folder: bool,
}

impl SourceDigests {
    /// Reads all sources. Files that are gone or can't be read don't count at the moment. `plugins` is left out even
    /// if it is inside `folder`, since builds write to it.
    pub(super) fn read(folder: &Path, plugins: &Path) -> Self {
        let mut found = Self {
            folders: vec![folder.to_owned()],
            ..Self::default()
        };
        let mut next = 0;
        while let Some(folder) = found.folders.get(next).cloned() {
            next += 1;
            for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if path == plugins {
                    continue;
                }
                let kind = entry.file_type();
                if kind.as_ref().is_ok_and(fs::FileType::is_dir) {
                    if !is_made(&path) {
                        found.folders.push(path);
                    }
                } else if path.is_dir() {
                    found.has_linked_folder |= !is_made(&path);
                } else if is_source(&path)
                    && let Some(digest) = digest(&path)
                {
                    found.files.insert(path, digest);
                }
            }
        }
        found
    }

    /// One digest of everything that a component is made of, in hexadecimal: the sources without the file `config`,
    /// which is not part of the component, and `tools`, which describes the installed tools. `None` if some sources
    /// are unknown.
    pub(super) fn of_component(
        &self,
        folder: &Path,
        config: &Path,
        tools: &[String],
    ) -> Option<String> {
        if self.has_linked_folder {
            return None;
        }
        let mut all = Sha256::new();
        let mut add = |part: &[u8]| {
            all.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
            all.update(part);
        };
        add(env!("CARGO_PKG_VERSION").as_bytes());
        for tool in tools {
            add(tool.as_bytes());
        }
        for (path, digest) in &self.files {
            if path != config {
                let path = path.strip_prefix(folder).unwrap_or(path);
                add(path.as_os_str().as_encoded_bytes());
                add(digest);
            }
        }
        Some(report::hexadecimal(&all.finalize()))
    }
}

/// The path of a folder that may not exist yet, without links if possible.
pub(super) fn absolute(folder: &Path) -> PathBuf {
    folder
        .canonicalize()
        .or_else(|_| std::path::absolute(folder))
        .unwrap_or_else(|_| folder.to_owned())
}

/// The digest of a file's contents in hexadecimal.
pub(super) fn hex_digest(contents: &[u8]) -> String {
    report::hexadecimal(&Sha256::digest(contents))
}

/// The digest of a regular file; reading a pipe would never end.
fn digest(path: &Path) -> Option<FileDigest> {
    let metadata = path.metadata().ok().filter(fs::Metadata::is_file)?;
    if metadata.len() > LARGE_BYTES {
        let stamp = (
            metadata.len(),
            metadata.mtime(),
            metadata.mtime_nsec(),
            metadata.ino(),
        );
        return Some(Sha256::digest(format!("{stamp:?}")).into());
    }
    Some(Sha256::digest(fs::read(path).ok()?).into())
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

    /// A folder with files whose contents are their paths.
    fn folder(paths: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::TempDir::new().unwrap();
        for path in paths {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, path.file_name().unwrap().as_encoded_bytes()).unwrap();
        }
        folder
    }

    #[test]
    fn sources_are_distinguished_from_generated_files() {
        let sources = ["app.py", "src/a.rs", "src/deep/b.rs"];
        let made = [
            "beers.wasm",
            "beers.sqlite",
            "beers.sqlite-wal",
            "target/x",
            ".venv/y",
            "plugins/beers.toml",
        ];
        let folder = folder(&[&sources[..], &made].concat());
        let root = folder.path();
        let read = || SourceDigests::read(root, &root.join("plugins"));
        let seen = read();
        let names: Vec<_> = seen
            .files
            .keys()
            .map(|path| path.strip_prefix(root).unwrap().to_str().unwrap())
            .collect();
        assert_eq!(names, sources);
        fs::write(root.join("app.py"), "app.py").unwrap();
        fs::write(root.join("target/x"), "other").unwrap();
        assert_eq!(read(), seen, "rewritten, but the same");
        fs::write(root.join("src/deep/b.rs"), "other").unwrap();
        assert_ne!(read(), seen);
    }

    #[test]
    fn digest_changes_with_a_source_or_a_tool_but_not_with_the_configuration() {
        let folder = folder(&["app.py", "shop.toml", "lib/a.py"]);
        let (root, config) = (folder.path(), folder.path().join("shop.toml"));
        let digest = |tools: &[String]| {
            SourceDigests::read(root, Path::new("/none")).of_component(root, &config, tools)
        };
        let first = digest(&[]);
        assert!(first.is_some());
        fs::write(&config, "[env]").unwrap();
        assert_eq!(digest(&[]), first);
        assert_ne!(digest(&["componentize-py 0.26".to_owned()]), first);
        fs::rename(root.join("lib/a.py"), root.join("lib/b.py")).unwrap();
        assert_ne!(digest(&[]), first, "a renamed file");
        std::os::unix::fs::symlink("/usr", root.join("linked")).unwrap();
        assert_eq!(digest(&[]), None, "sources that are not read");
    }
}
