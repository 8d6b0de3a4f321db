//! The folders of `weld-host compile`.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use crate::cli::error::CliError;

/// The components to compile.
pub(super) struct ComponentFolder {
    pub(super) folder: PathBuf,
    /// The paths of the components; at least one.
    pub(super) paths: BTreeSet<PathBuf>,
}

/// The components of a plugins folder, or a single one. As for a server, hidden files don't count.
pub(super) fn plugins(path: &Path) -> Result<ComponentFolder, CliError> {
    if is_component(path) && !path.is_dir() {
        return Ok(ComponentFolder {
            folder: folder_of(path).to_owned(),
            paths: BTreeSet::from([path.to_owned()]),
        });
    }
    let failed = |source| CliError::CompileFolder {
        folder: path.to_owned(),
        source,
    };
    let entries = fs::read_dir(path).map_err(failed)?;
    let paths: io::Result<BTreeSet<PathBuf>> = entries.map(|entry| Ok(entry?.path())).collect();
    let mut paths = paths.map_err(failed)?;
    paths.retain(|path| is_component(path) && !is_hidden(path));
    if paths.is_empty() {
        return Err(CliError::NothingToCompile(path.to_owned()));
    }
    Ok(ComponentFolder {
        folder: path.to_owned(),
        paths,
    })
}

/// The folder that has this file.
pub(super) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Whether both paths are of the same folder.
pub(super) fn is_same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| fs::canonicalize(path).ok();
    real(one).is_some_and(|one| Some(one) == real(other))
}

/// Creates a folder to which only this user can write: a host refuses code from another one.
pub(super) fn create(folder: &Path) -> Result<(), CliError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o755);
    builder
        .create(folder)
        .map_err(|source| CliError::CompileFolder {
            folder: folder.to_owned(),
            source,
        })
}

/// A line for each configuration in the output that a connector would get although it has none in the plugins folder.
pub(super) fn lonely_configurations(components: &ComponentFolder, output: &Path) -> Vec<String> {
    let lonely = components.paths.iter().filter_map(|component| {
        let configuration = component.with_extension("toml");
        let there = output.join(configuration.file_name()?);
        (!configuration.exists() && there.exists()).then(|| {
            format!(
                "weld-host: {} stays, although there is no {}; remove it if the connector has no configuration any more",
                there.display(),
                configuration.display()
            )
        })
    });
    lonely.collect()
}

fn is_component(path: &Path) -> bool {
    path.extension() == Some(OsStr::new("wasm"))
}

fn is_hidden(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    name.as_encoded_bytes().starts_with(b".")
}
