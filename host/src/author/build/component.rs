//! The component that a build produces.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

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

/// A file that a tool writes into a project's folder `dist`. If the tool fails or a signal ends it, a file that it has
/// begun to write is removed.
pub(super) struct ToolOutput {
    path: PathBuf,
    /// The stamp of a file from an earlier build.
    before: Option<WriteStamp>,
    is_complete: bool,
}

/// When a file was written, and its size.
type WriteStamp = (SystemTime, u64);

impl ToolOutput {
    /// Prepares the file `dist/NAME` followed by `ending`. Creates the folder.
    pub(super) fn prepare(project: &Project, ending: &str) -> Result<Self, BuildError> {
        let folder = project.folder.join("dist");
        fs::create_dir_all(&folder).map_err(|source| BuildError::File {
            path: folder.clone(),
            source,
        })?;
        let path = folder.join(format!("{}{ending}", project.name));
        Ok(Self {
            before: stamp(&path),
            path,
            is_complete: false,
        })
    }

    /// The path for the tool.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The tool has succeeded. Returns the file's path.
    pub(super) fn finish(mut self) -> PathBuf {
        self.is_complete = true;
        self.path.clone()
    }
}

impl Drop for ToolOutput {
    fn drop(&mut self) {
        if !self.is_complete && stamp(&self.path) != self.before {
            // If it can't be removed, the next build replaces it.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn stamp(path: &Path) -> Option<WriteStamp> {
    let metadata = path.metadata().ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}
