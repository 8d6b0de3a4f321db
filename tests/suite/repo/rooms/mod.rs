//! The rooms: they use each other in one direction, their files don't form circles, each of their names means one
//! thing, and the map of them (ARCHITECTURE.md) is correct.

mod arrows;
mod circles;
mod contract;
mod graph;
mod holders;
mod map;
mod module_tree;
mod names;
mod scopes;
mod source;
mod systems;
mod waiters;

use std::fs;
use std::path::{Path, PathBuf};

pub(super) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()
        .unwrap()
}

/// Folders without sources of this repository.
const NOT_SOURCES: [&str; 4] = [".git", "node_modules", "plugins", "target"];

/// The files below `folder` whose names end with one of `endings`, sorted.
pub(super) fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        if entry.file_type().unwrap().is_dir() {
            if !NOT_SOURCES.contains(&name.as_ref()) {
                files.extend(self::files(&path, endings));
            }
        } else if endings.iter().any(|ending| name.ends_with(ending)) {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    files(folder, &[".rs"])
}

/// A path as messages and lists show it: relative to the repository.
pub(super) fn shown(path: &Path) -> String {
    let path = path.strip_prefix(repository()).unwrap_or(path);
    path.display().to_string()
}
