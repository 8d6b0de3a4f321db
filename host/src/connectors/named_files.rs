//! The files that a configuration names, recorded as they are read.
//!
//! They are recorded even if the configuration is invalid: its validity can change only if it or one of them changes.

use std::io;
use std::path::{Path, PathBuf};

use crate::config::{FileFault, FileStamp, FileSystem, PathCheck, ReadLimit};
use crate::lock::Mutex;

/// The files that a configuration is read from.
pub(super) struct NamedFiles<'f> {
    files: &'f dyn FileSystem,
    configuration: &'f Path,
    named: Mutex<Vec<(PathBuf, FileStamp)>>,
}

impl<'f> NamedFiles<'f> {
    /// `configuration` itself, which names the other files, is not recorded.
    pub(super) fn new(files: &'f dyn FileSystem, configuration: &'f Path) -> Self {
        Self {
            files,
            configuration,
            named: Mutex::default(),
        }
    }

    /// The files that were read or could not be read, each with its stamp from before that.
    pub(super) fn into_named(self) -> Vec<(PathBuf, FileStamp)> {
        std::mem::take(&mut *self.named.lock())
    }
}

impl FileSystem for NamedFiles<'_> {
    fn read_if(
        &self,
        path: &Path,
        limit: ReadLimit,
        permits: Option<PathCheck<'_>>,
    ) -> Result<Vec<u8>, FileFault> {
        if path != self.configuration {
            let stamp = self.files.stamp(path);
            self.named.lock().push((path.to_owned(), stamp));
        }
        self.files.read_if(path, limit, permits)
    }

    fn stamp(&self, path: &Path) -> FileStamp {
        self.files.stamp(path)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        self.files.list(folder)
    }

    fn is_folder(&self, path: &Path) -> bool {
        self.files.is_folder(path)
    }
}
