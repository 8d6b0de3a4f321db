//! What the name of a folder that doesn't exist may have been meant for.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use super::error::BuildError;
use crate::report;

/// How many folders are compared with a name that doesn't exist.
const MOST_FOLDERS: usize = 1_000;

/// The error for a folder that doesn't exist.
pub(super) fn no_folder(missing: &Path) -> BuildError {
    BuildError::NoFolder {
        folder: missing.to_owned(),
        meant: meant(missing),
    }
}

fn meant(missing: &Path) -> String {
    let Some(name) = missing.file_name().and_then(OsStr::to_str) else {
        return String::new();
    };
    let parent = missing.parent().unwrap_or(Path::new(""));
    let here = std::env::current_dir().unwrap_or_default();
    if parent == Path::new("") && here.file_name() == Some(OsStr::new(name)) {
        return "; the current folder has this name: write `.`".to_owned();
    }
    let folders = fs::read_dir(here.join(parent)).into_iter().flatten();
    let names: Vec<_> = folders
        .flatten()
        .filter(|entry| entry.path().is_dir())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .take(MOST_FOLDERS)
        .collect();
    report::nearest(name, names.iter().map(String::as_str)).map_or_else(String::new, |nearest| {
        let nearest = parent.join(nearest);
        format!(
            "; did you mean {}?",
            report::escaped(&nearest.to_string_lossy())
        )
    })
}
