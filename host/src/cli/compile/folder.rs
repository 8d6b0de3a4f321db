//! The folders of `weld-host compile`.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use crate::cli::error::CliError;
use crate::config::folder_of;
use crate::connectors::component_paths;

/// The components to compile.
pub(super) struct ComponentFolder {
    pub(super) folder: PathBuf,
    /// Whether all of the folder's components are meant, and not a single one.
    pub(super) is_whole: bool,
    /// The paths of the components; at least one.
    pub(super) paths: BTreeSet<PathBuf>,
}

/// The components of a plugins folder, or a single one.
pub(super) fn plugins(path: &Path) -> Result<ComponentFolder, CliError> {
    if is_component(path) && !path.is_dir() {
        return Ok(ComponentFolder {
            folder: folder_of(path).to_owned(),
            is_whole: false,
            paths: BTreeSet::from([path.to_owned()]),
        });
    }
    let failed = |source| CliError::CompileFolder {
        folder: path.to_owned(),
        source,
    };
    let paths = component_paths(path).map_err(failed)?;
    if paths.is_empty() {
        return Err(CliError::NothingToCompile(path.to_owned()));
    }
    Ok(ComponentFolder {
        folder: path.to_owned(),
        is_whole: true,
        paths,
    })
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

/// A line for each component and compiled file in the output whose component is no longer in the plugins folder. A host
/// would still serve that connector.
pub(super) fn lonely_components(components: &ComponentFolder, output: &Path) -> Vec<String> {
    let entries = if components.is_whole {
        fs::read_dir(output).ok()
    } else {
        None
    };
    let files = entries.into_iter().flatten().flatten();
    let files: BTreeSet<PathBuf> = files.map(|entry| entry.path()).collect();
    let lonely = files.into_iter().filter_map(|file| {
        let is_ours = is_component(&file) || file.extension() == Some(OsStr::new("cwasm"));
        let component = file.with_extension("wasm");
        let component = components.folder.join(component.file_name()?);
        (is_ours && !is_hidden(&file) && !component.exists()).then(|| {
            format!(
                "weld-host: {} stays, although there is no {}; remove it if the connector was removed",
                file.display(),
                component.display()
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
