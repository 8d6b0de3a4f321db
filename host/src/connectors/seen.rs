//! The files of a component as a look found them.

use std::path::PathBuf;

use crate::config::FileStamp;

/// The stamps of a component, of its configuration, of the files that the configuration names and of the component's
/// compiled file, with their paths, and the operator's bounds.
/// Two values are equal if nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SeenFiles {
    /// The stamps of the component and of its configuration.
    pub(super) stamps: [FileStamp; 2],
    /// The files that the configuration names, as far as it could be read, and the compiled file if the host uses such
    /// files; empty if nothing was read.
    pub(super) files: Vec<(PathBuf, FileStamp)>,
    /// The generation of the operator's bounds, under which the configuration is read.
    pub(super) bounds: u64,
}

impl SeenFiles {
    /// A component and its configuration, which names no files.
    pub(super) fn alone(stamps: [FileStamp; 2], bounds: u64) -> Self {
        Self {
            stamps,
            files: Vec::new(),
            bounds,
        }
    }

    /// The stamps of the configuration, of all files that it names, and of the compiled file.
    pub(super) fn configuration(&self) -> Vec<FileStamp> {
        let [_, configuration] = self.stamps;
        let files = self.files.iter().map(|(_, stamp)| *stamp);
        std::iter::once(configuration).chain(files).collect()
    }

    /// The paths of the files that the configuration names, and of the compiled file.
    pub(super) fn paths(&self) -> Vec<PathBuf> {
        self.files.iter().map(|(path, _)| path.clone()).collect()
    }
}
