//! Reads files, and replaces them atomically.
//!
//! New content is written next to the file, synced to the disk, and moved to the file's place by one rename: whenever
//! the process or the machine stops, the file is either the old one or the new one. A write that was interrupted leaves
//! a file with a fixed name, which the next write removes.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::{Mode, OFlags, fchmod};

use super::folder::{Folder, name};
use super::ownership::{self, FileOwner};
use crate::config::folder_of;

/// A larger file can't be a token.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// A step of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(test, derive(serde::Serialize, serde::Deserialize))]
pub(super) enum WriteStep {
    Begun,
    HalfWritten,
    Written,
    Synced,
    Renamed,
    FolderSynced,
}

/// Observes each step of a write, and may stop it there: tests kill the process.
pub(super) trait WriteWatch {
    fn step(&self, step: WriteStep) -> io::Result<()>;
}

/// Lets every write continue.
pub(super) struct NoWatch;

impl WriteWatch for NoWatch {
    fn step(&self, _: WriteStep) -> io::Result<()> {
        Ok(())
    }
}

/// The file's content; `None` if there is no file.
pub(super) fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let opened = File::options()
        .read(true)
        // A link or a pipe was not created by this host.
        .custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits() as i32)
        .open(path);
    let file = match opened {
        Ok(file) => file,
        Err(error) => {
            return match error.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Ok(None),
                _ => Err(error),
            };
        }
    };
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut content = Vec::new();
    file.take(MAX_FILE_BYTES).read_to_end(&mut content)?;
    Ok(Some(content))
}

/// Replaces `path` by way of `temporary`, in the same folder, which must not be a link. There must be only one writer at a
/// time. If this is root, the file belongs to the owner of the folder.
pub(super) fn replace(
    path: &Path,
    temporary: &Path,
    content: &[u8],
    watch: &impl WriteWatch,
) -> io::Result<()> {
    let folder = Folder::open_itself(folder_of(path))?;
    let owner = folder.owner()?;
    let inherit = |file: &File| ownership::inherit(file, owner);
    let names = (name(temporary)?, name(path)?);
    replace_by(&folder, names, content, (&inherit, watch))
}

/// Prepares the new file before anything is written to it.
type Prepare<'p> = dyn Fn(&File) -> io::Result<()> + 'p;

fn replace_by(
    folder: &Folder,
    (temporary, name): (&OsStr, &OsStr),
    content: &[u8],
    (prepare, watch): (&Prepare<'_>, &impl WriteWatch),
) -> io::Result<()> {
    watch.step(WriteStep::Begun)?;
    folder.remove(temporary)?;
    let written = folder
        .create(temporary)
        .and_then(|file| write_whole(file, content, (prepare, watch)))
        .and_then(|()| folder.rename(temporary, name))
        .inspect_err(|_| {
            // The write's error matters; the next write removes the remaining file.
            let _left = folder.remove(temporary);
        });
    written?;
    watch.step(WriteStep::Renamed)?;
    folder.sync()?;
    watch.step(WriteStep::FolderSynced)
}

/// As [`replace`], and the new file belongs to the same user and group and has the same permissions as the previous one.
/// If there is none, it is for one user alone: for the owner of `like`, in the same folder, if this is root. Without
/// `like`, for the owner of the folder.
pub(super) fn replace_alike(
    (path, like): (&Path, Option<&Path>),
    temporary: &Path,
    content: &[u8],
    watch: &impl WriteWatch,
) -> io::Result<()> {
    let folder = Folder::open_itself(folder_of(path))?;
    let previous = folder.stat(name(path)?)?;
    let like = match like {
        Some(like) => folder.stat(name(like)?)?,
        None => None,
    };
    let owner = match like {
        Some(like) => FileOwner::of_entry(&like),
        None => folder.owner()?,
    };
    let alike = |file: &File| -> io::Result<()> {
        let Some(previous) = &previous else {
            return ownership::inherit(file, owner);
        };
        ownership::give(file, FileOwner::of_entry(previous))?;
        Ok(fchmod(file, Mode::from_raw_mode(previous.st_mode))?)
    };
    let names = (name(temporary)?, name(path)?);
    replace_by(&folder, names, content, (&alike, watch))
}

fn write_whole(
    mut file: File,
    content: &[u8],
    (prepare, watch): (&Prepare<'_>, &impl WriteWatch),
) -> io::Result<()> {
    prepare(&file)?;
    let (first, second) = content.split_at(content.len() / 2);
    file.write_all(first)?;
    watch.step(WriteStep::HalfWritten)?;
    file.write_all(second)?;
    watch.step(WriteStep::Written)?;
    file.sync_all()?;
    watch.step(WriteStep::Synced)
}

/// Removes a file if it exists. Returns whether it did.
pub(super) fn remove(path: &Path) -> io::Result<bool> {
    match std::fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Syncs a folder's entries to the disk.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
