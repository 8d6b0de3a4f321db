//! Writes files so that nobody ever sees a part of one.

use std::fs::Permissions;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::config::folder_of;

/// The mode of a new file, which the user's umask reduces: the host may run as another user.
pub(super) const NEW_FILE_MODE: u32 = 0o666;

/// Writes a file in one step: a reader sees the old contents or the new ones, also after a crash. If the disk is full,
/// the old file stays and nothing else is left behind.
pub(crate) fn replace(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    Replacement::new(path, bytes, mode)?.put()
}

/// A file with new contents, complete on the disk, but not yet under its name. If it is dropped, nothing has changed.
pub(crate) struct Replacement {
    file: NamedTempFile,
    pub(crate) path: PathBuf,
}

impl Replacement {
    /// Writes the contents of the file that will be at `path`.
    pub(crate) fn new(path: &Path, bytes: &[u8], mode: u32) -> io::Result<Self> {
        Ok(Self {
            file: written(path, bytes, mode)?,
            path: path.to_owned(),
        })
    }

    /// Gives the file its name.
    pub(crate) fn put(self) -> io::Result<()> {
        self.file.persist(&self.path)?;
        Ok(())
    }
}

fn written(path: &Path, bytes: &[u8], mode: u32) -> io::Result<NamedTempFile> {
    let folder = folder_of(path);
    let mut file = tempfile::Builder::new()
        .permissions(Permissions::from_mode(mode))
        .tempfile_in(folder)
        // The system's error would name a file that nobody knows.
        .map_err(|error| not_created(folder, &error))?;
    file.write_all(bytes)?;
    // Some file systems report a full disk only here.
    file.as_file().sync_all()?;
    Ok(file)
}

/// The error for a folder in which a file can't be created.
fn not_created(folder: &Path, error: &io::Error) -> io::Error {
    let kind = error.kind();
    let reason = io::Error::from(kind);
    let text = format!("nothing can be created in {}: {reason}", folder.display());
    io::Error::new(kind, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn file_is_replaced_as_a_whole_or_not_at_all() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("shop.wasm");
        replace(&path, b"old", NEW_FILE_MODE).unwrap();
        replace(&path, b"new", 0o600).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::create_dir(folder.path().join("taken")).unwrap();
        replace(&folder.path().join("taken"), b"new", 0o600).unwrap_err();
        replace(&folder.path().join("none/file"), b"new", 0o600).unwrap_err();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
