//! Reads files, and replaces them atomically.
//!
//! New content is written next to the file, synced to the disk, and moved to the file's place by one rename: whenever
//! the process or the machine stops, the file is either the old one or the new one. A write that was interrupted leaves
//! a file with a fixed name, which the next write removes.

use std::ffi::OsStr;
use std::fs::{DirBuilder, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;

use super::ownership;

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

/// Creates a folder for this user alone, and its parents, and syncs their entries to the disk. If this is root, they belong
/// to the owner of the folder above them.
pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let parent = folder.parent().filter(|parent| *parent != OsStr::new(""));
    if let Some(parent) = parent {
        make_folder(parent)?;
    }
    let parent = parent.unwrap_or(Path::new("."));
    match DirBuilder::new().mode(0o700).create(folder) {
        // Another process has just created it.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => {}
        made => {
            made?;
            let created = File::options()
                .read(true)
                .custom_flags((OFlags::NOFOLLOW | OFlags::DIRECTORY).bits() as i32)
                .open(folder)?;
            ownership::inherit(&created, parent)?;
        }
    }
    sync_folder(parent)
}

/// Opens a file that serves as a lock, and creates it if it doesn't exist. If this is root, it then belongs to the owner of
/// its folder.
pub(super) fn open_lock(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options
        .write(true)
        .mode(0o600)
        .custom_flags(OFlags::NOFOLLOW.bits() as i32);
    match options.clone().create_new(true).open(path) {
        Ok(created) => {
            ownership::inherit(&created, folder_of(path))?;
            Ok(created)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => options.open(path),
        Err(error) => Err(error),
    }
}

fn folder_of(path: &Path) -> &Path {
    let parent = path.parent().filter(|parent| *parent != OsStr::new(""));
    parent.unwrap_or(Path::new("."))
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

/// Replaces `path` by way of `temporary`, in the same folder. There must be only one writer at a time. If this is root, the
/// file belongs to the owner of the folder.
pub(super) fn replace(
    path: &Path,
    temporary: &Path,
    content: &[u8],
    watch: &impl WriteWatch,
) -> io::Result<()> {
    let inherit = |file: &File| ownership::inherit(file, folder_of(path));
    replace_by(path, temporary, content, (&inherit, watch))
}

/// Prepares the new file before anything is written to it.
type Prepare<'p> = dyn Fn(&File) -> io::Result<()> + 'p;

fn replace_by(
    path: &Path,
    temporary: &Path,
    content: &[u8],
    (prepare, watch): (&Prepare<'_>, &impl WriteWatch),
) -> io::Result<()> {
    watch.step(WriteStep::Begun)?;
    remove(temporary)?;
    let written = write_whole(temporary, content, (prepare, watch))
        .and_then(|()| std::fs::rename(temporary, path))
        .inspect_err(|_| {
            // The write's error matters; the next write removes the remaining file.
            let _left = remove(temporary);
        });
    written?;
    watch.step(WriteStep::Renamed)?;
    sync_folder(folder_of(path))?;
    watch.step(WriteStep::FolderSynced)
}

/// As [`replace`], and the new file belongs to the same user and group and has the same permissions as the previous one.
/// If there is none, it is for one user alone: for the owner of `like` if this is root.
pub(super) fn replace_alike(
    (path, like): (&Path, &Path),
    temporary: &Path,
    content: &[u8],
    watch: &impl WriteWatch,
) -> io::Result<()> {
    let previous = match std::fs::symlink_metadata(path) {
        Ok(metadata) => Some(metadata),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let alike = |file: &File| -> io::Result<()> {
        let Some(previous) = &previous else {
            return ownership::inherit(file, like);
        };
        ownership::give(file, previous)?;
        file.set_permissions(previous.permissions())
    };
    replace_by(path, temporary, content, (&alike, watch))
}

fn write_whole(
    temporary: &Path,
    content: &[u8],
    (prepare, watch): (&Prepare<'_>, &impl WriteWatch),
) -> io::Result<()> {
    let mut file = File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(temporary)?;
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
