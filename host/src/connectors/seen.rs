//! The files of a component as they were seen.

use std::path::PathBuf;

use crate::config::FileStamp;

/// The stamps of a component, of its configuration, and of the files that this names, with their paths. Two are equal
/// if nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SeenFiles {
    /// Of the component and of its configuration.
    pub(super) stamps: [FileStamp; 2],
    /// The files that the configuration names; none if it can't be read, or was not.
    pub(super) files: Vec<(PathBuf, FileStamp)>,
}

impl SeenFiles {
    /// The component and its configuration, which names no files.
    pub(super) fn alone(stamps: [FileStamp; 2]) -> Self {
        Self {
            stamps,
            files: Vec::new(),
        }
    }

    /// The stamps of the configuration and of all that it names.
    pub(super) fn configuration(&self) -> Vec<FileStamp> {
        let [_, configuration] = self.stamps;
        let files = self.files.iter().map(|(_, stamp)| *stamp);
        std::iter::once(configuration).chain(files).collect()
    }

    /// The paths of the files that the configuration names.
    pub(super) fn paths(&self) -> Vec<PathBuf> {
        self.files.iter().map(|(path, _)| path.clone()).collect()
    }
}
