//! The files that a configuration names, noted as they are asked for.
//!
//! Noted also if the configuration turns out to be invalid: until it or one of them changes, it stays as it is.

use std::io;
use std::path::{Path, PathBuf};

use crate::config::{FileFault, FileStamp, FileSystem, ReadLimit};
use crate::lock::Mutex;

/// Files of which a configuration is read.
pub(super) struct NamedFiles<'f> {
    files: &'f dyn FileSystem,
    configuration: &'f Path,
    named: Mutex<Vec<(PathBuf, FileStamp)>>,
}

impl<'f> NamedFiles<'f> {
    /// Nothing is noted of `configuration`, which names the others.
    pub(super) fn new(files: &'f dyn FileSystem, configuration: &'f Path) -> Self {
        Self {
            files,
            configuration,
            named: Mutex::default(),
        }
    }

    /// Those that were read, or could not be, each with its stamp from before that.
    pub(super) fn into_named(self) -> Vec<(PathBuf, FileStamp)> {
        std::mem::take(&mut *self.named.lock())
    }
}

impl FileSystem for NamedFiles<'_> {
    fn read(&self, path: &Path, limit: ReadLimit) -> Result<Vec<u8>, FileFault> {
        if path != self.configuration {
            let stamp = self.files.stamp(path);
            self.named.lock().push((path.to_owned(), stamp));
        }
        self.files.read(path, limit)
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
