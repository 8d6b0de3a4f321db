//! A compiled file whose code was loaded, to load it again once it was unmapped.

use std::fs::File;
use std::io::Seek;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use rustix::process::{Resource, getrlimit};

use crate::config::FileStamp;
use crate::sandbox::cache_file::EntryFault;

/// A compiled file whose code was loaded.
///
/// It stays open: a version that keeps serving after another one was put at its path and refused needs its own file,
/// which has no name any more.
pub(crate) struct KeptFile {
    /// `None` if the process has many files open already.
    file: Option<File>,
    path: PathBuf,
    stamp: FileStamp,
}

impl KeptFile {
    /// Keeps `file`, which was opened at `path`.
    pub(super) fn new(file: &File, path: &Path) -> Self {
        Self {
            file: file.try_clone().ok().filter(may_stay_open),
            path: path.to_owned(),
            stamp: FileStamp::of_open(file),
        }
    }

    /// Whether the same contents can still be opened. Reads the disk.
    pub(in crate::sandbox) fn is_unchanged(&self) -> bool {
        match &self.file {
            Some(file) => FileStamp::of_open(file).has_contents_of(&self.stamp),
            None => FileStamp::of(&self.path) == self.stamp && self.stamp.exists(),
        }
    }

    /// The open file, from its beginning; `None` if it did not stay open.
    ///
    /// # Errors
    ///
    /// An error of the system.
    pub(super) fn file(&self) -> Result<Option<File>, EntryFault> {
        let Some(file) = &self.file else {
            return Ok(None);
        };
        let mut file = file.try_clone().map_err(EntryFault::Read)?;
        file.rewind().map_err(EntryFault::Read)?;
        Ok(Some(file))
    }

    /// Where it was opened.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// Whether kept files leave enough descriptors for everything else. The system hands out the lowest free number, so a
/// number says how many files are open.
fn may_stay_open(file: &File) -> bool {
    let number = u64::try_from(file.as_raw_fd()).unwrap_or(u64::MAX);
    getrlimit(Resource::Nofile)
        .current
        .is_none_or(|most| number < most / 4)
}
