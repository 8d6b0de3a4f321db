//! The file of a Unix domain socket.

use std::fs::{self, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, fchmod};
use rustix::net::{SocketAddrUnix, bind, listen};
use tokio::net::{UnixListener, UnixStream};

use super::error::AdminError;
use crate::platform;

/// Only this user may read and write.
const MODE: u32 = 0o600;

/// How many connections may wait to be accepted.
const BACKLOG: i32 = 128;

/// A socket's file. It is removed when this is dropped, unless another process has put its own in its place.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    id: (u64, u64),
}

impl SocketFile {
    /// Listens on a new socket at `path`, which only this user may use. A socket that a dead process left behind is
    /// replaced.
    ///
    /// # Errors
    ///
    /// [`AdminError`], except `Listen`.
    pub(super) async fn create(path: &Path) -> Result<(UnixListener, Self), AdminError> {
        let failed = |source: io::Error| AdminError::Socket {
            path: path.to_owned(),
            source,
        };
        match fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
            Ok(found) => replace(path, &found).await?,
        }
        let listener = listener(path).map_err(failed)?;
        let file = Self {
            path: path.to_owned(),
            id: id(&fs::symlink_metadata(path).map_err(failed)?),
        };
        // Some systems ignore the mode that the socket had before.
        fs::set_permissions(path, Permissions::from_mode(MODE)).map_err(failed)?;
        Ok((UnixListener::from_std(listener).map_err(failed)?, file))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let is_own = fs::symlink_metadata(&self.path).is_ok_and(|found| id(&found) == self.id);
        if is_own && let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(path = %self.path.display(), %error, "could not remove the socket of the admin listener");
        }
    }
}

/// Removes a socket to which nobody listens any more.
async fn replace(path: &Path, found: &Metadata) -> Result<(), AdminError> {
    let path_owned = || path.to_owned();
    if !found.file_type().is_socket() {
        return Err(AdminError::NotASocket { path: path_owned() });
    }
    match UnixStream::connect(path).await {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
        // It has just been removed.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(source) if source.kind() == io::ErrorKind::PermissionDenied => {
            return Err(AdminError::Socket {
                path: path_owned(),
                source,
            });
        }
        // It answers, or has too many clients to answer.
        Ok(_) | Err(_) => return Err(AdminError::SocketInUse { path: path_owned() }),
    }
    tracing::info!(path = %path.display(), "replacing a socket that an earlier process left behind");
    fs::remove_file(path).map_err(|source| AdminError::Socket {
        path: path_owned(),
        source,
    })
}

/// The mode is set before anybody can connect.
fn listener(path: &Path) -> io::Result<std::os::unix::net::UnixListener> {
    let socket = platform::unix_stream_socket()?;
    // Not every system knows the mode of a socket without a path.
    let has_mode = fchmod(&socket, Mode::RUSR | Mode::WUSR).is_ok();
    bind(&socket, &SocketAddrUnix::new(path)?)?;
    if !has_mode {
        fs::set_permissions(path, Permissions::from_mode(MODE))?;
    }
    listen(&socket, BACKLOG)?;
    Ok(socket.into())
}

fn id(file: &Metadata) -> (u64, u64) {
    (file.dev(), file.ino())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn socket_is_for_this_user_alone_and_is_removed_at_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("admin.sock");
        let (listener, file) = SocketFile::create(&path).await.unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, MODE);
        let error = SocketFile::create(&path).await.unwrap_err();
        assert!(matches!(error, AdminError::SocketInUse { .. }), "{error}");
        assert!(path.exists(), "the socket of the other one stays");
        drop((listener, file));
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn socket_of_a_dead_process_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("admin.sock");
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(path.exists());
        let (_listener, _file) = SocketFile::create(&path).await.unwrap();
        assert!(UnixStream::connect(&path).await.is_ok());
    }

    #[tokio::test]
    async fn socket_that_took_this_ones_place_is_not_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("admin.sock");
        let (_old_listener, old) = SocketFile::create(&path).await.unwrap();
        fs::remove_file(&path).unwrap();
        let (_listener, _new) = SocketFile::create(&path).await.unwrap();
        drop(old);
        assert!(UnixStream::connect(&path).await.is_ok());
    }

    #[tokio::test]
    async fn other_files_are_kept_and_missing_folders_are_reported() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.txt");
        fs::write(&path, "mine").unwrap();
        let error = SocketFile::create(&path).await.unwrap_err();
        assert!(matches!(error, AdminError::NotASocket { .. }), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
        let error = SocketFile::create(&folder.path().join("none/admin.sock")).await;
        let error = error.unwrap_err();
        assert!(matches!(error, AdminError::Socket { .. }), "{error}");
    }
}
