//! A file system that hangs, for tests. It behaves like FUSE or a network file system, without needing either.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::{Condvar, Mutex};

use crate::config::{FileFault, FileStamp, FileSystem, PathCheck, ReadLimit, SystemFiles};

/// The system's files. Some of them hang until they are released.
pub(super) struct HangingFiles {
    names: Vec<String>,
    hangs: Mutex<bool>,
    released: Condvar,
    waiting: Mutex<Vec<String>>,
}

impl HangingFiles {
    /// Files with these names hang, in any folder.
    pub(super) fn new(names: &[&str]) -> Arc<Self> {
        Arc::new(Self {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            hangs: Mutex::new(true),
            released: Condvar::new(),
            waiting: Mutex::default(),
        })
    }

    /// The number of threads that hang.
    pub(super) fn hanging(&self) -> usize {
        self.waiting.lock().unwrap().len()
    }

    /// The number of threads that hang on files with this name.
    pub(super) fn hanging_at(&self, name: &str) -> usize {
        let waiting = self.waiting.lock().unwrap();
        waiting.iter().filter(|waiting| *waiting == name).count()
    }

    /// Lets all threads continue.
    pub(super) fn release(&self) {
        *self.hangs.lock().unwrap() = false;
        self.released.notify_all();
    }

    fn at(&self, path: &Path) -> &SystemFiles {
        let name = path.file_name().unwrap_or_default();
        if let Some(name) = self.names.iter().find(|hanging| name == hanging.as_str()) {
            self.waiting.lock().unwrap().push(name.clone());
            let hangs = self.hangs.lock().unwrap();
            drop(self.released.wait_while(hangs, |hangs| *hangs).unwrap());
        }
        &SystemFiles
    }
}

impl FileSystem for HangingFiles {
    fn read_if(
        &self,
        path: &Path,
        limit: ReadLimit,
        permits: Option<PathCheck<'_>>,
    ) -> Result<Vec<u8>, FileFault> {
        self.at(path).read_if(path, limit, permits)
    }

    fn stamp(&self, path: &Path) -> FileStamp {
        self.at(path).stamp(path)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        self.at(folder).list(folder)
    }

    fn is_folder(&self, path: &Path) -> bool {
        self.at(path).is_folder(path)
    }
}
