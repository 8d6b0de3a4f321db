//! The component that a build produces.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::error::BuildError;
use super::project::Project;
use crate::config::Ceilings;

/// A component that can be installed.
#[derive(Debug)]
pub(crate) struct BuiltComponent {
    pub(crate) path: PathBuf,
    pub(crate) bytes: Vec<u8>,
}

/// Reads a component, up to the size that a host loads.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, BuildError> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|opened| {
            let limit_bytes = Ceilings::default().component_bytes;
            opened.take(limit_bytes).read_to_end(&mut bytes)
        })
        .map_err(|source| BuildError::File {
            path: path.to_owned(),
            source,
        })?;
    Ok(bytes)
}

/// The component's path for tools that take one: `dist/NAME.wasm`. Creates the folder.
pub(super) fn output(project: &Project) -> Result<PathBuf, BuildError> {
    let folder = project.folder.join("dist");
    std::fs::create_dir_all(&folder).map_err(|source| BuildError::File {
        path: folder.clone(),
        source,
    })?;
    Ok(folder.join(format!("{}.wasm", project.name)))
}
