//! A folder that stays the same one while files are made in it, whatever somebody puts in its place meanwhile.
//!
//! Root may write here for a service, whose user owns the folder and can replace it at any time, such as by a link to a
//! folder of the system. So a folder is resolved once, and its owner and all names in it are those of what was found then.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::path::Path;

use rustix::fs::{AtFlags, Mode, OFlags, Stat, mkdirat, openat, renameat, statat, unlinkat};
use rustix::io::Errno;

use super::ownership::{self, FileOwner};
use crate::config::folder_of;

const READABLE: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::CLOEXEC);

/// An open folder.
#[derive(Debug)]
pub(super) struct Folder(File);

impl Folder {
    /// Opens a folder that the operator has named: it may be a link.
    fn open(path: &Path) -> io::Result<Self> {
        open_at(rustix::fs::CWD, path, READABLE)
    }

    /// Opens a folder whose path has no link at its end.
    pub(super) fn open_itself(path: &Path) -> io::Result<Self> {
        match open_at(rustix::fs::CWD, path, READABLE | OFlags::NOFOLLOW) {
            Err(error) if path.is_symlink() => {
                Err(io::Error::new(error.kind(), "the folder is a link"))
            }
            opened => opened,
        }
    }

    /// Opens a folder, and makes it and its parents if they don't exist: for this user alone, or for the owner of the folder
    /// above them if this is root. Their entries are synced to the disk.
    pub(super) fn make(path: &Path) -> io::Result<Self> {
        match Self::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            opened => return opened,
        }
        Self::make(folder_of(path))?.make_in(name(path)?)
    }

    /// As [`make`](Self::make), for a folder that must not be a link.
    pub(super) fn make_itself(path: &Path) -> io::Result<Self> {
        match Self::open_itself(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            opened => return opened,
        }
        Self::make(folder_of(path))?.make_in(name(path)?)
    }

    fn make_in(&self, name: &OsStr) -> io::Result<Self> {
        let is_new = match mkdirat(&self.0, name, Mode::RWXU) {
            Ok(()) => true,
            // Another process has just made it.
            Err(Errno::EXIST) => false,
            Err(error) => return Err(error.into()),
        };
        let made = open_at(&self.0, name, READABLE | OFlags::NOFOLLOW)?;
        if is_new {
            ownership::inherit_folder(&made.0, self.owner()?)?;
        }
        self.sync()?;
        Ok(made)
    }

    /// Whom the folder belongs to.
    pub(super) fn owner(&self) -> io::Result<FileOwner> {
        Ok(FileOwner::of(&self.0.metadata()?))
    }

    /// Makes a file for this user alone. `AlreadyExists` if there is something of that name.
    pub(super) fn create(&self, name: &OsStr) -> io::Result<File> {
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let made = openat(&self.0, name, flags, Mode::RUSR | Mode::WUSR)?;
        Ok(made.into())
    }

    /// Opens a file to lock it, and makes it if it doesn't exist. If this is root, it then belongs to the owner of the folder.
    pub(super) fn open_lock(&self, name: &OsStr) -> io::Result<File> {
        match self.create(name) {
            Ok(made) => {
                ownership::inherit(&made, self.owner()?)?;
                Ok(made)
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                Ok(openat(&self.0, name, flags, Mode::empty())?.into())
            }
            Err(error) => Err(error),
        }
    }

    /// What has this name, links not followed; `None` if there is nothing.
    pub(super) fn stat(&self, name: &OsStr) -> io::Result<Option<Stat>> {
        match statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(found) => Ok(Some(found)),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        Ok(renameat(&self.0, from, &self.0, to)?)
    }

    /// Removes a file if it exists.
    pub(super) fn remove(&self, name: &OsStr) -> io::Result<()> {
        match unlinkat(&self.0, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Syncs the folder's entries to the disk.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.0.sync_all()
    }
}

fn open_at(
    folder: impl std::os::fd::AsFd,
    path: impl rustix::path::Arg,
    flags: OFlags,
) -> io::Result<Folder> {
    let opened = openat(folder, path, flags, Mode::empty())?;
    Ok(Folder(opened.into()))
}

/// A path's last name.
pub(super) fn name(path: &Path) -> io::Result<&OsStr> {
    path.file_name()
        .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "the path ends with no name"))
}
